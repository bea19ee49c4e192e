"""What the model calls behind a dataset were and cost."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

_TOKENS = ("tokens_in", "tokens_cached", "tokens_out")


class Calls:
    """Calls by step, each counted once although all candidates of its problem carry it in their provenance."""

    def __init__(self) -> None:
        self._steps: dict[str, Counter[str]] = defaultdict(Counter)
        self._usd: dict[str, float] = defaultdict(float)
        self._templates: dict[str, set[str]] = defaultdict(set)
        self._models: dict[str, set[str]] = defaultdict(set)
        self._seen: set[tuple[str, str]] = set()

    def add(self, provenance: Iterable[Mapping[str, Any]] | None, new_problem: bool) -> None:
        """Count the calls of one row. A call's key holds the question, so only rows of one problem can share it."""
        if new_problem:
            self._seen.clear()
        for call in provenance or ():
            step = call["step"]
            if call.get("key") is not None:
                if (step, call["key"]) in self._seen:
                    continue
                self._seen.add((step, call["key"]))
            counts = self._steps[step]
            counts["calls"] += 1
            counts.update({name: call.get(name) or 0 for name in _TOKENS})
            counts["unpriced"] += call.get("usd") is None
            self._usd[step] += call.get("usd") or 0.0
            self._templates[step].update(filter(None, [call.get("template")]))
            self._models[step].update(filter(None, [call.get("model")]))

    def report(self, steps: Sequence[str] = ()) -> list[dict[str, Any]]:
        """One entry per step, ordered as `steps`; `usd` is of the calls with a price, `unpriced` counts the rest."""
        order = {step: number for number, step in enumerate(steps)}
        return [
            {
                "step": step,
                **{name: counts[name] for name in ("calls", *_TOKENS, "unpriced")},
                "usd": round(self._usd[step], 6) if counts["calls"] > counts["unpriced"] else None,
                "templates": sorted(self._templates[step]),
                "models": sorted(self._models[step]),
            }
            for step, counts in sorted(self._steps.items(), key=lambda item: (order.get(item[0], len(order)), item[0]))
        ]
