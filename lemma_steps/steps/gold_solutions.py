"""Step: the gold solution as the solution to train on."""

from __future__ import annotations

from lemma_steps.errors import RejectionError
from lemma_steps.steps.base import Row, RowStep, candidate
from lemma_steps.trajectory import gold_trajectory


class GoldSolutions(RowStep):
    """Takes the gold solution of each problem, without calculator marks and with the closing statement (method `sft`).

    Input columns:
        - problem_id (`str`): which problem.
        - gold_solution, gold_answer (`str`): a set may hold answers alone; there is nothing to train on then.

    Output columns:
        - id, method (`str`), index (`int`): the one candidate of the problem.
        - solution (`str`): the gold solution as a model would write it.

    Categories:
        - columns
    """

    @property
    def inputs(self) -> list[str]:
        """Columns read."""
        return ["problem_id", "gold_solution", "gold_answer"]

    @property
    def outputs(self) -> list[str]:
        """Columns added."""
        return ["id", "method", "index", "solution"]

    async def process_row(self, row: Row) -> Row:
        """One candidate of one problem."""
        made = candidate(row, "sft", 0, gold_trajectory(row["gold_solution"], row["gold_answer"]))
        if not row["gold_solution"].strip():
            raise RejectionError("no_solution", "the set gives an answer and no worked solution", made)
        return made
