"""The yield funnel: how many rows entered and left each step, and why the others left."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from lemma_steps.duplicates import Occurrences

EXPLODING = ("error_type_sampler", "right_samples", "allot_solutions", "initial_answers")
"""Steps that make several candidates of one problem."""


class Funnel:
    """Counts the rows that leave a chain, in input order, and derives what every step let through.

    Up to the step that explodes a row is a problem, after it a candidate, so that
    `entered = candidates + problems rejected before the explosion = kept + rejected` (design, section Execution).
    The rows of one problem follow each other, and nothing is remembered but counts; where no step explodes, rows come
    as they stand in their set, and which problems came before is remembered on disk.

    Args:
        steps: names of the chain's steps, in order.
    """

    def __init__(self, steps: Sequence[str]) -> None:
        self.steps = list(steps)
        self.explodes_at = next((step for step in steps if step in EXPLODING), None)
        self.problems = self.candidates = self.kept = self.right_samples = 0
        self._reasons: dict[str, Counter[str]] = {step: Counter() for step in steps}
        self._candidates_lost: Counter[str] = Counter()
        self._problem: str | None = None
        self._before = Occurrences()

    def add(self, row: Mapping[str, Any]) -> bool:
        """Count one row of the stream; whether it is the first of its problem.

        Raises:
            ValueError: the row was rejected by a step that is not of this chain.
        """
        rejected_by = row.get("rejected_by")
        candidate = not rejected_by or row.get("id") is not None
        if self.explodes_at is None:
            first = self._before.number(row["problem_id"]) == 0
        else:
            first = not candidate or row["problem_id"] != self._problem
            self._problem = row["problem_id"] if candidate else None
        self.problems += first
        self.candidates += candidate
        self.right_samples += (row.get("right_samples") or 0) if first else 0
        if not rejected_by:
            self.kept += 1
        elif rejected_by not in self._reasons:
            raise ValueError(f"row of {row['problem_id']}: rejected by {rejected_by!r}, which is no step of this chain")
        else:
            self._reasons[rejected_by][row["reason"]] += 1
            self._candidates_lost[rejected_by] += candidate
        return first

    @property
    def rejected(self) -> int:
        """Rows rejected by any step."""
        return sum(reasons.total() for reasons in self._reasons.values())

    @property
    def entered(self) -> int:
        """Candidates, and problems rejected before they became any."""
        return self.kept + self.rejected

    def reasons(self) -> dict[str, int]:
        """Rejected rows by reason, most frequent first."""
        total: Counter[str] = Counter()
        for reasons in self._reasons.values():
            total.update(reasons)
        return ranked(total)

    def rows(self) -> list[dict[str, Any]]:
        """`{step, rows_in, rows_out, rejected: {reason: count}}` for every step of the chain."""
        alive, funnel = self.entered if self.explodes_at is None else self.problems, []
        for step in self.steps:
            exploded = step == self.explodes_at
            out = self.candidates - self._candidates_lost[step] if exploded else alive - self._reasons[step].total()
            funnel.append({"step": step, "rows_in": alive, "rows_out": out, "rejected": ranked(self._reasons[step])})
            alive = out
        return funnel


def ranked(counts: Counter[str]) -> dict[str, int]:
    """Counts as a plain dict, largest first and then by name, so that ties never depend on arrival."""
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))
