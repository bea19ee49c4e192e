"""Step: the rows of a finished set, kept and rejected."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from lemma_steps.errors import RefusedError
from lemma_steps.output.record import MEANINGS
from lemma_steps.review.parent import Parent
from lemma_steps.steps.base import Row, RowGenerator


class LoadRows(RowGenerator):
    """Loads what a recipe wrote: all rows of a problem together, its kept ones first, both kinds in their order.

    Attributes:
        directory: the result folder.
        sha256: of its train.parquet; another one is refused.

    Output columns:
        - all of the record, with `rejected_by`, `reason`, `detail`; null where a row has none.

    Categories:
        - load
    """

    directory: str
    sha256: str

    @property
    def outputs(self) -> list[str]:
        """Columns made."""
        return list(MEANINGS)

    def load(self) -> None:
        """Look whether it is the set that was meant.

        Raises:
            RefusedError: it is not.
        """
        super().load()
        if Parent.read(Path(self.directory)).sha256 != self.sha256:
            raise RefusedError(f"{self.directory}: train.parquet is another than was reviewed; read it again")

    def _rows(self) -> Iterator[Row]:
        return ({name: row.get(name) for name in MEANINGS} for row in self._merged())

    def _merged(self) -> Iterator[Row]:
        """The two files merged. In each the problems come in one order, of which neither has all."""
        kept_path, rejected_path = (Path(self.directory) / name for name in ("train.parquet", "rejected.parquet"))
        waiting = {row["problem_id"] for row in _read(kept_path, ["problem_id"])}
        kept = groupby(_read(kept_path), itemgetter("problem_id"))
        for problem, rejected in groupby(_read(rejected_path), itemgetter("problem_id")):
            while problem in waiting:
                found, rows = next(kept)
                waiting.discard(found)
                yield from rows
            yield from rejected
        for _, rows in kept:
            yield from rows


def _read(path: Path, columns: list[str] | None = None) -> Iterator[dict[str, Any]]:
    try:
        with pq.ParquetFile(path) as table:
            for batch in table.iter_batches(1000, columns=columns):
                yield from batch.to_pylist()
    except (OSError, pa.ArrowException) as error:
        why = str(error).partition("\n")[0]
        raise RefusedError(f"{path}: cannot be read ({why}); make the set again") from None
