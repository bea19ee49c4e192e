"""Replies on disk, by the content of their request: a reply is stored before anyone uses it."""

from __future__ import annotations

import asyncio
import os
import queue
import sqlite3
import tempfile
import threading
import time
from collections.abc import Iterable
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

from lemma_steps.errors import RefusedError, StoppedError
from lemma_steps.llms.engine.ledger import Ledger, Totals
from lemma_steps.llms.engine.usage import Usage

if TYPE_CHECKING:
    from lemma_steps.llms.engine.prices import Prices

GROUP_S = 0.01
"""Seconds for which replies gather before one commit; with the commit itself, a reply waits less than 20 ms."""
_APPLICATION_ID = 0x4C454D41
_SCHEMA = """
CREATE TABLE IF NOT EXISTS reply (
    id INTEGER PRIMARY KEY, key BLOB NOT NULL, text TEXT, reason TEXT, model TEXT NOT NULL,
    tokens_in INTEGER, tokens_cached INTEGER, tokens_out INTEGER, usd REAL
);
CREATE INDEX IF NOT EXISTS reply_of_request ON reply (key) WHERE text IS NOT NULL;
"""
_lock = threading.Lock()
_open_stores: dict[tuple[int, Path], RequestStore] = {}
"""By process and file: a fork inherits the object, but not the thread that writes."""
_COLUMNS = "text, reason, model, tokens_in, tokens_cached, tokens_out, usd"


@dataclass(frozen=True, slots=True)
class Entry:
    """One answered request. `text` is `None` where the reply was paid for but is no good; `reason` says why."""

    key: str
    text: str | None
    reason: str | None
    model: str
    usage: Usage
    usd: float | None


class RequestStore:
    """The file `requests.sqlite`. It holds keys, replies and usage; no prompt and no API key.

    Several processes may use one file on one machine; SQLite's locks do not hold across a network file system.

    Args:
        path: the file, made if missing; `None` for one that is deleted on closing.
        budget_usd: dollars that may be spent on this store in all; `None` for no limit.

    Raises:
        RefusedError: the file is of other software or damaged, or cannot be made.
    """

    def __init__(self, path: str | Path | None, budget_usd: float | None = None) -> None:
        self._scratch = None if path is not None else tempfile.TemporaryDirectory(prefix="lemma-requests-")
        self.path = Path(path if path is not None else f"{self._scratch.name}/requests.sqlite")  # type: ignore[union-attr]
        self.pid = os.getpid()
        self.connection, totals = self._open()
        self.ledger = Ledger(totals, budget_usd)
        self._users = 0
        self._writes: queue.SimpleQueue[tuple[list[Entry], Future[None]] | None] = queue.SimpleQueue()
        self._writer = threading.Thread(target=self._write, name="requests", daemon=True)
        self._writer.start()

    @classmethod
    def shared(cls, path: str | Path | None) -> RequestStore:
        """The store that all models of one process share per file; every call needs its own `release`."""
        if path is None:
            return cls(None)
        with _lock:
            known = (os.getpid(), Path(path).resolve())
            store = _open_stores[known] = _open_stores.get(known) or cls(path)
            store._users += 1
        return store

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()

    def release(self) -> None:
        """Close the file if nobody else of this process uses it."""
        with _lock:
            self._users -= 1
            if self._users > 0:
                return
            _open_stores.pop((self.pid, self.path.resolve()), None)
        self.close()

    def get(self, key: str) -> Entry | None:
        """The good reply to a request, if there is one.

        Raises:
            StoppedError: the file cannot be read.
        """
        query = f"SELECT {_COLUMNS} FROM reply WHERE key = ? AND text IS NOT NULL ORDER BY id DESC LIMIT 1"
        try:
            row = self.connection.execute(query, (bytes.fromhex(key),)).fetchone()
        except sqlite3.Error as error:
            raise StoppedError(self._trouble(error)) from None
        if row is None:
            return None
        text, reason, model, tokens_in, tokens_cached, tokens_out, usd = row
        return Entry(key, text, reason, model, Usage(tokens_in, tokens_cached, tokens_out), usd)

    async def put(self, entries: Iterable[Entry]) -> None:
        """Write answered requests; returns when they are on disk.

        Raises:
            StoppedError: they cannot be written; what was stored before is safe.
        """
        written: Future[None] = Future()
        self._writes.put((list(entries), written))
        await asyncio.shield(asyncio.wrap_future(written))

    def price(self, prices: Prices) -> None:
        """Price the calls that had no price when they were made and have one by now; a batch's discount is not known here.

        Raises:
            StoppedError: the file cannot be written.
        """
        query = "SELECT id, model, tokens_in, tokens_cached, tokens_out FROM reply WHERE usd IS NULL"
        found = [(prices.usd(model, Usage(*counts)), row) for row, model, *counts in self.connection.execute(query)]
        priced = [(usd, row) for usd, row in found if usd is not None]
        try:
            self.connection.execute("BEGIN IMMEDIATE")
            self.connection.executemany("UPDATE reply SET usd = ? WHERE id = ?", priced)
            self.connection.execute("COMMIT")
        except sqlite3.Error as error:
            raise StoppedError(self._trouble(error)) from None
        self.ledger.totals = _spent(self.connection)

    def close(self) -> None:
        """Write what waits, and close the file."""
        self._writes.put(None)
        self._writer.join()
        self.connection.close()
        if self._scratch is not None:
            self._scratch.cleanup()

    def _open(self) -> tuple[sqlite3.Connection, Totals]:
        try:
            connection = sqlite3.connect(self.path, timeout=60.0, isolation_level=None)
            tables = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
            ours = connection.execute("PRAGMA application_id").fetchone()[0] == _APPLICATION_ID
            if tables and not ours:
                raise RefusedError(f"{self.path}: an SQLite file of other software; move it away or name another")
            if (state := connection.execute("PRAGMA quick_check(1)").fetchone()[0]) != "ok":
                raise sqlite3.DatabaseError(state)
            if not tables:  # another process may do the same in this moment
                connection.executescript(
                    f"BEGIN IMMEDIATE; {_SCHEMA} PRAGMA application_id = {_APPLICATION_ID}; COMMIT"
                )
            totals = _spent(connection)
            connection.close()
            return self._connect(), totals
        except sqlite3.OperationalError as error:
            raise RefusedError(self._trouble(error)) from None
        except sqlite3.DatabaseError as error:
            raise RefusedError(
                f"{self.path}: no request store, or a damaged one ({_first_line(error)}); `sqlite3 {self.path} .recover` "
                "may save its replies; else move it away and pay for them again"
            ) from None

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self.path, timeout=60.0, isolation_level=None, check_same_thread=False)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")  # a reply that is used is on disk, even if the power fails
        return connection

    def _write(self) -> None:
        connection = self._connect()
        while (first := self._writes.get()) is not None:
            time.sleep(GROUP_S)
            group, last = [first], False
            while not (self._writes.empty() or last):
                if (item := self._writes.get()) is None:
                    last = True
                else:
                    group.append(item)
            self._commit(connection, group)
            if last:
                break
        connection.close()

    def _commit(self, connection: sqlite3.Connection, group: list[tuple[list[Entry], Future[None]]]) -> None:
        rows = [_row(entry) for entries, _ in group for entry in entries]
        try:
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany(f"INSERT INTO reply (key, {_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows)
            connection.execute("COMMIT")
        except sqlite3.Error as error:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            for _, written in group:
                written.set_exception(StoppedError(self._trouble(error)))
            return
        for entries, written in group:
            for entry in entries:
                self.ledger.add(entry.usage, entry.usd)
            written.set_result(None)

    def _trouble(self, error: sqlite3.Error) -> str:
        return f"{self.path}: {_first_line(error)}; free some space or mend the file, then run again: nothing stored is lost"


def _spent(connection: sqlite3.Connection) -> Totals:
    names = ("tokens_in", "tokens_cached", "tokens_out", "usd")
    sums = ", ".join(f"coalesce(sum({name}), 0)" for name in names)
    query = f"SELECT count(*), count(*) - count(usd), {sums} FROM reply"
    calls, unpriced, *rest = connection.execute(query).fetchone()
    return Totals(calls=calls, unpriced=unpriced, **dict(zip(names, rest, strict=True)))


def _row(entry: Entry) -> tuple[object, ...]:
    usage = entry.usage
    counts = (usage.tokens_in, usage.tokens_cached, usage.tokens_out)
    return bytes.fromhex(entry.key), entry.text, entry.reason, entry.model, *counts, entry.usd


def _first_line(error: Exception) -> str:
    return str(error).split("\n", 1)[0]
