"""Step: no trajectory twice."""

from __future__ import annotations

from pydantic import PrivateAttr

from lemma_steps.duplicates import FirstSeen, SeenTrajectories
from lemma_steps.seeds import digest
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

    _seen: SeenTrajectories | None = PrivateAttr(default=None)
    _errors: FirstSeen | None = PrivateAttr(default=None)

    @property
    def inputs(self) -> list[str]:
        """Columns read."""
        return ["id", "question", "output", "erroneous_prefix", "correction", "error_begin", "error_end"]

    def load(self) -> None:
        """Begin with nothing seen."""
        super().load()
        self._seen, self._errors = SeenTrajectories(), FirstSeen()

    def unload(self) -> None:
        """Forget what was seen."""
        for seen in (self._seen, self._errors):
            if seen is not None:
                seen.close()
        self._seen = self._errors = None
        super().unload()

    def process_in_order(self, row: Row) -> Row:
        """Compare with all rows before."""
        assert self._seen is not None, "load() first"
        assert self._errors is not None, "load() first"
        if row.get("rejected_by"):
            return row
        wrong_step = ""
        if row["error_begin"] is not None:  # rows of other methods have no error
            error = digest(row["question"], row["erroneous_prefix"], row["correction"])
            if (first := self._errors.setdefault(error, row["id"])) != row["id"]:
                return reject(
                    row, self.name or "deduplicate", "near_duplicate", f"of {first}, in other words of reflection"
                )
            wrong_step = row["output"][row["error_begin"] : row["error_end"]]
        if found := self._seen.check(row["id"], row["output"], row["question"], wrong_step):
            return reject(row, self.name or "deduplicate", f"{found.kind}_duplicate", f"of {found.of}")
        return row
