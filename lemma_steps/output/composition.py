"""What a dataset is made of: origins, strategies, types, positions, reflections, lengths, calls."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Mapping
from typing import Any

from lemma_steps.audits.text import estimated_tokens
from lemma_steps.output.funnel import ranked

_CODE = re.compile(r"\s*([a-z][a-z0-9_]{0,39})\s*(?::|$)")
TOP_OPENINGS = 20
ESTIMATE = "words and signs, or a quarter of the characters where that is more; no tokenizer was run"


class Composition:
    """Counts over the rows of one stream; memory grows with what is counted, not with the rows."""

    def __init__(self) -> None:
        self._sources: dict[str, Counter[str]] = defaultdict(Counter)
        self._licences: dict[str, set[str]] = defaultdict(set)
        self._pairs: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
        self._types: dict[str, Counter[str]] = defaultdict(Counter)
        self._declines: Counter[tuple[str, str, str]] = Counter()
        self._columns: dict[str, Counter[Any]] = defaultdict(Counter)
        self._openings: Counter[str] = Counter()
        self._tokens: Counter[int] = Counter()
        self._contaminated: list[dict[str, Any]] = []

    def add(self, row: Mapping[str, Any]) -> None:
        """Count one row of the stream, kept or rejected."""
        kept = not row.get("rejected_by")
        state = "kept" if kept else "rejected"
        source = row.get("source") or "unknown"
        self._sources[source][state] += 1
        self._licences[source].add(row.get("licence") or "not stated")
        if row.get("origin"):
            self._pairs[row["origin"], row.get("strategy") or "none"][state] += 1
            self._count_type(row, kept)
        if kept:
            self._count_kept(row)
        elif row["reason"] == "declined":
            code = _CODE.match(row.get("detail") or "")
            wanted = row.get("requested_type") or row.get("error_type") or "none"
            self._declines[row["rejected_by"], wanted, code[1] if code else "other"] += 1
        elif row["reason"].startswith("contaminated"):
            self._contaminated.append({name: row.get(name) for name in ("problem_id", "source", "reason", "detail")})

    def _count_type(self, row: Mapping[str, Any], kept: bool) -> None:
        if row.get("requested_type"):
            self._types[row["requested_type"]]["requested"] += 1
        if row.get("error_type") and row.get("erroneous_solution"):
            made = "injected" if row["origin"] == "injected" else "student"
            self._types[row["error_type"]][made] += 1
            self._types[row["error_type"]][f"{made}_kept"] += kept

    def _count_kept(self, row: Mapping[str, Any]) -> None:
        for name in ("error_step", "label_source", "locator_agreement", "reference_seen", "student", "teacher"):
            if row.get(name) is not None:
                self._columns[name][row[name]] += 1
        self._tokens[estimated_tokens(row["output"])] += 1
        if row.get("reflection"):
            self._openings[opening(row["reflection"])] += 1

    def report(self) -> dict[str, Any]:
        """The counts as plain data in a fixed order."""
        states = ("kept", "rejected")
        kinds = ("requested", "injected", "injected_kept", "student", "student_kept")
        return {
            "sources": [
                {"source": name, **_pick(counts, states), "licences": sorted(self._licences[name])}
                for name, counts in sorted(self._sources.items())
            ],
            "origin_strategy": [
                {"origin": origin, "strategy": strategy, **_pick(counts, states)}
                for (origin, strategy), counts in sorted(self._pairs.items())
            ],
            "error_types": {code: _pick(counts, kinds) for code, counts in sorted(self._types.items())},
            "declines": [
                {"step": step, "error_type": code, "reason": reason, "count": count}
                for (step, code, reason), count in sorted(self._declines.items(), key=lambda item: (-item[1], item[0]))
            ],
            "error_step": {str(step): count for step, count in sorted(self._columns["error_step"].items())},
            "locator_agreement": {str(share): n for share, n in sorted(self._columns["locator_agreement"].items())},
            **{name: ranked(self._columns[name]) for name in ("label_source", "reference_seen", "student", "teacher")},
            "reflection_openings": self._report_openings(),
            "output_tokens": _distribution(self._tokens),
            "contamination": self._contaminated,
        }

    def _report_openings(self) -> dict[str, Any]:
        top = list(ranked(self._openings).items())[:TOP_OPENINGS]
        total = self._openings.total()
        return {
            "distinct": len(self._openings),
            "top_share": round(top[0][1] / total, 4) if top else None,
            "top": [{"words": words, "count": count} for words, count in top],
        }


def opening(reflection: str) -> str:
    """The first three words of a reflection, without case and punctuation, by which variety is measured."""
    return " ".join(re.findall(r"[^\W_]+(?:['’][^\W_]+)*", reflection[:200].casefold())[:3])


def _pick(counts: Counter[str], names: tuple[str, ...]) -> dict[str, int]:
    return {name: counts[name] for name in names}


def _distribution(counts: Counter[int]) -> dict[str, Any]:
    """Mean, quantiles and a histogram of numbers; `estimate` says how they were come by."""
    total = counts.total()
    values = sorted(counts)
    if not total:
        return {"estimate": ESTIMATE, "mean": None, "median": None, "p95": None, "max": None, "histogram": []}

    def quantile(share: float) -> int:
        below = 0
        return next(value for value in values if (below := below + counts[value]) >= share * total)

    width = next(width for width in (10, 20, 50, 100, 200, 500, 1000, 10**9) if values[-1] < 12 * width)
    bins = Counter({value // width: 0 for value in values})
    for value, count in counts.items():
        bins[value // width] += count
    return {
        "estimate": ESTIMATE,
        "mean": round(sum(value * count for value, count in counts.items()) / total, 1),
        "median": quantile(0.5),
        "p95": quantile(0.95),
        "max": values[-1],
        "histogram": [
            {"from": n * width, "to": (n + 1) * width, "count": bins[n]} for n in range(min(bins), max(bins) + 1)
        ],
    }
