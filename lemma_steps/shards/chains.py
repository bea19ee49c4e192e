"""What of a chain a part runs, and what is left to the merge."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lemma_steps.errors import RefusedError
from lemma_steps.runner import Runner
from lemma_steps.steps.base import OrderedStep

if TYPE_CHECKING:
    from distilabel.pipeline import Pipeline


def ordered_steps(pipeline: Pipeline) -> list[OrderedStep]:
    """The steps that must see all rows in input order; they stand at the chain's end.

    Raises:
        RefusedError: the pipeline is no chain, or a step after an ordered one treats rows alone.
    """
    steps = Runner(pipeline).steps
    ordered = [step for step in steps if isinstance(step, OrderedStep)]
    if steps[len(steps) - len(ordered) :] != ordered:
        raise RefusedError(
            f"pipeline {pipeline.name}: step {ordered[0].name} must see the rows of all parts and is not at the end; "
            "run it without --shard"
        )
    return ordered


def leave_to_merge(pipeline: Pipeline) -> None:
    """Take the steps that must see all rows out of the chain; the merge runs them over the rows of all parts.

    Raises:
        RefusedError: as `ordered_steps`.
    """
    for step in ordered_steps(pipeline):
        pipeline.dag.G.remove_node(step.name)
