"""Writes kept and rejected rows as they come, and puts the files in place together at the end."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO

from lemma_steps.output.parquet_file import ParquetFile, naming
from lemma_steps.output.record import KEPT_SCHEMA, REJECTED_SCHEMA, Row, faults, normalise

FIGURES = "figures"


class DatasetWriter:
    """The result folder: `train.parquet`, `train.jsonl`, `rejected.parquet`, texts such as the report, and its `figures`.

    Everything is written beside its final name and put in place when the writer closes, all files or none; an existing
    result stays as it was until then. The same rows give the same bytes: nothing of the time or the machine is in them.

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
        self._recover()
        self.kept = self.rejected = 0
        self._names: list[str] = []
        self._train = ParquetFile(self._beside("train.parquet"), KEPT_SCHEMA)
        self._refused = ParquetFile(self._beside("rejected.parquet"), REJECTED_SCHEMA)
        with naming(path := self._beside("train.jsonl")):
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
        with naming(Path(self._jsonl.name)):
            self._jsonl.write(line.encode("utf-8"))
        self.kept += 1
        return record

    def write_text(self, name: str, text: str) -> None:
        """Add a text file to the result, UTF-8 with plain newlines; it is put in place with the rows."""
        with naming(path := self._beside(name)):
            path.write_bytes(text.encode("utf-8", "replace"))

    def write_figure(self, name: str, data: bytes) -> None:
        """Add a file to the folder `figures` of the result, which replaces the former one as a whole."""
        with naming(folder := self._beside(FIGURES)):
            folder.mkdir(exist_ok=True)
        with naming(path := folder / name):
            path.write_bytes(data)

    def close(self) -> None:
        """Finish all files and put them in place; on failure the former result is put back."""
        try:
            self._train.close()
            self._refused.close()
            with naming(Path(self._jsonl.name)):
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
                _remove(self._partial(name))

    def _partial(self, name: str) -> Path:
        return self.output_dir / f".{name}.partial"

    def _beside(self, name: str) -> Path:
        if name not in self._names:
            self._names.append(name)
        return self._partial(name)

    def _recover(self) -> None:
        """Settle what a writer left that was killed among its renames: all of them done, or none."""
        unfinished = list(self.output_dir.glob(".*.partial"))
        for former in self.output_dir.glob(".*.former"):
            if unfinished:
                target = self.output_dir / former.name[1:].removesuffix(".former")
                if target.is_dir():  # no folder takes the place of one that holds something
                    _remove(target)
                os.replace(former, target)
            else:
                _remove(former)
        for partial in unfinished:
            _remove(partial)

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
            _remove(path)

    def __enter__(self) -> DatasetWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close() if kind is None else self.discard()


def _remove(path: Path) -> None:
    """A file or a folder, if it is there."""
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
