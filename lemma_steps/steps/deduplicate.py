"""Step: no trajectory twice."""

from __future__ import annotations

from pydantic import PrivateAttr

from lemma_steps.duplicates import SeenRows
from lemma_steps.steps.base import OrderedStep, Row, reject


class Deduplicate(OrderedStep):
    """Rejects a trajectory that repeats an earlier one exactly or nearly; the first in input order stays.

    Nearly means almost the same text, or the same erroneous prefix and correction with another reflection between. What
    was seen is kept in a temporary file: memory stays flat. Rows of one question should follow each other; where they do
    not, the same rows are rejected, more slowly.

    Input columns:
        - id, question, output, erroneous_prefix, correction (`str`): the trajectory and its parts.
        - error_begin, error_end (`int`): where its wrong step stands; another wrong step makes another trajectory;
            null in rows without an error.

    Categories:
        - filtering
    """

    _seen: SeenRows | None = PrivateAttr(default=None)

    @property
    def inputs(self) -> list[str]:
        """Columns read."""
        return ["id", "question", "output", "erroneous_prefix", "correction", "error_begin", "error_end"]

    def load(self) -> None:
        """Begin with nothing seen."""
        super().load()
        self._seen = SeenRows()

    def unload(self) -> None:
        """Forget what was seen."""
        if self._seen is not None:
            self._seen.close()
        self._seen = None
        super().unload()

    def process_in_order(self, row: Row) -> Row:
        """Compare with all rows before."""
        assert self._seen is not None, "load() first"
        if row.get("rejected_by"):
            return row
        found = self._seen.check(row)
        return reject(row, self.name or "deduplicate", *found) if found else row
