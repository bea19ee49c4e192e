"""Opens the set that a configuration or `--data` names, and says which bytes it is."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from lemma_steps.errors import RefusedError
from lemma_steps.sources.files import read_file
from lemma_steps.training.examples import ALSO_READ, COLUMNS, Examples

SUFFIXES = (".parquet", ".jsonl", ".jsonl.gz")
_OUTPUTS = ("train.parquet", "train.jsonl")


class TrainingSet(NamedTuple):
    """A set that can be trained on.

    Attributes:
        path: what to write under `datasets: path`: the file (of a folder, its train.parquet), or the Hub id.
        id: SHA-256 of the file in hex, or `ORG/NAME@revision`.
        examples: its rows, checked.
    """

    path: str
    id: str
    examples: Examples


def open_dataset(spec: str, dataset_type: str, *, revision: str | None = None, split: str = "train") -> TrainingSet:
    """The set that `spec` names, read as `dataset_type` reads it.

    Args:
        spec: a folder that a recipe wrote, a .parquet, .jsonl or .jsonl.gz file, or a Hub id.
        dataset_type: what stands under `datasets: type`, such as `lemma_steps.training.response`.
        revision: which one of a set on the Hub; None is its newest.
        split: of a set on the Hub.

    Raises:
        RefusedError: it is not there, empty or unreadable, lacks columns, or was made with another prompt.
    """
    kind = dataset_type.rpartition(".")[2]
    if kind not in COLUMNS or dataset_type != f"{__package__}.{kind}":
        types = ", ".join(f"{__package__}.{name}" for name in COLUMNS)
        raise RefusedError(f"datasets: type {dataset_type}: not one of {types}; name one of them")
    if Path(spec).exists() or spec.endswith(SUFFIXES) or spec.count("/") != 1:
        path = _file(Path(spec))
        return TrainingSet(str(path), _sha256(path), Examples(_Rows(path, kind), kind, str(path)))
    rows, found = _from_hub(spec, revision, split)
    return TrainingSet(spec, f"{spec}@{found}", Examples(rows, kind, spec))


class _Rows(Iterable[Mapping[str, Any]]):
    """The rows of a file, read anew each time; of a Parquet file only the columns that count, unless one is missing."""

    def __init__(self, path: Path, kind: str) -> None:
        self._path, self._columns = path, COLUMNS[kind]

    def __iter__(self) -> Iterator[Mapping[str, Any]]:
        if self._path.suffix != ".parquet":
            yield from (row for _, row in read_file(self._path))
            return
        try:
            with pq.ParquetFile(self._path) as table:
                names = table.schema_arrow.names
                wanted = [name for name in names if name in self._columns + ALSO_READ]
                for batch in table.iter_batches(1000, columns=wanted if {*self._columns} <= {*names} else None):
                    yield from batch.to_pylist()
        except pa.ArrowInvalid as error:
            why = str(error).splitlines()[0]
            raise RefusedError(f"{self._path}: not a whole Parquet file ({why}); write it again") from None


def _file(path: Path) -> Path:
    if path.is_dir():
        found = next((path / name for name in _OUTPUTS if (path / name).is_file()), None)
        if not found:
            raise RefusedError(f"{path}: no {' or '.join(_OUTPUTS)} in it; give the folder that a recipe wrote")
        path = found
    if not path.is_file():
        folder = path.parent if path.suffix else path
        raise RefusedError(f"{path}: no such file; make it with recipes/lemma.py --output {folder}, or name another")
    if not path.name.endswith(SUFFIXES):
        raise RefusedError(f"{path}: unknown kind of file; give one of {', '.join(SUFFIXES)}")
    if not path.stat().st_size:
        raise RefusedError(f"{path}: the file is empty; write it again")
    return path


def _sha256(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise RefusedError(f"{path}: cannot be read ({error.strerror}); check its permissions") from None


def _from_hub(spec: str, revision: str | None, split: str) -> tuple[Any, str]:
    from datasets import load_dataset
    from huggingface_hub import HfApi

    try:
        found = HfApi().dataset_info(spec, revision=revision).sha or "main"
        return load_dataset(spec, revision=found, split=split), found
    except Exception as error:  # the Hub client raises errors of a dozen unrelated classes
        why = str(error).strip().split("\n", 1)[0][:200]
        raise RefusedError(
            f"{spec}: neither a file here nor a set that can be loaded from the Hub ({why}); check the name and the network"
        ) from None
