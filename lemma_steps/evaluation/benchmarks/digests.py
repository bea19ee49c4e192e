"""Digests of rows: which row of a published set a row is, told without holding the set."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from lemma_steps.errors import RefusedError

Digests = NDArray[np.uint64]


def row_digest(row: Mapping[str, Any], columns: Sequence[str]) -> int:
    """64 bits of the row's `columns`. A number counts by its value: 145 and 145.0 are one.

    Raises:
        KeyError: the row lacks one of the columns.
    """
    text = json.dumps([_plain(row[column]) for column in columns], ensure_ascii=False, separators=(",", ":"))
    return int.from_bytes(sha256(text.encode("utf-8", "surrogatepass")).digest()[:8], "big")


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if not isinstance(value, int) or isinstance(value, bool):
        return value
    try:
        return float(value)
    except OverflowError:  # no number of a published row
        return str(value)


def read_digests(name: str, path: Path | None = None) -> Digests:
    """The digests of all rows of a set, in order; from the file that the package ships, or from `path`.

    Raises:
        RefusedError: `path` is no such file, or does not know the set.
    """
    try:
        with as_file(files(__package__).joinpath("digests.npz")) as shipped, np.load(path or shipped) as sets:
            found = sets[name]
        if found.dtype != np.uint64 or found.ndim != 1:
            raise ValueError(f"{found.ndim} dimensions of {found.dtype}")
        return found
    except (OSError, ValueError, KeyError, EOFError, BadZipFile):
        raise RefusedError(f"{path}: no digests of {name} there; check LEMMA_DIGESTS, or unset it") from None


def write_digests(sets: Mapping[str, Iterable[int]], path: Path) -> None:
    """Write the digests of whole sets to `path` (`.npz`)."""
    arrays: dict[str, Any] = {name: np.array(list(digests), np.uint64) for name, digests in sets.items()}
    with path.open("wb") as file:
        np.savez(file, **arrays)


class Places:
    """Tells rows their 0-based places in the full set; every place is given once.

    ASDiv, MAWPS and College-Math hold some problems twice: a digest may stand for more than one place.
    """

    def __init__(self, full: Digests) -> None:
        self._free: dict[int, list[int]] = defaultdict(list)
        for place, digest in enumerate(full.tolist()):
            self._free[digest].append(place)

    def take(self, digest: int) -> int | None:
        """The first free place of a row; None where all of its places are taken.

        Raises:
            KeyError: the full set has no such row.
        """
        if digest not in self._free:
            raise KeyError(digest)
        return self._free[digest].pop(0) if self._free[digest] else None
