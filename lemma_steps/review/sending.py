"""How far a push has come: a bar on a terminal, a plain line every ten seconds elsewhere."""

from __future__ import annotations

import sys
import time
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

PLAIN_EVERY_S = 10.0


class Sending:
    """Counts what was sent of `total` records, on standard error."""

    def __init__(self, total: int) -> None:
        self.done, self._total = 0, total
        self._started = self._told = time.monotonic()
        console = Console(stderr=True)
        columns = (TextColumn("sending"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[rate]}"))
        self._bar = Bar(*columns, TimeRemainingColumn(), console=console, transient=True)
        self._task = self._bar.add_task("", total=total, rate="")
        self._live = console.is_terminal

    def __enter__(self) -> Sending:
        if self._live:
            self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live:
            self._bar.stop()

    def add(self, records: int) -> None:
        """So many more are there."""
        self.done += records
        now = time.monotonic()
        rate = self.done / max(now - self._started, 1e-9)
        self._bar.update(self._task, completed=self.done, rate=f"{rate:.0f}/s")
        if not self._live and now - self._told >= PLAIN_EVERY_S and self.done < self._total:
            self._told = now
            left = round((self._total - self.done) / rate)
            print(
                f"{self.done:,} of {self._total:,} records sent, {rate:.0f}/s, {left} s left",
                file=sys.stderr,
                flush=True,
            )
