"""The rows of a benchmark set, from a local folder or from the public sources, checked against the published set."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lemma_steps.errors import RefusedError
from lemma_steps.evaluation.digests import Places, read_digests, row_digest
from lemma_steps.evaluation.registry import Benchmark, benchmark
from lemma_steps.evaluation.remote import read_source
from lemma_steps.sources.files import read_file

Row = dict[str, Any]
BUILD = "build the folder again with python recipes/build_eval_data.py"


@dataclass(frozen=True)
class Loaded:
    """Rows of a set that passed the checks.

    Attributes:
        rows: in the order of the full set, with the columns of the local layout; `_row` is the 0-based place there.
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
        subset: whether rows may be missing; default: whether `LEMMA_DATA_SUBSET` is 1.
        digests: digests of the full sets; default `LEMMA_DIGESTS`, and without it the published sets'. Others are for
            rows that stand in for a set, in tests and demonstrations: every result then says so.

    Raises:
        RefusedError: the set is unknown, missing or unreadable, or a row is missing, altered or there twice.
    """
    wanted = benchmark(name)
    folder = folder or _path("LEMMA_DATA")
    digests = digests or _path("LEMMA_DIGESTS")
    subset = os.environ.get("LEMMA_DATA_SUBSET") == "1" if subset is None else subset
    if folder:
        path = local_file(wanted, folder)
        return checked(wanted, read_file(path), f"{path}", subset=subset, digests=digests)
    failures = []
    for source in wanted.sources:
        try:
            rows, where = read_source(source)
            return checked(wanted, enumerate(rows, 1), where, subset=subset, digests=digests)
        except RefusedError as error:
            failures.append(str(error))
    raise RefusedError(
        f"{name}: no public source gives it: {' | '.join(failures)}; "
        "check the network, or name a folder that holds it in LEMMA_DATA"
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


def checked(
    wanted: Benchmark, rows: Iterable[tuple[int, Row]], where: str, *, subset: bool = False, digests: Path | None = None
) -> Loaded:
    """Rows, given with their numbers at `where`, as the part of the full set that they are.

    Raises:
        RefusedError: a row is altered, there twice, or missing though no `subset` was asked for.
    """
    full = read_digests(wanted.name, digests)
    places = Places(full)
    found: dict[int, Row] = {}
    for number, row in rows:
        try:
            place = places.take(row_digest(row, wanted.checked))
        except KeyError:
            raise RefusedError(
                f"{wanted.name}: row {number} of {where} is no row of the published set, or altered "
                f"(columns {', '.join(wanted.checked)}); {BUILD}"
            ) from None
        if place is None:
            raise RefusedError(f"{wanted.name}: row {number} of {where} is there twice; {BUILD}")
        found[place] = {**row, "_row": place}
    if (missing := len(full) - len(found)) and not subset:
        raise RefusedError(
            f"{wanted.name}: {missing:,} of {len(full):,} rows are missing in {where}; {BUILD}, "
            "or set LEMMA_DATA_SUBSET=1 to evaluate on the subset, which every result will then say"
        )
    if not found:
        raise RefusedError(f"{wanted.name}: {where} holds no rows; {BUILD}")
    return Loaded([found[place] for place in sorted(found)], len(full), stand_in=digests is not None)


def _path(variable: str) -> Path | None:
    return Path(os.environ[variable]).expanduser() if os.environ.get(variable) else None
