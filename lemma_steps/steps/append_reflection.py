"""Step: the reflection section after a closed solution."""

from __future__ import annotations

from lemma_steps.answers import Verdict
from lemma_steps.errors import RejectionError
from lemma_steps.steps.answer_step import AnswerStep
from lemma_steps.steps.base import Row
from lemma_steps.steps.close_solution import without_error
from lemma_steps.steps.layouts import layout
from lemma_steps.trajectory import closing


class AppendReflection(AnswerStep):
    """Puts the reflection section after the solution, whose answer stands before it and again as the last line (`refaug`).

    As in RefAug's data a run may be stopped at the section's heading, "Reflection:": what stands before it is a complete
    solution. The closing line after the section is ours, for the record. An alternative that does not reach the gold
    answer rejects the row.

    Input columns:
        - question, output, gold_answer (`str`): the problem and its closed solution.
        - alternative, follow_up (`str`): the reflection; rows without one are passed on.

    Output columns:
        - correction, output (`str`), segments (`list[dict]`): with the section.

    Categories:
        - columns
    """

    @property
    def inputs(self) -> list[str]:
        """Columns read."""
        return ["question", "output", "gold_answer", "reflects"]

    @property
    def outputs(self) -> list[str]:
        """Columns added."""
        return ["correction", "output", "segments"]

    async def process_row(self, row: Row) -> Row:
        """Verify the alternative, append the section."""
        if not row["reflects"]:
            return row
        verdict = await self.check(row["gold_answer"], row["alternative"])
        if verdict != Verdict.RIGHT:
            detail = f"gold {row['gold_answer']!r}, alternative ends {row['alternative'][-80:]!r}"
            raise RejectionError(f"alternative_{verdict}", detail)
        parts = {"alternative": row["alternative"], "follow_up": row["follow_up"]}
        section = layout("refaug")["section"].format(**parts, closing=closing(row["gold_answer"]))
        return {**row, **without_error(row["question"], row["output"] + section)}
