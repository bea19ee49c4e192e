"""What every step of the recipe shares: rows are processed one by one, and a rejected row stays in the stream.

`from __future__ import annotations` is absent on purpose: distilabel looks for `StepInput` in the evaluated annotation
of `process`.
"""

import asyncio
from abc import abstractmethod
from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any

from distilabel.steps import GeneratorStep, GlobalStep, Step, StepInput
from pydantic import PrivateAttr

from lemma_steps.errors import RejectionError
from lemma_steps.seeds import digest

if TYPE_CHECKING:
    from distilabel.typing import GeneratorStepOutput, StepOutput

Row = dict[str, Any]


def reject(row: Row, step: str, reason: str, detail: str = "") -> Row:
    """The row with the three columns that say which step rejected it, why, and on what evidence."""
    return {**row, "rejected_by": step, "reason": reason, "detail": detail}


def row_id(row: Row) -> str:
    """The id of a candidate: of what it is, never of reply text, so that a resumed run gives it again."""
    return digest(*(row.get(name) for name in ("problem_id", "origin", "index", "strategy", "method")))


def candidate(row: Row, method: str, index: int, solution: str | None) -> Row:
    """The row as the `index`-th candidate of its problem under a method that has no error columns (`sft`, `rft`, ...)."""
    own = {"method": method, "index": index, "solution": solution, "provenance": row.get("provenance") or []}
    made = {**row, **own}
    return {**made, "id": row_id(made)}


class RowStep(Step):
    """Base of the steps that treat each row alone: `process_row` is what the runner calls, `process` gathers over it.

    A row that an earlier step rejected is passed on untouched. A `RejectionError` costs the row that raised it; any other
    exception is a fault of the program and is not swallowed.
    """

    _loop: asyncio.AbstractEventLoop | None = PrivateAttr(default=None)

    @abstractmethod
    async def process_row(self, row: Row) -> Row | list[Row]:
        """The row with this step's columns added, or several rows where the step explodes one."""

    async def advance(self, row: Row) -> list[Row]:
        """`process_row`, with rejected rows passed on and rejections recorded."""
        if row.get("rejected_by"):
            return [row]
        try:
            result = await self.process_row(row)
        except RejectionError as rejection:
            return [reject({**row, **rejection.columns}, self.name, rejection.reason, rejection.detail)]
        return result if isinstance(result, list) else [result]

    def process(self, inputs: StepInput) -> "StepOutput":
        """Run `process_row` over a batch, for stock distilabel.

        Yields:
            The rows of the batch in order.
        """

        async def batch() -> list[list[Row]]:
            return await asyncio.gather(*(self.advance(row) for row in inputs))

        if self._loop is None:
            self._loop = asyncio.new_event_loop()
        yield [row for rows in self._loop.run_until_complete(batch()) for row in rows]

    async def aclose(self) -> None:
        """Finish what is under way in the running loop, and close what belongs to it."""

    def unload(self) -> None:
        """Close the loop that `process` opened."""
        if self._loop is not None:
            self._loop.run_until_complete(self.aclose())
            self._loop.close()
            self._loop = None
        super().unload()


class RowGenerator(GeneratorStep):
    """Base of the steps that a chain begins with: they give rows one by one."""

    @abstractmethod
    def _rows(self) -> Iterator[Row]:
        """The rows, in order."""

    def process(self, offset: int = 0) -> "GeneratorStepOutput":
        """Yield the rows in batches.

        Yields:
            Rows, and whether they are the last ones.
        """
        rows = self._rows()
        batch = list(islice(rows, self.batch_size))
        while following := list(islice(rows, self.batch_size)):
            yield batch, False
            batch = following
        yield batch, True


class OrderedStep(GlobalStep):
    """Base of the steps that must see all rows in input order.

    The runner hands rows over one by one as they become ready in order; stock distilabel hands over all rows at once.
    """

    @abstractmethod
    def process_in_order(self, row: Row) -> Row:
        """The row with this step's columns added; called in input order, for rejected rows too."""

    def process(self, inputs: StepInput) -> "StepOutput":
        """Run `process_in_order` over all rows, for stock distilabel.

        Yields:
            All rows in order.
        """
        yield [self.process_in_order(row) for row in inputs]
