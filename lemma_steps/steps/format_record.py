"""Step: the columns of the record, in its order."""

from __future__ import annotations

from lemma_steps.output.record import MEANINGS, normalise
from lemma_steps.steps.base import OrderedStep, Row


class FormatRecord(OrderedStep):
    """Leaves the columns of the record (design, "The record"), typed and in order; `None` where a row never got one.

    It stands last, also as one batch in stock distilabel, so that all rows have one schema.

    Output columns:
        - id (`str`): and all other columns of the record.

    Categories:
        - columns
    """

    @property
    def outputs(self) -> list[str]:
        """Columns left."""
        return list(MEANINGS)

    def process_in_order(self, row: Row) -> Row:
        """The row as a record, with the columns of a rejection in every row: a table takes its columns from the first."""
        record = normalise(row)
        return {name: record.get(name) for name in MEANINGS}
