"""What the strategies of correction differ in: yield, and how much of a correction stands in the gold solution."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from lemma_steps.arithmetic import find_equations
from lemma_steps.output.picks import Picks, rank
from lemma_steps.segmentation import segment
from lemma_steps.share import Share
from lemma_steps.trajectory import gold_trajectory

SAMPLE = 300
"""Kept rows of a strategy whose corrections are compared with the gold solution; a millisecond each."""
LONGEST = 20_000
"""Characters of a text that are compared."""
_CLOSING = "the answer is:"


class Strategies:
    """Yield of every strategy over all rows, overlap with the gold solution over a sample of the kept ones.

    The rows of one problem follow each other; they are not independent, and the interval of the yield knows it.
    """

    def __init__(self) -> None:
        self._problem: str | None = None
        self._open: dict[str, list[int]] = {}
        self._yields: dict[str, Counter[tuple[int, int]]] = defaultdict(Counter)
        self._samples: dict[str, Picks[dict[str, str]]] = defaultdict(lambda: Picks(SAMPLE))

    def add(self, row: Mapping[str, Any]) -> None:
        """Count one record."""
        if row["problem_id"] != self._problem:
            self._close()
            self._problem = row["problem_id"]
        if not (strategy := row.get("strategy")):
            return
        kept = not row.get("rejected_by")
        counts = self._open.setdefault(strategy, [0, 0])
        counts[0] += kept
        counts[1] += 1
        if kept and (sample := self._samples[strategy]).takes(ranked := rank(row["id"])):
            gold = gold_trajectory(row.get("gold_solution") or "", row.get("gold_answer") or "")
            texts = {"correction": row["correction"], "prefix": row["erroneous_prefix"], "gold": gold}
            sample.offer(ranked, {name: text[:LONGEST] for name, text in texts.items()})

    def _close(self) -> None:
        for strategy, (kept, of) in self._open.items():
            self._yields[strategy][kept, of] += 1
        self._open.clear()

    def report(self) -> list[dict[str, Any]]:
        """One entry per strategy; shares are None where there was nothing to count."""
        self._close()
        return [
            {
                "strategy": name,
                **_yield(counts),
                **_overlap(self._samples[name].items() if name in self._samples else []),
            }
            for name, counts in sorted(self._yields.items())
        ]


def _yield(counts: Counter[tuple[int, int]]) -> dict[str, Any]:
    share = Share.by_row([*counts.elements()])
    return {"entered": share.of, "kept": share.count, "yield": _figure(share)}


def _overlap(sample: Iterable[Mapping[str, str]]) -> dict[str, Any]:
    """Of the corrections' equations and steps, the share that stands in the gold solution; of the steps, in the prefix."""
    pairs: dict[str, list[tuple[int, int]]] = {"equations_in_gold": [], "steps_in_gold": [], "steps_in_prefix": []}
    for row in sample:
        made, gold = _equations(row["correction"]), set(_equations(row["gold"]))
        pairs["equations_in_gold"].append((sum(one in gold for one in made), len(made)))
        steps, known = (
            _steps(row["correction"]),
            {"gold": set(_steps(row["gold"])), "prefix": set(_steps(row["prefix"]))},
        )
        for name, there in known.items():
            pairs[f"steps_in_{name}"].append((sum(step in there for step in steps), len(steps)))
    return {
        "sample": len(pairs["equations_in_gold"]),
        **{name: _figure(Share.by_row(counts)) for name, counts in pairs.items()},
    }


def _figure(share: Share) -> dict[str, float | None]:
    figures = {"share": share.value, "low": share.low, "high": share.high}
    return {name: None if value is None else round(value, 4) for name, value in figures.items()}


def _equations(text: str) -> list[tuple[Any, ...]]:
    """The equations of a text by their numbers and operators, whatever their dress."""
    return [
        (
            tuple(number.value for number in one.left.numbers),
            tuple(operator.symbol for operator in one.left.operators),
            tuple(number.value for number in one.right.numbers),
        )
        for one in find_equations(text)
    ]


def _steps(text: str) -> list[str]:
    steps = [" ".join(step.split()).casefold() for step in segment(text)]
    return [step for step in steps if step and not step.startswith(_CLOSING)]
