"""One live display of a run: a table on a terminal, a plain line every ten seconds elsewhere."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterable
from types import TracebackType
from typing import Any

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from lemma_steps.llms.engine.ledger import Ledger
from lemma_steps.runner import Runner

Row = dict[str, Any]
PLAIN_EVERY_S = 10.0


class Progress:
    """Shows what a runner has done so far, on standard error.

    Args:
        runner: whose counts are shown.
        ledger: whose calls and dollars are shown.
        batches: says which batches of a batch API are open, a few words each.
        total: problems to come, where known; without it no time left is shown.
    """

    def __init__(
        self, runner: Runner, ledger: Ledger, total: int | None = None, batches: Callable[[], list[str]] = list
    ) -> None:
        self._runner, self._ledger, self._total, self._batches = runner, ledger, total, batches
        self._usd_done = 0.0
        self._counted: set[str] = set()
        self._started = time.monotonic()
        self._done = self._kept = self._rejected = 0
        self._last_problem: str | None = None
        console = Console(stderr=True)
        self._live = Live(get_renderable=self._table, console=console, refresh_per_second=4, transient=True)
        self._live_on = console.is_terminal

    def __enter__(self) -> Progress:
        if self._live_on:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live_on:
            self._live.stop()
        print(self.line(), file=sys.stderr, flush=True)

    async def watch(self, rows: AsyncIterator[Row]) -> AsyncIterator[Row]:
        """The same rows, counted as they leave."""
        ticker = None if self._live_on else asyncio.ensure_future(self._tell())
        try:
            async for row in self._count(rows):
                yield row
        finally:
            if ticker is not None:
                ticker.cancel()

    async def _tell(self) -> None:
        """A line now and then, as long as there is news."""
        told = None
        while True:
            await asyncio.sleep(PLAIN_EVERY_S)
            news = (self._done, self._ledger.totals.calls, self._batches())
            if news != told:
                print(self.line(), file=sys.stderr, flush=True)
            told = news

    async def _count(self, rows: AsyncIterator[Row]) -> AsyncIterator[Row]:
        async for row in rows:
            if row["problem_id"] != self._last_problem:
                self._last_problem = row["problem_id"]
                self._done += 1
                self._counted.clear()
            if self._ledger.totals.usd:
                self._count_usd(row.get("provenance") or ())
            if row.get("rejected_by"):
                self._rejected += 1
            else:
                self._kept += 1
            yield row

    def line(self) -> str:
        """Where the run stands, in one line."""
        seconds = max(time.monotonic() - self._started, 1e-9)
        of = f" of {self._total:,}" if self._total else ""
        parts = [
            f"{self._done:,}{of} problems",
            f"{self._kept:,} rows kept",
            f"{self._rejected:,} rejected",
            f"{self._done / seconds:.1f} problems/s",
            f"{_clock(seconds)} so far",
        ]
        if self._total and self._total / 20 <= self._done < self._total:
            parts.append(f"{_clock(seconds / self._done * (self._total - self._done))} left")
        return ", ".join(parts + self._money() + self._batches())

    def _count_usd(self, calls: Iterable[Row]) -> None:
        """Dollars of one row's calls; those that it shares with other rows of its problem count once."""
        for call in calls:
            if call["key"] not in self._counted:
                self._counted.add(call["key"])
                self._usd_done += call["usd"] or 0.0

    def _money(self) -> list[str]:
        """Calls, tokens and dollars of the store, and the dollars to be expected for all problems."""
        totals = self._ledger.totals
        if not totals.calls:
            return []
        cached = f" ({totals.tokens_cached / totals.tokens_in:.0%} cached)" if totals.tokens_cached else ""
        parts = [
            f"{totals.calls:,} calls ({self._ledger.run.calls:,} new)",
            f"{totals.tokens_in:,} tokens in{cached}",
            f"{totals.tokens_out:,} out",
        ]
        if totals.unpriced:
            return [*parts, "cost unknown (no price for the model; see --prices)"]
        parts.append(f"${totals.usd:,.2f} spent")
        if self._total and self._total / 20 <= self._done < self._total:
            parts.append(f"about ${max(totals.usd, self._usd_done / self._done * self._total):,.2f} in all")
        return parts

    def _table(self) -> Group:
        table = Table(box=None, padding=(0, 2), header_style="bold")
        for heading in ("step", "rows in", "rows out", "rejected", "most often"):
            table.add_column(heading, justify="left" if heading in ("step", "most often") else "right")
        for name, count in self._runner.counts.items():
            reason = count.rejected.most_common(1)
            dim = "" if count.rows_in else "dim"
            table.add_row(
                name,
                f"{count.rows_in:,}",
                f"{count.rows_out:,}",
                f"{count.rejected.total():,}",
                reason[0][0] if reason else "",
                style=dim,
            )
        return Group(Text(self.line(), style="bold"), table)


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02} min" if hours else f"{minutes} min {rest:02} s" if minutes else f"{rest} s"


async def told(rows: AsyncIterator[Row], total: int, doing: str) -> AsyncIterator[Row]:
    """The same rows; how far they are is said on standard error every ten seconds, with the time left."""
    begin = said = time.monotonic()
    done = 0
    async for row in rows:
        done += 1
        if done % 100 == 0:
            await asyncio.sleep(0)  # rows may come without a pause, and Ctrl-C is heard in one
        if (now := time.monotonic()) - said >= PLAIN_EVERY_S:
            said, left = now, (now - begin) / done * max(0, total - done)
            print(f"{doing}: {done:,} of {total:,} rows, {left:,.0f} s left", file=sys.stderr, flush=True)
        yield row
