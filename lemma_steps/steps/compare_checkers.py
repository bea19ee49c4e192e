"""Step: the first wrong step as each say of the arithmetic check would have it, from the same votes."""

from __future__ import annotations

from lemma_steps.arithmetic import first_false_step
from lemma_steps.errors import RejectionError
from lemma_steps.steps.base import Row, reject
from lemma_steps.steps.locate_first_error import LocateFirstError, Votes


class CompareCheckers(LocateFirstError):
    """`LocateFirstError`, once per say of the check: one row becomes as many, and the teacher is asked once for all.

    For measurements on labelled sets, where nobody declared a step.

    Attributes:
        checkers: what the check may say, each in a row of its own.
        with_reference: whether the locator sees the gold solution.

    Input columns:
        - question, gold_solution, gold_answer, erroneous_solution (`str`), steps (`list[str]`): as `LocateFirstError`.

    Output columns:
        - checker (`str`): which one it is.
        - error_step, n_steps (`int`), locator_agreement (`float`), label_source, teacher (`str`), provenance
            (`list[dict]`): as `LocateFirstError` has them.

    Categories:
        - critique
    """

    checkers: list[str]

    @property
    def outputs(self) -> list[str]:
        """Columns added."""
        return [*super().outputs, "checker"]

    async def advance(self, row: Row) -> list[Row]:
        """One row per say of the check; a rejected one as it is."""
        if row.get("rejected_by"):
            return [row]
        votes, false = await self.asked(row), first_false_step(row["steps"])
        return [self._said({**row, "checker": checker}, votes, false) for checker in self.checkers]

    def _said(self, row: Row, votes: Votes, false: int | None) -> Row:
        try:
            return self.labelled(row, votes, false, row["checker"])
        except RejectionError as rejection:
            return reject({**row, **rejection.columns}, self.name, rejection.reason, rejection.detail)
