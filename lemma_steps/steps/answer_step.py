"""The base of the steps that compare answers."""

from __future__ import annotations

import asyncio

from pydantic import PrivateAttr

from lemma_steps.answers import Verdict, VerifyPool
from lemma_steps.steps.base import RowStep


class AnswerStep(RowStep):
    """A row step with a killable process pool for answer checks, so that no answer can hold up the event loop."""

    timeout_s: float = 3.0

    _pool: VerifyPool | None = PrivateAttr(default=None)

    def load(self) -> None:
        """Start the pool."""
        super().load()
        self._pool = VerifyPool(timeout_s=self.timeout_s)

    def unload(self) -> None:
        """Stop the pool."""
        if self._pool is not None:
            self._pool.close()
            self._pool = None
        super().unload()

    async def check(self, gold: str, prediction: str) -> Verdict:
        """The verdict on `prediction` against `gold`."""
        assert self._pool is not None, "load() first"
        return await asyncio.wrap_future(self._pool.submit(gold, prediction))
