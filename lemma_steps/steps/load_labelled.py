"""Step: solutions of public sets whose first wrong step is labelled."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from distilabel.mixins.runtime_parameters import RuntimeParameter
from pydantic import Field

from lemma_steps.answers import Verdict
from lemma_steps.labelled import LabelledSet, LabelledSolution
from lemma_steps.steps.base import Row, RowGenerator
from lemma_steps.trajectory import strip_marks


class LoadLabelled(RowGenerator):
    """Loads labelled solutions as a locator and a classifier meet them: with the set's own steps, without calculator marks.

    Attributes:
        sets: names of `lemma_steps/labelled/sets.yaml`.
        folder: where their files are; `LEMMA_DATA` or their public sources where none is given.
        reference: leave out what has no worked solution and answer to show.
        types: leave out what has no error type.

    Runtime parameters:
        - `limit`: solutions of each set, drawn by the hash of their ids.
        - `seed`: another seed, another draw.

    Output columns:
        - problem_id (`str`): id of the solution, so that every one is asked about with its own seed.
        - source (`str`): name of the set.
        - question, gold_solution, gold_answer (`str`): the last two are null where the set has none.
        - erroneous_solution (`str`), steps (`list[str]`): the solution, right or wrong, and its steps.
        - group (`str`): solutions of one question have the same.
        - labelled_step (`int`): the first wrong step, 1-based; null where no step is wrong.
        - labelled_type (`str`): code of the error's type; null where the set has no types.
        - samples (`list[dict]`), sample_verdicts (`list[str]`): the solution as `ClassifyErrors` takes it.

    Categories:
        - load
    """

    sets: list[str]
    folder: str | None = None
    reference: bool = False
    types: bool = False
    limit: RuntimeParameter[int] | None = Field(default=None, description="Solutions of each set.")
    seed: RuntimeParameter[int] = Field(default=0, description="Seed of the draw.")

    @property
    def outputs(self) -> list[str]:
        """Columns made."""
        return [
            *("problem_id", "source", "question", "gold_solution", "gold_answer", "erroneous_solution", "steps"),
            *("group", "labelled_step", "labelled_type", "samples", "sample_verdicts"),
        ]

    def _rows(self) -> Iterator[Row]:
        folder = Path(self.folder) if self.folder else None
        for name in self.sets:
            for solution in LabelledSet.read(name, folder).drawn(self.limit, self.seed):
                if self.types and solution.error_type is None:
                    continue
                if self.reference and not (solution.reference and solution.answer):
                    continue
                yield _row(solution)


def _row(solution: LabelledSolution) -> Row:
    steps = [strip_marks(step) if strip_marks(step).strip() else step for step in solution.steps]
    text = "".join(steps)
    return {
        "problem_id": solution.id,
        "source": solution.set,
        "question": solution.question,
        "gold_solution": solution.reference,
        "gold_answer": solution.answer,
        "erroneous_solution": text,
        "steps": steps,
        "group": solution.group,
        "labelled_step": solution.error_step,
        "labelled_type": solution.error_type,
        "samples": [{"sample": 0, "solution": text}],
        "sample_verdicts": [Verdict.WRONG.value],
    }
