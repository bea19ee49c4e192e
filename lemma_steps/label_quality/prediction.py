"""What a locator said of one labelled solution."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

NO_ERROR = "no_error_found"
"""The reason with which `LocateFirstError` rejects a row in which it sees no wrong step."""


@dataclass(frozen=True, slots=True)
class Prediction:
    """The label of a solution, and what was predicted.

    Attributes:
        id: of the solution.
        group: of its question.
        label: the first wrong step, 1-based; None where no step is wrong.
        step: the predicted one; None: no step is wrong, or there is no answer.
        unanswered: why there is no answer; None where there is one.
        agreement: share of the votes for what was predicted; None where nobody voted.
    """

    id: str
    group: str
    label: int | None
    step: int | None
    unanswered: str | None = None
    agreement: float | None = None

    @classmethod
    def of_row(cls, row: Mapping[str, Any]) -> Prediction:
        """That of a row of `LoadLabelled` that went through `LocateFirstError`."""
        reason = row.get("reason") if row.get("rejected_by") else None
        unanswered = reason if reason != NO_ERROR else None
        step = None if reason else row["error_step"]
        agreement = None if unanswered else row.get("locator_agreement")
        return cls(row["problem_id"], row["group"], row["labelled_step"], step, unanswered, agreement)

    @property
    def right(self) -> bool:
        """Whether it is the label; what is not answered is not."""
        return self.unanswered is None and self.step == self.label
