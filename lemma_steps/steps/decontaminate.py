"""Step: test questions leave before anything is paid for."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from pydantic import PrivateAttr

from lemma_steps.contamination import Match, shipped_index
from lemma_steps.errors import RejectionError
from lemma_steps.steps.base import Row, RowStep

REMEMBERED = 20_000
"""Questions whose match is kept in memory: sets of solutions ask all of GSM8K's and MATH's again and again."""


class Decontaminate(RowStep):
    """Rejects problems whose question is that of an evaluation set, whole or nearly so.

    The index holds hashes only; it knows the sets of the paper and those rewritten from them (MathChat, ProcessBench, ...).

    Input columns:
        - question (`str`): the problem.

    Categories:
        - filtering
    """

    _query: Callable[[str], Match | None] | None = PrivateAttr(default=None)

    @property
    def inputs(self) -> list[str]:
        """Columns read."""
        return ["question"]

    def load(self) -> None:
        """Read the shipped index."""
        super().load()
        self._query = lru_cache(REMEMBERED)(shipped_index().query)

    async def process_row(self, row: Row) -> Row:
        """Look the question up."""
        assert self._query is not None, "load() first"
        if match := self._query(row["question"]):
            raise RejectionError(
                "contaminated",
                f"{match.kind} match with {match.set} row {match.row} (similarity {match.similarity:.2f})",
            )
        return row
