"""What a dataset is made of: sources, origins, strategies, types, labels."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from typing import Any

from lemma_steps.output.error_tally import declined
from lemma_steps.output.funnel import ranked


class Composition:
    """Counts over the rows of one stream; memory grows with what is counted, not with the rows."""

    def __init__(self) -> None:
        self._sources: dict[str, Counter[str]] = defaultdict(Counter)
        self._licences: dict[str, set[str]] = defaultdict(set)
        self._pairs: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
        self._types: dict[str, Counter[str]] = defaultdict(Counter)
        self._declines: Counter[tuple[str, str, str]] = Counter()
        self._columns: dict[str, Counter[Any]] = defaultdict(Counter)
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
            wanted = row.get("requested_type") or row.get("error_type") or "none"
            self._declines[row["rejected_by"], wanted, declined(row.get("detail")) or "other"] += 1
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
            "contamination": self._contaminated,
        }


def _pick(counts: Counter[str], names: tuple[str, ...]) -> dict[str, int]:
    return {name: counts[name] for name in names}
