"""Step: no trajectory twice."""

from __future__ import annotations

from pydantic import PrivateAttr

from lemma_steps.duplicates import SeenTrajectories
from lemma_steps.steps.base import OrderedStep, Row, reject


class Deduplicate(OrderedStep):
    """Rejects a trajectory that repeats an earlier one exactly or nearly; the first in input order stays.

    Input columns:
        - id, question, output (`str`): the trajectory.
        - error_begin, error_end (`int`): where its wrong step stands; another wrong step makes another trajectory.

    Categories:
        - filtering
    """

    _seen: SeenTrajectories | None = PrivateAttr(default=None)

    @property
    def inputs(self) -> list[str]:
        """Columns read."""
        return ["id", "question", "output", "error_begin", "error_end"]

    def load(self) -> None:
        """Forget what was seen."""
        super().load()
        self._seen = SeenTrajectories()

    def process_in_order(self, row: Row) -> Row:
        """Compare with all rows before."""
        assert self._seen is not None, "load() first"
        if row.get("rejected_by"):
            return row
        wrong_step = row["output"][row["error_begin"] : row["error_end"]]
        if found := self._seen.check(row["id"], row["output"], row["question"], wrong_step):
            return reject(row, self.name or "deduplicate", f"{found.kind}_duplicate", f"of {found.of}")
        return row
