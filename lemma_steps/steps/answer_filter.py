"""Step: only trajectories that reach the gold answer are kept."""

from __future__ import annotations

from lemma_steps.answers import Verdict, missing_statement
from lemma_steps.errors import RejectionError
from lemma_steps.steps.answer_step import AnswerStep
from lemma_steps.steps.base import Row


class AnswerFilter(AnswerStep):
    """Checks the last answer statement of the output against the gold answer (paper, section 3.4).

    Attributes:
        column: what is checked: the trajectory, or a solution before the gold answer is stated at its end.
        stated: whether a text that states no answer at its end is rejected too, whatever can be read out of it.

    Input columns:
        - output, gold_answer (`str`): the trajectory (or what `column` names) and the answer it must reach.
        - question (`str`): with `stated`, an expression of which is no answer.

    Output columns:
        - verdict (`str`): `right` in every row that goes on.

    Categories:
        - filtering
    """

    column: str = "output"
    stated: bool = False

    @property
    def inputs(self) -> list[str]:
        """Columns read."""
        return [self.column, "gold_answer", *(["question"] if self.stated else [])]

    @property
    def outputs(self) -> list[str]:
        """Columns added."""
        return ["verdict"]

    async def process_row(self, row: Row) -> Row:
        """Check the whole text."""
        verdict = await self.check(row["gold_answer"], row[self.column])
        columns = {"verdict": str(verdict)}
        why = f"answer_{verdict}" if verdict != Verdict.RIGHT else None
        if self.stated and not why:
            why = missing_statement(row["question"], row[self.column], row["gold_answer"])
        if why:
            ending = row[self.column][-80:]
            detail = f"gold {row['gold_answer']!r}, {self.column} ends {ending!r}"
            raise RejectionError(why, detail, columns)
        return {**row, **columns}
