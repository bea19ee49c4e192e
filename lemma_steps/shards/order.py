"""The order in which a part's kept and rejected rows left its chain, so that the parts can be read as one stream."""

from __future__ import annotations

import json
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyarrow import parquet

from lemma_steps.errors import RefusedError, StoppedError

NAME = "order.parquet"
REPORT = "report.json"
_FACTS = b"lemma"
_NAMES = ("total", "begin", "end", "before", "after", "report")


class Order:
    """Notes for every row of a part whether it was kept, and writes that beside the part's result.

    The file also says which report it belongs to and what block of the problems was read: a part is finished when its
    result and this file are there and fit.

    Args:
        directory: the part's directory.
        block: what the loader has read, asked for when the stream has ended (`LoadProblems.block`).
    """

    def __init__(self, directory: Path, block: Callable[[], Mapping[str, Any]]) -> None:
        self._directory, self._block = directory, block
        self._kept = bytearray()
        self._ended = False

    async def watch(self, rows: AsyncIterator[Mapping[str, Any]]) -> AsyncIterator[Mapping[str, Any]]:
        """The same rows, noted as they leave."""
        async for row in rows:
            self._kept.append(not row.get("rejected_by"))
            yield row
        self._ended = True

    async def settle(self, writing: Awaitable[dict[str, Any]]) -> dict[str, Any]:
        """Wait for the part's result to be written, then write the order; the content of the part's `report.json`.

        A part that keeps no row is no error: whether the whole run keeps one is found out when the parts are merged.

        Raises:
            RefusedError, StoppedError: what the writing raised before the stream had ended.
            StoppedError: the file cannot be written.
        """
        try:
            report = await writing
        except RefusedError:
            if not self._ended or any(self._kept):
                raise
            report = json.loads((self._directory / REPORT).read_text(encoding="utf-8"))
        try:
            self._write()
        except OSError as error:
            raise StoppedError(
                f"{self._directory / NAME}: {error.strerror or error}; free some space and run again"
            ) from error
        return report

    def _write(self) -> None:
        partial = self._directory / f".{NAME}.partial"
        facts = {**self._block(), "report": report_digest(self._directory)}
        table = pa.table({"kept": pa.array(map(bool, self._kept), pa.bool_())})
        parquet.write_table(table.replace_schema_metadata({_FACTS: json.dumps(facts)}), partial, compression="zstd")
        os.replace(partial, self._directory / NAME)


def report_digest(directory: Path) -> str:
    """Hash of a part's report, which names its moment: two results are never taken for each other."""
    return sha256((directory / REPORT).read_bytes()).hexdigest()


def read_facts(directory: Path) -> dict[str, Any]:
    """What the order file says of its part: `total`, `begin`, `end`, `before`, `after`, `report`; and its `rows`.

    Raises:
        OSError, ValueError, KeyError: there is no such file, or it is not ours.
    """
    with parquet.ParquetFile(directory / NAME) as file:
        facts = json.loads((file.schema_arrow.metadata or {})[_FACTS])
        return {**{name: facts[name] for name in _NAMES}, "rows": file.metadata.num_rows}


def read_order(directory: Path) -> Iterator[bool]:
    """For every row of the stream whether it was kept."""
    with parquet.ParquetFile(directory / NAME) as file:
        for batch in file.iter_batches(batch_size=100_000):
            yield from batch.column(0).to_pylist()
