"""Which requests wait in which batch, and the replies that came back: on disk, beside the replies of the store."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lemma_steps.errors import StoppedError

_SCHEMA = """
CREATE TABLE IF NOT EXISTS batches (
    intent TEXT PRIMARY KEY, endpoint TEXT NOT NULL, state TEXT NOT NULL, file_id TEXT, batch_id TEXT,
    lines INTEGER NOT NULL, touched_at REAL NOT NULL
);
CREATE TABLE IF NOT EXISTS batch_line (key BLOB PRIMARY KEY, intent TEXT NOT NULL, line INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS line_of_batch ON batch_line (intent, line);
CREATE TABLE IF NOT EXISTS batch_reply (key BLOB PRIMARY KEY, body TEXT NOT NULL, before INTEGER NOT NULL);
"""


@dataclass(frozen=True, slots=True)
class BatchRecord:
    """What is known of one batch that has not ended.

    Attributes:
        intent: our own name for it, written before anything is sent; the batch carries it as metadata.
        endpoint: root of the API that it was meant for.
        file_id: the uploaded requests; `None` until then, and until then no batch can have been made.
        batch_id: the endpoint's name for it; `None` until known.
        lines: requests in it.
        touched_at: seconds since 1970 of the last change of its state.
    """

    intent: str
    endpoint: str
    file_id: str | None
    batch_id: str | None
    lines: int
    touched_at: float


class BatchState:
    """Every request given to a batch is in exactly one table: `batch_line` until its batch ends, then `batch_reply` if it
    was answered, until the store has the reply.

    Every method is one transaction on the store's own connection, and none awaits: nothing comes in between.

    Args:
        connection: of the request store, in autocommit mode.
        path: its file, for messages.

    Raises:
        StoppedError: (every method) the file cannot be read or written; what was stored before is safe.
    """

    def __init__(self, connection: sqlite3.Connection, path: Path | str) -> None:
        self._connection, self._path = connection, path
        with self._transaction():
            for statement in _SCHEMA.split(";"):
                connection.execute(statement)
        self.prune()

    def intend(self, intent: str, endpoint: str, keys: list[str]) -> BatchRecord:
        """Write down which requests are about to be submitted, in the order of their lines."""
        now = time.time()
        with self._transaction() as connection:
            connection.execute(
                "INSERT INTO batches VALUES (?, ?, 'intended', NULL, NULL, ?, ?)", (intent, endpoint, len(keys), now)
            )
            rows = [(bytes.fromhex(key), intent, line) for line, key in enumerate(keys, start=1)]
            connection.executemany("INSERT OR REPLACE INTO batch_line VALUES (?, ?, ?)", rows)
        return BatchRecord(intent, endpoint, None, None, len(keys), now)

    def uploaded(self, intent: str, file_id: str) -> None:
        """The requests are uploaded; from here on a batch may have been made of them."""
        self._update(intent, "state = 'uploaded', file_id = ?", file_id)

    def submitted(self, intent: str, batch_id: str) -> None:
        """The batch exists under this id."""
        self._update(intent, "state = 'submitted', batch_id = ?", batch_id)

    def any_submitted(self) -> bool:
        """Whether this store ever had a batch."""
        query = "SELECT EXISTS (SELECT 1 FROM batches WHERE batch_id IS NOT NULL)"
        return bool(self._rows(query)[0][0])

    def batch_of(self, key: str) -> BatchRecord | None:
        """The batch that holds a request."""
        query = (
            "SELECT b.intent, b.endpoint, b.file_id, b.batch_id, b.lines, b.touched_at "
            "FROM batch_line l JOIN batches b USING (intent) WHERE l.key = ?"
        )
        rows = self._rows(query, bytes.fromhex(key))
        return BatchRecord(*rows[0]) if rows else None

    def keys(self, intent: str) -> dict[str, int]:
        """The requests that this batch still holds, with the number of their line, from 1."""
        rows = self._rows("SELECT key, line FROM batch_line WHERE intent = ? ORDER BY line", intent)
        return {key.hex(): line for key, line in rows}

    def collect(self, replies: Iterable[tuple[str, dict[str, Any]]]) -> None:
        """Keep the bodies of answered requests, which their batch then holds no longer."""
        rows = [(bytes.fromhex(key), json.dumps(body)) for key, body in replies]
        with self._transaction() as connection:
            connection.executemany(
                "INSERT OR REPLACE INTO batch_reply SELECT ?, ?, coalesce(max(id), 0) FROM reply", rows
            )
            connection.executemany("DELETE FROM batch_line WHERE key = ?", [(key,) for key, _ in rows])

    def end(self, intent: str, state: str) -> None:
        """Let go of every request that the batch still holds: it will not answer them."""
        with self._transaction() as connection:
            connection.execute("DELETE FROM batch_line WHERE intent = ?", (intent,))
            connection.execute(
                "UPDATE batches SET state = ?, touched_at = ? WHERE intent = ?", (state, time.time(), intent)
            )

    def reply(self, key: str) -> dict[str, Any] | None:
        """A body that was collected and is not yet in the store."""
        rows = self._rows("SELECT body FROM batch_reply WHERE key = ?", bytes.fromhex(key))
        return json.loads(rows[0][0]) if rows else None

    def forget(self, key: str) -> None:
        """Drop a collected body: the store has it."""
        with self._transaction() as connection:
            connection.execute("DELETE FROM batch_reply WHERE key = ?", (bytes.fromhex(key),))

    def prune(self) -> None:
        """Drop every collected body that has been stored since it was collected; SQLite uses the space again."""
        with self._transaction() as connection:
            connection.execute(
                "DELETE FROM batch_reply WHERE rowid IN (SELECT b.rowid FROM reply r CROSS JOIN batch_reply b "
                "ON b.key = r.key AND r.id > b.before WHERE r.id > (SELECT min(before) FROM batch_reply))"
            )

    def collected(self) -> set[str]:
        """The requests whose body is kept."""
        return {key.hex() for (key,) in self._rows("SELECT key FROM batch_reply")}

    def _update(self, intent: str, assignment: str, value: str) -> None:
        with self._transaction() as connection:
            connection.execute(
                f"UPDATE batches SET {assignment}, touched_at = ? WHERE intent = ?", (value, time.time(), intent)
            )

    def _rows(self, query: str, *values: Any) -> list[Any]:
        try:
            return self._connection.execute(query, values).fetchall()
        except sqlite3.Error as error:
            raise self._stopped(error) from None

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            yield self._connection
            self._connection.execute("COMMIT")
        except sqlite3.Error as error:
            raise self._stopped(error) from None
        finally:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")

    def _stopped(self, error: sqlite3.Error) -> StoppedError:
        words = str(error).split("\n", 1)[0]
        return StoppedError(
            f"{self._path}: {words}; free some space or mend the file, then run again: nothing stored is lost"
        )
