"""A place for what a run must remember and memory must not hold."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from types import TracebackType
from typing import Any, Self

from lemma_steps.errors import StoppedError

CACHE_KB = 2000
"""Pages of one scratch that stay in memory; the rest is the system's to keep or to write."""


class Scratch:
    """A private SQLite database in the system's temporary folder, of which a bounded part is in memory.

    It is nobody else's and has no name: it is gone when it is closed or its process ends, even by a kill. Nothing in it
    is durable, so that a statement costs microseconds. For one thread at a time. `shelve`, `dbm` and diskcache keep
    files that somebody must remove, and diskcache commits every entry.

    Args:
        schema: the statements that make its tables.

    Raises:
        StoppedError: the temporary folder cannot be written or is full (from every method).
    """

    def __init__(self, *schema: str) -> None:
        self._database = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        settings = (f"cache_size = -{CACHE_KB}", "journal_mode = OFF", "synchronous = OFF", "locking_mode = EXCLUSIVE")
        for statement in (*(f"PRAGMA {setting}" for setting in settings), *schema, "BEGIN"):
            self.run(statement)

    def run(self, statement: str, values: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
        """Run one statement; all rows that it gives."""
        try:
            return self._database.execute(statement, values).fetchall()
        except sqlite3.OperationalError as error:
            raise _stopped(error) from error

    def add(self, statement: str, rows: Iterable[tuple[Any, ...]]) -> int:
        """Run an INSERT for each of `rows`; how many rows the table gained."""
        try:
            return self._database.executemany(statement, rows).rowcount
        except sqlite3.OperationalError as error:
            raise _stopped(error) from error

    def close(self) -> None:
        """Let it go, and its space on the disk."""
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _stopped(error: sqlite3.OperationalError) -> StoppedError:
    return StoppedError(
        f"temporary folder: {error}; free some space there, or name a folder with space in the variable TMPDIR, "
        "and run again"
    )
