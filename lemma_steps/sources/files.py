"""Rows of a local file, one at a time, each with its number in the file."""

from __future__ import annotations

import csv
import gzip
import json
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from lemma_steps.errors import RefusedError

SUFFIXES = (".jsonl", ".jsonl.gz", ".parquet", ".csv")
Record = dict[str, Any]


def is_file_spec(spec: str) -> bool:
    """Whether the spec names a file by its suffix (it need not exist)."""
    return spec.endswith(SUFFIXES)


def read_file(path: Path) -> Iterator[tuple[int, Record]]:
    """Rows with their 1-based number (the line for JSONL and CSV, the row for Parquet).

    Raises:
        RefusedError: the file is missing, empty, corrupt or not UTF-8, or a line is not an object.
    """
    if not path.is_file():
        raise RefusedError(f"{path}: {'not a regular file' if path.exists() else 'no such file'}; check --problems")
    if path.stat().st_size == 0:
        raise RefusedError(f"{path}: the file is empty; give a file with one problem per row")
    reader = _parquet if path.suffix == ".parquet" else _csv if path.suffix == ".csv" else _jsonl
    empty = True
    try:
        for item in reader(path):
            empty = False
            yield item
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise RefusedError(f"{path}: corrupt gzip ({error}); download or compress it again") from None
    except pa.ArrowInvalid as error:
        raise RefusedError(f"{path}: not a Parquet file ({str(error).splitlines()[0]}); write it again") from None
    except OSError as error:
        raise RefusedError(
            f"{path}: cannot be read ({error.strerror or error}); check the file and its permissions"
        ) from None
    if empty:
        raise RefusedError(f"{path}: holds no rows; give a file with one problem per row")


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            try:
                yield number, line.decode("utf-8-sig" if number == 1 else "utf-8")
            except UnicodeDecodeError as error:
                raise RefusedError(
                    f"{path}, row {number}: byte {error.start} of the line is not UTF-8; save the file as UTF-8"
                ) from None


def _jsonl(path: Path) -> Iterator[tuple[int, Record]]:
    for number, line in _lines(path):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise RefusedError(f"{path}, row {number}: not JSON ({error}); write one object per line") from None
        if not isinstance(record, dict):
            raise RefusedError(
                f"{path}, row {number}: a {type(record).__name__}, not an object; write one object per line"
            )
        yield number, record


def _csv(path: Path) -> Iterator[tuple[int, Record]]:
    csv.field_size_limit(2**31 - 1)
    reader = csv.DictReader((line for _, line in _lines(path)), strict=True)  # strict: an open quote eats all rows
    try:
        header = list(reader.fieldnames or ())
        if twice := sorted({name for name in header if header.count(name) > 1}):
            raise RefusedError(f"{path}, row 1: two columns are called {twice[0]}; rename one of them")
        for record in reader:
            record.pop(None, None)
            yield reader.line_num, record
    except csv.Error as error:
        raise RefusedError(f"{path}, row {reader.line_num}: not CSV ({error}); write the file again") from None


def _parquet(path: Path) -> Iterator[tuple[int, Record]]:
    number = 0
    with pq.ParquetFile(path) as table:
        for batch in table.iter_batches(batch_size=1000):
            for record in batch.to_pylist():
                number += 1
                yield number, record
