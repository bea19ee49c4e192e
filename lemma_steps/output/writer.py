"""Writes kept and rejected rows as they come, and puts the files in place together at the end."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO

import pyarrow as pa
from pyarrow import parquet

from lemma_steps.output.record import KEPT_SCHEMA, REJECTED_SCHEMA, Row, faults, normalise

ROWS_PER_GROUP = 1000
CHARACTERS_PER_GROUP = 16_000_000
"""A row group closes at either bound, so that memory stays flat with a million short rows or a few of a megabyte."""


@contextmanager
def _naming(path: Path) -> Iterator[None]:
    """Makes an `OSError` say which file it is about: a failed write does not know."""
    try:
        yield
    except OSError as error:
        raise OSError(error.errno, error.strerror or str(error), str(path)) from error


class _ParquetFile:
    """One Parquet file, written row group by row group."""

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self.path, self._schema = path, schema
        self._rows: list[Row] = []
        self._characters = 0
        with _naming(path):
            self._file: BinaryIO = path.open("wb")
            self._writer = parquet.ParquetWriter(self._file, schema, compression="zstd")

    def write(self, record: Row) -> None:
        self._rows.append(record)
        self._characters += sum(len(value) for value in record.values() if isinstance(value, str))
        if len(self._rows) >= ROWS_PER_GROUP or self._characters >= CHARACTERS_PER_GROUP:
            self._flush()

    def _flush(self) -> None:
        with _naming(self.path):
            self._writer.write_table(pa.Table.from_pylist(self._rows, self._schema))
        self._rows, self._characters = [], 0

    def close(self) -> None:
        if self._rows:
            self._flush()
        with _naming(self.path):
            self._writer.close()
            self._file.close()

    def abandon(self) -> None:
        with suppress(OSError, pa.ArrowException):
            self._writer.close()
        with suppress(OSError):
            self._file.close()


class DatasetWriter:
    """The result folder: `train.parquet`, `train.jsonl`, `rejected.parquet`, and texts such as the report.

    Everything is written beside its final name and put in place when the writer closes, all files or none; an existing
    result stays as it was until then. The same rows give the same bytes: no time, no path, no order but that of arrival.

    Args:
        output_dir: made if it does not exist.

    Raises:
        OSError: the folder or a file cannot be written; `filename` says which.

    Example:
        >>> with DatasetWriter("out") as writer:
        ...     for row in rows:
        ...         writer.write(row)
        ...     writer.write_text("report.json", text)
    """

    def __init__(self, output_dir: str | Path) -> None:
        self.output_dir = Path(output_dir)
        self.output_dir.mkdir(parents=True, exist_ok=True)
        self.kept = self.rejected = 0
        self._names: list[str] = []
        self._train = _ParquetFile(self._beside("train.parquet"), KEPT_SCHEMA)
        self._refused = _ParquetFile(self._beside("rejected.parquet"), REJECTED_SCHEMA)
        with _naming(path := self._beside("train.jsonl")):
            self._jsonl: BinaryIO = path.open("wb")

    def write(self, row: Mapping[str, Any]) -> Row:
        """Write one row of the stream, rejected if `rejected_by` is set, and return its record.

        Raises:
            ValueError: a row counted as kept is not what a kept row must be.
            TypeError: a value is not of its column's type.
            OSError: the disk is full or the file cannot be written.
        """
        record = normalise(row)
        if row.get("rejected_by"):
            self._refused.write(record)
            self.rejected += 1
            return record
        if wrong := faults(record):
            raise ValueError(f"row {record['id']} cannot be kept: {'; '.join(wrong)}")
        self._train.write(record)
        line = json.dumps(record, ensure_ascii=False, separators=(",", ":")) + "\n"
        with _naming(Path(self._jsonl.name)):
            self._jsonl.write(line.encode("utf-8"))
        self.kept += 1
        return record

    def write_text(self, name: str, text: str) -> None:
        """Add a text file to the result, UTF-8 with plain newlines; it is put in place with the rows."""
        with _naming(path := self._beside(name)):
            path.write_bytes(text.encode("utf-8", "replace"))

    def close(self) -> None:
        """Finish all files and put them in place; on failure the former result is put back."""
        try:
            self._train.close()
            self._refused.close()
            with _naming(Path(self._jsonl.name)):
                self._jsonl.close()
            self._put_in_place()
        except BaseException:
            self.discard()
            raise

    def discard(self) -> None:
        """Drop what was written; the former result stays."""
        self._train.abandon()
        self._refused.abandon()
        with suppress(OSError):
            self._jsonl.close()
        for name in self._names:
            with suppress(OSError):
                self._partial(name).unlink(missing_ok=True)

    def _partial(self, name: str) -> Path:
        return self.output_dir / f".{name}.partial"

    def _beside(self, name: str) -> Path:
        if name not in self._names:
            self._names.append(name)
        return self._partial(name)

    def _put_in_place(self) -> None:
        moved: list[tuple[Path, Path]] = []

        def move(source: Path, target: Path) -> None:
            os.replace(source, target)
            moved.append((source, target))

        former = {name: self.output_dir / f".{name}.former" for name in self._names}
        try:
            for name in self._names:
                if (target := self.output_dir / name).exists():
                    move(target, former[name])
                move(self._partial(name), target)
        except BaseException:
            for source, target in reversed(moved):
                os.replace(target, source)
            raise
        for path in former.values():
            path.unlink(missing_ok=True)

    def __enter__(self) -> DatasetWriter:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close() if kind is None else self.discard()
