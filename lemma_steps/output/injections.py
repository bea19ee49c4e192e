"""What the checks of injected errors came to, over a run."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from typing import Any

from lemma_steps.duplicates import Occurrences
from lemma_steps.injections import CHECKS

OUTCOMES = ("pass", "fail", "not_computable")
MAX_EXAMPLES = 5


class InjectionCounts:
    """Counts the checks of `injection_checks`; an injection counts once, however many corrections it has."""

    def __init__(self) -> None:
        self._seen: Occurrences | None = None
        self._types: Counter[str] = Counter()
        self._counts: dict[str, Counter[tuple[str, str]]] = defaultdict(Counter)
        self._examples: dict[str, list[dict[str, Any]]] = {}

    def add(self, row: Mapping[str, Any]) -> None:
        """Count one record, kept or rejected; rows without checks are not looked at."""
        checks = row.get("injection_checks")
        if not checks:
            return
        self._seen = self._seen or Occurrences()
        if self._seen.number(f"{row['problem_id']} {row['index']}"):
            return
        code = row.get("requested_type") or "none"
        self._types[code] += 1
        for found in checks:
            self._counts[found["check"]][code, found["outcome"]] += 1
            failures = self._examples.setdefault(found["check"], [])
            if found["outcome"] == "fail" and len(failures) < MAX_EXAMPLES:
                failures.append(
                    {
                        "id": row["id"],
                        "problem_id": row["problem_id"],
                        "error_type": code,
                        "step": row["declared_step"],
                        "detail": found["detail"],
                    }
                )

    def report(self) -> dict[str, Any]:
        """`n`, the outcomes `by_check` and `by_type`, and the first failures of each check as `examples`."""
        names = [*CHECKS, *(name for name in self._counts if name not in CHECKS)]
        return {
            "n": self._types.total(),
            "by_check": {name: _outcomes(self._counts[name], self._types) for name in names},
            "by_type": {
                code: {"n": count} | {name: _outcomes(self._counts[name], [code]) for name in names}
                for code, count in sorted(self._types.items())
            },
            "examples": {name: failures for name in names if (failures := self._examples.get(name))},
        }


def _outcomes(counts: Counter[tuple[str, str]], codes: Any) -> dict[str, int]:
    return {outcome: sum(counts[code, outcome] for code in codes) for outcome in OUTCOMES}
