"""Parquet files in row groups of bounded size, and write errors that name their file."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa
from pyarrow import parquet

from lemma_steps.output.record import Row

ROWS_PER_GROUP = 1000
CHARACTERS_PER_GROUP = 16_000_000
"""A row group closes at either bound, so that memory stays flat with a million short rows or a few of a megabyte."""


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """Makes an `OSError` say which file it is about: a failed write does not know."""
    try:
        yield
    except OSError as error:
        raise OSError(error.errno, error.strerror or str(error), str(path)) from error


class ParquetFile:
    """One Parquet file, written row group by row group; its bytes follow from the rows and the library's version."""

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self.path, self._schema = path, schema
        self._rows: list[Row] = []
        self._characters = 0
        with naming(path):
            self._file: BinaryIO = path.open("wb")
            self._writer = parquet.ParquetWriter(self._file, schema, compression="zstd")

    def write(self, record: Row) -> None:
        """Add one record of the schema."""
        self._rows.append(record)
        self._characters += sum(len(value) for value in record.values() if isinstance(value, str))
        if len(self._rows) >= ROWS_PER_GROUP or self._characters >= CHARACTERS_PER_GROUP:
            self._flush()

    def _flush(self) -> None:
        with naming(self.path):
            self._writer.write_table(pa.Table.from_pylist(self._rows, self._schema))
        self._rows, self._characters = [], 0

    def close(self) -> None:
        """Write what is left, and the footer."""
        if self._rows:
            self._flush()
        with naming(self.path):
            self._writer.close()
            self._file.close()

    def abandon(self) -> None:
        """Let go of the file, whatever state it is in."""
        with suppress(OSError, pa.ArrowException):
            self._writer.close()
        with suppress(OSError):
            self._file.close()
