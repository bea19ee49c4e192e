"""Step: a verified solution without an error becomes a training target."""

from __future__ import annotations

from lemma_steps.steps.base import Row, RowStep
from lemma_steps.steps.join_trajectory import laid_out
from lemma_steps.trajectory import closed

_NO_ERROR = {"error_step": None, "error_begin": None, "error_end": None}


class CloseSolution(RowStep):
    """Lays a right solution out as the record has it: no prefix, no reflection, all of it correction.

    Calculator marks and `####` lines go. The closing statement is added where the solution does not end with one; it
    states the gold answer, so the solution must have been found right before.

    Input columns:
        - question, solution, gold_answer (`str`): the problem and its verified solution.

    Output columns:
        - erroneous_prefix, reflection (`str`): empty.
        - correction, output (`str`): the solution.
        - error_step, error_begin, error_end (`int`): null; nobody labelled an error.
        - instruction, input (`str`), segments (`list[dict]`): as `JoinTrajectory`.

    Categories:
        - columns
    """

    @property
    def inputs(self) -> list[str]:
        """Columns read."""
        return ["question", "solution", "gold_answer", "verdict"]

    @property
    def outputs(self) -> list[str]:
        """Columns added."""
        return list(without_error("", ""))

    async def process_row(self, row: Row) -> Row:
        """Close and lay out."""
        return {**row, **without_error(row["question"], closed(row["solution"], row["gold_answer"]))}


def without_error(question: str, output: str, untrained: tuple[int, int] | None = None) -> Row:
    """The columns of a training target in which nobody labelled an error: all of it is correction, as the record has it."""
    parts = {"erroneous_prefix": "", "reflection": "", "correction": output}
    return {**_NO_ERROR, **parts, **laid_out(question, output, untrained)}
