"""Step: an injected solution must really reach a wrong answer."""

from __future__ import annotations

from lemma_steps.answers import Verdict
from lemma_steps.errors import RejectionError
from lemma_steps.steps.answer_step import AnswerStep
from lemma_steps.steps.base import Row


class InjectionFilter(AnswerStep):
    """Rejects injected solutions whose final answer is right or cannot be read; student errors were checked when sampled.

    Input columns:
        - origin, erroneous_solution, gold_answer (`str`): the solution and the answer it must miss.

    Output columns:
        - erroneous_verdict (`str`): `wrong` in every row that goes on.

    Categories:
        - filtering
    """

    @property
    def inputs(self) -> list[str]:
        """Columns read."""
        return ["origin", "erroneous_solution", "gold_answer"]

    @property
    def outputs(self) -> list[str]:
        """Columns added."""
        return ["erroneous_verdict"]

    async def process_row(self, row: Row) -> Row:
        """Check the injected solution's answer."""
        if row["origin"] != "injected":
            return {**row, "erroneous_verdict": str(Verdict.WRONG)}
        verdict = await self.check(row["gold_answer"], row["erroneous_solution"])
        if verdict != Verdict.WRONG:
            raise RejectionError(
                f"injected_answer_{verdict}", f"the injected solution ends {row['erroneous_solution'][-80:]!r}"
            )
        return {**row, "erroneous_verdict": str(verdict)}
