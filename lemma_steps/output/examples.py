"""The rows that the report and the card show."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Row = Mapping[str, Any]

MAX_REASONS = 40


class Examples:
    """One kept row of each origin and strategy, one rejected row of each reason."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], Row] = {}
        self.rejected: dict[tuple[str, str], Row] = {}

    def add(self, row: Row) -> None:
        """Take the row if it is the first of its kind, or a better one to be shown."""
        if row.get("rejected_by"):
            if len(self.rejected) < MAX_REASONS:
                self.rejected.setdefault((row["rejected_by"], row["reason"]), row)
            return
        pair = row.get("origin") or row["method"], row.get("strategy") or ""
        if pair not in self.kept or self._merit(row, pair) > self._merit(self.kept[pair], pair):
            self.kept[pair] = row

    def _merit(self, row: Row, pair: tuple[str, str]) -> tuple[bool, bool]:
        """Whether a row can be read at a glance, and whether it shows a problem that no other example shows."""
        others = {other["problem_id"] for key, other in self.kept.items() if key != pair}
        return _showable(row), row["problem_id"] not in others


def _showable(row: Row) -> bool:
    """Long enough to hold steps before the wrong one, if there is one, short enough to be read at a glance."""
    return (
        (row.get("error_step") is None or row["error_step"] >= 2)
        and len(row["question"]) <= 600
        and len(row["output"]) <= 1200
    )


def pieces(row: Row) -> list[tuple[str, str]]:
    """The parts of an `output` in order, as (kind, text): `before`, `wrong`, `after`, `reflection`, `correction`.

    `after` is what follows the wrong step inside the prefix; it is empty unless truncation was left out.
    """
    prefix, begin, end = row["erroneous_prefix"], row.get("error_begin"), row.get("error_end")
    if begin is None or end is None:
        begin = end = len(prefix)
    parts = [
        ("before", prefix[:begin]),
        ("wrong", prefix[begin:end]),
        ("after", prefix[end:]),
        ("reflection", row["reflection"]),
        ("correction", row["correction"]),
    ]
    return [(kind, text) for kind, text in parts if text.strip()]
