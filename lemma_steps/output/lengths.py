"""How long the kept rows and their parts are."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from typing import Any

from lemma_steps.audits.text import estimated_tokens

PARTS = {"prefix": "erroneous_prefix", "reflection": "reflection", "correction": "correction", "output": "output"}
"""What is measured -> its column."""
ESTIMATE = "words and signs, or a quarter of the characters where that is more; no tokenizer was run"
_WIDTHS = (10, 20, 50, 100, 200, 500, 1000, 10**9)


class Lengths:
    """Estimated tokens of each part of the kept rows, by strategy; of methods without prefix and reflection, outputs alone."""

    def __init__(self) -> None:
        self._tokens: dict[tuple[str, str], Counter[int]] = defaultdict(Counter)

    def add(self, row: Mapping[str, Any]) -> None:
        """Measure one record."""
        if row.get("rejected_by"):
            return
        for part, column in PARTS.items():
            if text := row.get(column):
                self._tokens[row.get("strategy") or "", part][estimated_tokens(text)] += 1

    def report(self) -> dict[str, Any]:
        """`lengths`: of every part, and by strategy; `output_tokens`: those of the outputs once more."""
        whole = {part: self._of(part) for part in PARTS}
        strategies = sorted({strategy for strategy, _ in self._tokens if strategy})
        parts = PARTS if whole["prefix"] or whole["reflection"] else ["output"]  # else the correction is all there is
        shown = {part: spread(whole[part]) for part in parts if whole[part] or part == "output"}
        return {
            "lengths": {
                **shown,
                "by_strategy": {
                    name: {part: spread(self._tokens[name, part], bins=False) for part in shown} for name in strategies
                },
            },
            "output_tokens": shown["output"],
        }

    def _of(self, part: str) -> Counter[int]:
        total: Counter[int] = Counter()
        for (_, of), counts in self._tokens.items():
            if of == part:
                total.update(counts)
        return total


def spread(counts: Counter[int], *, bins: bool = True) -> dict[str, Any]:
    """Mean, quantiles and a histogram of numbers; `estimate` says how they were come by."""
    total, values = counts.total(), sorted(counts)
    if not total:
        empty = {"n": 0, "estimate": ESTIMATE, "mean": None, "median": None, "p95": None, "max": None}
        return {**empty, **({"histogram": []} if bins else {})}

    def quantile(share: float) -> int:
        below = 0
        return next(value for value in values if (below := below + counts[value]) >= share * total)

    return {
        "n": total,
        "estimate": ESTIMATE,
        "mean": round(sum(value * count for value, count in counts.items()) / total, 1),
        "median": quantile(0.5),
        "p95": quantile(0.95),
        "max": values[-1],
        **({"histogram": _histogram(counts, values[-1])} if bins else {}),
    }


def _histogram(counts: Counter[int], largest: int) -> list[dict[str, int]]:
    width = next(width for width in _WIDTHS if largest < 12 * width)
    bins: Counter[int] = Counter()
    for value, count in counts.items():
        bins[value // width] += count
    return [{"from": n * width, "to": (n + 1) * width, "count": bins[n]} for n in range(min(bins), max(bins) + 1)]
