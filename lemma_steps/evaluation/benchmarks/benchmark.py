"""The rows of a benchmark set, from a local folder or from the public sources, checked against the published set."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from logging import getLogger
from pathlib import Path
from typing import Any

from lemma_steps.errors import RefusedError
from lemma_steps.evaluation.benchmarks.digests import Places, read_digests, row_digest
from lemma_steps.evaluation.benchmarks.registry import Benchmark, benchmark
from lemma_steps.evaluation.benchmarks.remote import read_source
from lemma_steps.sources.files import read_file

Row = dict[str, Any]
BUILD = "build the folder again with python recipes/build_eval_data.py --output FOLDER"
_log = getLogger(__name__)


@dataclass(frozen=True)
class Loaded:
    """Rows of a set that passed the checks.

    Attributes:
        rows: in the order of the full set. Columns: those of the local layout that a digest covers, and `_row`, the
            0-based place in the full set.
        total: rows of the full set.
        stand_in: the rows were checked against other digests than the shipped ones: they are not the published set.
    """

    rows: list[Row]
    total: int
    stand_in: bool = False

    @property
    def subset(self) -> str | None:
        """What a result must say of these rows, such as "1,219 of 1,319 rows"; None for the full published set."""
        if self.stand_in:
            return f"{len(self.rows):,} stand-in rows"
        return None if len(self.rows) == self.total else f"{len(self.rows):,} of {self.total:,} rows"


def load(name: str, *, folder: Path | None = None, subset: bool | None = None, digests: Path | None = None) -> Loaded:
    """The rows of a set, in the order of the full set, whatever their order where they come from.

    Args:
        name: a name of `benchmarks.yaml`.
        folder: where the local files are; default `LEMMA_DATA`, and without it the public sources.
        subset: whether rows of a local file may be missing; default: whether `LEMMA_DATA_SUBSET` is 1.
        digests: digests of the full sets; default `LEMMA_DIGESTS`, and without it the published sets'. Others are for
            rows that stand in for a set, in tests and demonstrations: every result then says so.

    Raises:
        RefusedError: the set is unknown, missing or unreadable, or a row is missing, altered or there twice.
    """
    wanted = benchmark(name)
    folder = folder or _path("LEMMA_DATA")
    if folder is None:
        return from_public_sources(wanted, digests)
    path = local_file(wanted, folder)
    loaded = check(wanted, read_file(path), f"{path}", BUILD, digests)
    subset = os.environ.get("LEMMA_DATA_SUBSET") == "1" if subset is None else subset
    if (missing := loaded.total - len(loaded.rows)) and not subset:
        raise RefusedError(
            f"{name}: {missing:,} of {loaded.total:,} rows are missing in {path}; {BUILD}, "
            "or set LEMMA_DATA_SUBSET=1 to evaluate on the rest, which every result will then say"
        )
    return loaded


def from_public_sources(wanted: Benchmark, digests: Path | None = None) -> Loaded:
    """The full set from the first of its public sources that gives it.

    Raises:
        RefusedError: none does; the text says why each did not.
    """
    failures = []
    for source in wanted.sources:
        try:
            rows, where = read_source(source)
            loaded = check(wanted, enumerate(rows, 1), where, "take another source", digests)
        except RefusedError as error:
            failures.append(str(error))
            continue
        if len(loaded.rows) == loaded.total:
            if failures:
                _log.warning("%s: read from %s, because %s", wanted.name, where, "; ".join(failures))
            return loaded
        failures.append(f"{where} holds {len(loaded.rows):,} of {loaded.total:,} rows")
    raise RefusedError(
        f"{wanted.name}: no public source gives it ({'; '.join(failures)}); "
        "check the network, or name a folder that holds the set in LEMMA_DATA (recipes/build_eval_data.py makes one)"
    )


def local_file(wanted: Benchmark, folder: Path) -> Path:
    """The file of a set in a folder, compressed or not.

    Raises:
        RefusedError: there is none.
    """
    paths = [folder / f"{wanted.file}{suffix}" for suffix in (".jsonl.gz", ".jsonl")]
    for path in paths:
        if path.is_file():
            return path
    raise RefusedError(f"{wanted.name}: no file {paths[0]}; check LEMMA_DATA, or {BUILD}")


def check(
    wanted: Benchmark, rows: Iterable[tuple[int, Row]], where: str, remedy: str, digests: Path | None = None
) -> Loaded:
    """Rows, given with their numbers at `where`, as the part of the full set that they are.

    Raises:
        RefusedError: a row is not the set's, or there twice, or there are none; the text ends in `remedy`.
    """
    digests = digests or _path("LEMMA_DIGESTS")
    full = read_digests(wanted.name, digests)
    places = Places(full)
    found: dict[int, Row] = {}
    for number, row in rows:
        try:
            place = places.take(row_digest(row, wanted.checked))
        except KeyError:
            raise RefusedError(
                f"{wanted.name}: row {number} of {where} is altered, or no row of the published set "
                f"(its {', '.join(wanted.checked)}); {remedy}"
            ) from None
        if place is None:
            raise RefusedError(f"{wanted.name}: row {number} of {where} is there twice; {remedy}")
        found[place] = {"_row": place} | {column: row[column] for column in wanted.checked}
    if not found:
        raise RefusedError(f"{wanted.name}: {where} holds no rows; {remedy}")
    return Loaded([found[place] for place in sorted(found)], len(full), stand_in=digests is not None)


def _path(variable: str) -> Path | None:
    return Path(os.environ[variable]).expanduser() if os.environ.get(variable) else None
