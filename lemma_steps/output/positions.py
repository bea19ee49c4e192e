"""Where in a solution the errors of each type stand."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from typing import Any

THIRDS = ("first", "middle", "last")


class Positions:
    """Kept rows by error type and number of the first wrong step, and by the third of the wrong solution it stands in."""

    def __init__(self) -> None:
        self._steps: dict[str, Counter[int]] = defaultdict(Counter)
        self._thirds: dict[str, Counter[str]] = defaultdict(Counter)

    def add(self, row: Mapping[str, Any]) -> None:
        """Count one record."""
        step = row.get("error_step")
        if row.get("rejected_by") or step is None or not row.get("error_type"):
            return
        self._steps[row["error_type"]][step] += 1
        if of := row.get("n_steps"):
            # the middle of the step decides, so that the only step of one stands in the middle
            self._thirds[row["error_type"]][THIRDS[min(2, max(0, int(3 * (step - 0.5) / of)))]] += 1

    def report(self) -> dict[str, Any]:
        """`by_step`: type -> step -> rows; `by_third`: type -> third -> rows."""
        return {
            "by_step": {
                code: {str(step): count for step, count in sorted(steps.items())}
                for code, steps in sorted(self._steps.items())
            },
            "by_third": {
                code: {third: thirds[third] for third in THIRDS} for code, thirds in sorted(self._thirds.items())
            },
        }
