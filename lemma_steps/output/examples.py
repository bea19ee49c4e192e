"""The rows that the report and the card show."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lemma_steps.output.picks import rank

Row = Mapping[str, Any]

MAX_KINDS = 100
"""Kinds of kept and of rejected rows that are shown; those that come first in the stream."""


class Examples:
    """One random kept row of each origin, strategy and error type, one random rejected row of each step and reason.

    Random: the row whose id has the smallest hash. So nobody chose it, and parts of a run and the whole show the same.
    """

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str, str], tuple[int, Row]] = {}
        self._rejected: dict[tuple[str, str], tuple[int, Row]] = {}

    def add(self, row: Row) -> None:
        """Take the row if it is the first of its kind, or before the other in the drawing of lots."""
        if row.get("rejected_by"):
            _draw(self._rejected, (row["rejected_by"], row["reason"]), row)
        else:
            kind = row.get("origin") or row["method"], row.get("strategy") or "", row.get("error_type") or ""
            _draw(self._kept, kind, row)

    @property
    def kept(self) -> dict[tuple[str, str, str], Row]:
        """(origin or method, strategy, error type) -> row, sorted."""
        return {kind: row for kind, (_, row) in sorted(self._kept.items(), key=lambda item: item[0])}

    @property
    def rejected(self) -> dict[tuple[str, str], Row]:
        """(step, reason) -> row, sorted."""
        return {kind: row for kind, (_, row) in sorted(self._rejected.items(), key=lambda item: item[0])}


def _draw(rows: dict[Any, tuple[int, Row]], kind: tuple[str, ...], row: Row) -> None:
    lot = rank(str(row.get("id") or row["problem_id"]))
    if kind in rows:
        if lot < rows[kind][0]:
            rows[kind] = lot, row
    elif len(rows) < MAX_KINDS:
        rows[kind] = lot, row


def pieces(row: Row) -> list[tuple[str, str]]:
    """The parts of an `output` in order, as (kind, text): `before`, `wrong`, `after`, `reflection`, `correction`.

    `after` is what follows the wrong step inside the prefix; it is empty unless truncation was left out. Of a rejected row
    there is what was made of it: where that is no more than a solution, one part of the kind `solution`.
    """
    prefix, begin, end = row.get("erroneous_prefix"), row.get("error_begin"), row.get("error_end")
    if prefix is None:
        solution = row.get("output") or row.get("erroneous_solution") or ""
        return [("solution", solution)] if solution.strip() else []
    if begin is None or end is None:
        begin = end = len(prefix)
    parts = [
        ("before", prefix[:begin]),
        ("wrong", prefix[begin:end]),
        ("after", prefix[end:]),
        ("reflection", row.get("reflection") or ""),
        ("correction", row.get("correction") or ""),
    ]
    return [(kind, text) for kind, text in parts if text.strip()]
