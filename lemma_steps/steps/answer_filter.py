"""Step: only trajectories that reach the gold answer are kept."""

from __future__ import annotations

from lemma_steps.answers import Verdict
from lemma_steps.errors import RejectionError
from lemma_steps.steps.answer_step import AnswerStep
from lemma_steps.steps.base import Row


class AnswerFilter(AnswerStep):
    """Checks the last answer statement of the output against the gold answer (paper, section 3.4).

    Input columns:
        - output, gold_answer (`str`): the trajectory and the answer it must reach.

    Output columns:
        - verdict (`str`): `right` in every row that goes on.

    Categories:
        - filtering
    """

    @property
    def inputs(self) -> list[str]:
        """Columns read."""
        return ["output", "gold_answer"]

    @property
    def outputs(self) -> list[str]:
        """Columns added."""
        return ["verdict"]

    async def process_row(self, row: Row) -> Row:
        """Check the whole output."""
        verdict = await self.check(row["gold_answer"], row["output"])
        columns = {"verdict": str(verdict)}
        if verdict != Verdict.RIGHT:
            ending = row["output"][-80:]
            raise RejectionError(f"answer_{verdict}", f"gold {row['gold_answer']!r}, output ends {ending!r}", columns)
        return {**row, **columns}
