"""The base of the steps that compare answers."""

from __future__ import annotations

import asyncio

from lemma_steps.answers import Verdict, shared_pool
from lemma_steps.steps.base import RowStep


class AnswerStep(RowStep):
    """A row step that checks answers in killable processes, so that no answer can hold up the event loop.

    Attributes:
        timeout_s: seconds that one comparison may take.
    """

    timeout_s: float = 3.0

    async def check(self, gold: str, prediction: str) -> Verdict:
        """The verdict on `prediction` against `gold`."""
        return await asyncio.wrap_future(shared_pool().submit(gold, prediction, timeout_s=self.timeout_s))
