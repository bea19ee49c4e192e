"""The rows of a result that can be reviewed, streamed from its train.parquet."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from lemma_steps.errors import RefusedError
from lemma_steps.output.record import REQUIRED, REQUIRED_OF_LEMMA
from lemma_steps.segmentation import segment

Row = dict[str, Any]
_BATCH = 500


def kept_rows(directory: Path) -> Iterator[Row]:
    """The kept rows of `directory` in their order, a few hundred in memory at a time.

    Raises:
        RefusedError: there is no train.parquet, it cannot be read, it is no result of recipes/lemma.py, it is empty, or
            its rows have no error.
    """
    path = directory / "train.parquet"
    if not path.is_file():
        raise RefusedError(f"{directory}: no train.parquet; give the folder that recipes/lemma.py wrote")
    number = 0
    try:
        with pq.ParquetFile(path) as table:
            if missing := {*REQUIRED, *REQUIRED_OF_LEMMA} - set(table.schema_arrow.names):
                raise RefusedError(
                    f"{path}: no column {', '.join(sorted(missing))}; give the folder that recipes/lemma.py wrote"
                )
            for batch in table.iter_batches(_BATCH):
                for row in batch.to_pylist():
                    number += 1
                    yield checked(row, f"{path}, row {number}")
    except (OSError, pa.ArrowException) as error:
        why = str(error).partition("\n")[0]
        raise RefusedError(f"{path}: cannot be read ({why}); make the set again") from None
    if not number:
        raise RefusedError(f"{path}: no rows, nothing to review")


def checked(row: Row, where: str) -> Row:
    """The row, if there is an error in it to be reviewed.

    Raises:
        RefusedError: there is none, as in the rows of recipes/baselines.py.
    """
    if row.get("error_step") is None:
        raise RefusedError(
            f"{where}: method {row.get('method')} has no error step, nothing to review; "
            "give a set that recipes/lemma.py wrote"
        )
    return row


def steps_shown(row: Mapping[str, Any]) -> int:
    """How many steps of the row a reviewer sees and can name: those of its erroneous prefix."""
    return len(segment(row["erroneous_prefix"]))
