"""From the files of an ended batch to the store's file, and to whoever waits."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from lemma_steps.llms.engine.batch_api import BatchApi, FileLostError
from lemma_steps.llms.engine.batch_lines import NO_MONEY, answer
from lemma_steps.llms.engine.batch_state import BatchState
from lemma_steps.llms.engine.exchange import ExchangeError

if TYPE_CHECKING:
    from openai.types import Batch

Replies = dict[str, dict[str, Any]]
CHUNK = 500
"""Replies that are written in one transaction and handed out together."""
_DOWNLOADS = 5
"""Times that the files of a batch are read before a line that should be in them is given up."""
_TOO_MUCH = {"token_limit_exceeded", "too_many_tasks"}


class QueueFullError(Exception):
    """The endpoint did not take the batch because it, or all that is queued there, is too large."""


class Collector:
    """Collects ended batches.

    Args:
        state: where replies are kept until the store has them.
        api: where they come from.
        poll_s: seconds between two tries where a line is missing.
        hand_out: called with replies that are on disk.
    """

    def __init__(self, state: BatchState, api: BatchApi, poll_s: float, hand_out: Callable[[Replies], None]) -> None:
        self._state, self._api, self._poll_s, self._hand_out = state, api, poll_s, hand_out

    async def collect(self, intent: str, remote: Batch) -> dict[str, ExchangeError]:
        """Keep and hand out every reply of a batch; the requests that got none, and why.

        Raises:
            QueueFullError: nothing was answered, and a smaller or later batch may be taken.
            RefusedError, StoppedError: no batch can succeed: no such model, no money, cancelled by hand.
        """
        held = self._state.keys(intent)
        failed: dict[str, ExchangeError] = {}
        promised = remote.request_counts.completed + remote.request_counts.failed if remote.request_counts else 0
        for _ in range(_DOWNLOADS if remote.output_file_id or remote.error_file_id else 0):
            seen = await self._api.patiently(lambda: self._read(remote, held, failed), f"download of batch {remote.id}")
            if seen >= promised or held.keys() <= failed.keys():
                break
            await asyncio.sleep(self._poll_s)
        if remote.status == "failed":
            failed = self._refused(intent, remote, held)
        self._state.end(intent, remote.status)
        if remote.status == "cancelled":
            raise self._api.stop(
                f"{self._api.root}: batch {remote.id} was cancelled there; its replies are kept; run again for the rest"
            )
        if remote.status == "expired":
            rest = ExchangeError("batch_expired", "not answered within the 24 hours of its batch", retryable=True)
        else:
            rest = ExchangeError("batch_line_missing", f"no answer in the files of batch {remote.id}", retryable=True)
        return {key: failed.get(key, rest) for key in held}

    async def _read(self, remote: Batch, held: dict[str, int], failed: dict[str, ExchangeError]) -> int:
        """Take the replies out of the files, and out of `held`; the number of lines that were there."""
        seen = 0
        for file_id in filter(None, (remote.output_file_id, remote.error_file_id)):
            replies: Replies = {}
            try:
                async for line in self._api.lines(file_id):
                    seen += 1
                    key, result = answer(line)
                    if key not in held:
                        continue
                    if isinstance(result, ExchangeError):
                        failed[key] = result
                    else:
                        replies[key] = result
                    if len(replies) >= CHUNK:
                        self._keep(replies, held)
                        await asyncio.sleep(0)
            except FileLostError:
                continue
            self._keep(replies, held)
        return seen

    def _keep(self, replies: Replies, held: dict[str, int]) -> None:
        self._state.collect(replies.items())
        for key in replies:
            del held[key]
        self._hand_out(replies)
        replies.clear()

    def _refused(self, intent: str, remote: Batch, held: dict[str, int]) -> dict[str, ExchangeError]:
        """Whose fault it is that the endpoint did not take the batch: a line's that it names, or everyone's."""
        errors = (remote.errors.data if remote.errors else None) or []
        codes = {error.code or "" for error in errors}
        words = "; ".join(f"{error.code}: {error.message}" for error in errors[:3]) or "no reason given"
        if codes & NO_MONEY or any("model" in code for code in codes):
            self._state.end(intent, remote.status)
            raise self._api.stop(f"{self._api.root}: batch {remote.id}: {words}; check the account and the model")
        if codes & _TOO_MUCH:
            raise QueueFullError(words)
        named = {error.line: f"{error.code}: {error.message}" for error in errors if error.line}
        return {
            key: ExchangeError("batch_failed", named.get(line, words), retryable=line not in named)
            for key, line in held.items()
        }
