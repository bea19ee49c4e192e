"""Step: the columns of the record, in its order."""

from __future__ import annotations

from lemma_steps.output.record import MEANINGS, normalise
from lemma_steps.steps.base import Row, RowStep


class FormatRecord(RowStep):
    """Leaves the columns of the record (design, "The record"), typed and in order; `None` where a row never got one.

    Rejected rows get them too: stock distilabel hands rows to a global step as a table, which takes its columns from
    the first row and drops what that one lacks.

    Output columns:
        - id (`str`): and all other columns of the record, with `rejected_by`, `reason`, `detail`.

    Categories:
        - columns
    """

    @property
    def outputs(self) -> list[str]:
        """Columns left."""
        return list(MEANINGS)

    async def advance(self, row: Row) -> list[Row]:
        """Unlike other steps, format rejected rows as well."""
        return [await self.process_row(row)]

    async def process_row(self, row: Row) -> Row:
        """The row as a record."""
        record = normalise(row)
        return {name: record.get(name) for name in MEANINGS}
