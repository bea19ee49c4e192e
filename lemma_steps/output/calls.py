"""What the model calls behind a dataset were and cost."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from lemma_steps.output.prefix import fixed_tokens

_TOKENS = ("tokens_in", "tokens_cached", "tokens_out")


class Calls:
    """Calls by step, each counted once although all candidates of its problem carry it in their provenance."""

    def __init__(self) -> None:
        self._steps: dict[str, Counter[str]] = defaultdict(Counter)
        self._usd: dict[str, float] = defaultdict(float)
        self._templates: dict[str, set[str]] = defaultdict(set)
        self._models: dict[str, set[str]] = defaultdict(set)
        self._prompts: dict[str, Counter[tuple[str | None, str | None]]] = defaultdict(Counter)
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
            if call.get("tokens_in"):  # 0 where several samples came from one request: its first has the prompt
                self._prompts[step][call.get("template"), call.get("model")] += 1
            if call.get("tokens_cached") is not None:
                counts["cache_told"] += 1
                counts["tokens_in_told"] += call.get("tokens_in") or 0
            self._usd[step] += call.get("usd") or 0.0
            self._templates[step].update(filter(None, [call.get("template")]))
            self._models[step].update(filter(None, [call.get("model")]))

    def report(self, steps: Sequence[str] = ()) -> list[dict[str, Any]]:
        """One entry per step, ordered as `steps`; `usd` is of the calls with a price, `unpriced` counts the rest.

        `shared_prefix` is the share of `tokens_in` that all prompts of the step begin with, `cached_share` the share that
        servers read from their caches; `None` is unknown. `tokens_cached` is `None` where no server said.
        """
        order = {step: number for number, step in enumerate(steps)}
        return [
            {
                "step": step,
                **{name: counts[name] for name in ("calls", *_TOKENS, "unpriced")},
                **({} if counts["cache_told"] else {"tokens_cached": None}),
                "shared_prefix": self._shared_prefix(step),
                "cached_share": _share(counts["tokens_cached"], counts["tokens_in_told"]),
                "usd": round(self._usd[step], 6) if counts["calls"] > counts["unpriced"] else None,
                "templates": sorted(self._templates[step]),
                "models": sorted(self._models[step]),
            }
            for step, counts in sorted(self._steps.items(), key=lambda item: (order.get(item[0], len(order)), item[0]))
        ]

    def _shared_prefix(self, step: str) -> float | None:
        shared = 0
        for (template, model), prompts in self._prompts[step].items():
            if (fixed := fixed_tokens(template, model)) is None:
                return None
            shared += fixed * prompts
        return _share(shared, self._steps[step]["tokens_in"])


def cost(calls: Sequence[Mapping[str, Any]], kept: int) -> dict[str, Any]:
    """What the calls of a report come to, in all and per kept row.

    `usd` is of the calls with a price and `None` where no call has one; `unpriced` counts the others. Calls behind rejected
    rows are in it, calls that were repeated after a kill are not.
    """
    total = {name: sum(call[name] or 0 for call in calls) for name in ("calls", "unpriced", "tokens_in", "tokens_out")}
    priced = [call["usd"] for call in calls if call["usd"] is not None]
    usd = round(sum(priced), 6) if priced else None
    return {
        "usd": usd,
        **total,
        "per_kept": round(usd / kept, 6) if usd is not None and kept else None,
        "calls_per_kept": round(total["calls"] / kept, 2) if kept else None,
        "tokens_per_kept": round((total["tokens_in"] + total["tokens_out"]) / kept, 1) if kept else None,
    }


def _share(part: int, whole: int) -> float | None:
    return round(min(1.0, part / whole), 4) if whole else None
