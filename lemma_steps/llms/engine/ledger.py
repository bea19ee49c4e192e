"""What a run has spent, and what it may."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from typing import Any

from lemma_steps.errors import StoppedError
from lemma_steps.llms.engine.usage import Usage

_NOTHING = 1e-9
_LOOK_AGAIN_S = 0.1


@dataclass(slots=True)
class Totals:
    """Sums over answered requests, those whose reply was no good included; dollars of the calls with a price."""

    calls: int = 0
    tokens_in: int = 0
    tokens_cached: int = 0
    tokens_out: int = 0
    usd: float = 0.0
    unpriced: int = 0

    def add(self, usage: Usage, usd: float | None) -> None:
        """Count one call."""
        self.calls += 1
        self.tokens_in += usage.tokens_in or 0
        self.tokens_cached += usage.tokens_cached or 0
        self.tokens_out += usage.tokens_out or 0
        self.usd += usd or 0.0
        self.unpriced += usd is None


class Ledger:
    """The money of one request store, over all runs that used it.

    Args:
        totals: what the store holds already.
        budget_usd: dollars that may be spent on this store in all; `None` for no limit.
    """

    def __init__(self, totals: Totals, budget_usd: float | None = None) -> None:
        self.totals, self.budget_usd = totals, budget_usd
        self.run = Totals()
        self._reserved, self._waiting = 0.0, 0

    def add(self, usage: Usage, usd: float | None) -> None:
        """Count one answered request."""
        self.totals.add(usage, usd)
        self.run.add(usage, usd)

    def facts(self) -> dict[str, Any]:
        """For `run` in `report.json`: all answered requests of the store, and those of this run, failed replies included."""
        return {"requests_in_store": _facts(self.totals), "requests_of_this_run": _facts(self.run)}

    @asynccontextmanager
    async def reserve(self, usd: float) -> AsyncIterator[None]:
        """Hold back the expected price of a request while it is under way; near the budget, wait for what is.

        Raises:
            StoppedError: with this request the budget would be passed, and nothing is under way.
        """
        while self.budget_usd is not None and self.totals.usd + self._reserved + usd > self.budget_usd:
            if self._reserved < _NOTHING:
                raise StoppedError(
                    f"budget of ${self.budget_usd:,.2f}: ${self.totals.usd:,.4f} is spent and the next request costs about "
                    f"${usd:,.4f}; give a larger --budget-usd to go on"
                )
            self._waiting += 1  # a batch has many thousands who wait for hours
            await asyncio.sleep(max(_LOOK_AGAIN_S, self._waiting / 1000))
            self._waiting -= 1
        self._reserved += usd
        try:
            yield
        finally:
            self._reserved -= usd


def _facts(totals: Totals) -> dict[str, Any]:
    return {**asdict(totals), "usd": totals.usd if totals.unpriced < totals.calls or not totals.calls else None}
