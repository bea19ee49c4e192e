"""Requests answered by OpenAI's batch API: within a day, for half the price."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from lemma_steps.errors import StoppedError
from lemma_steps.llms.engine.batch_api import BatchApi, FileLostError, FileTooLargeError
from lemma_steps.llms.engine.batch_collect import Collector, QueueFullError, Replies
from lemma_steps.llms.engine.batch_lines import request_line
from lemma_steps.llms.engine.batch_state import BatchRecord, BatchState
from lemma_steps.llms.engine.exchange import ExchangeError

if TYPE_CHECKING:
    import openai
    from openai.types import Batch

    from lemma_steps.llms.engine.store import RequestStore

_LONGEST_HOLD_S = 1800.0
_NO_LIMIT = 1_000_000
_PRUNE_EVERY = 2000
"""Replies handed out between two looks at which of them the store has by now."""


@dataclass(slots=True)
class BatchProgress:
    """One open batch, for the live display. `submitted_at` is in seconds since 1970, 0 before the batch exists."""

    id: str = ""
    state: str = "uploading"
    done: int = 0
    total: int = 0
    submitted_at: int = 0

    def see(self, batch: Batch) -> None:
        """Take over what the endpoint says."""
        self.id, self.state, self.submitted_at = batch.id, batch.status, batch.created_at
        if batch.request_counts:
            self.done = batch.request_counts.completed + batch.request_counts.failed


@dataclass(slots=True)
class _Wait:
    """Askers of one request, and its body for as long as a batch may still have to be made of it."""

    body: dict[str, Any]
    future: asyncio.Future[dict[str, Any]]
    askers: int = 0


@dataclass(slots=True)
class _Group:
    """Requests for one model that no batch holds yet: a batch takes one model only."""

    sizes: dict[str, int] = field(default_factory=dict)
    bytes: int = 0


class BatchQueue:
    """Gathers requests, submits them as batches, and hands every reply to whoever asked, in this process or a later one.

    Our own, because distilabel's `offline_batch_generate` gives up a failed, expired or cancelled batch with all its finished
    lines, reads no error file, and cannot tell after a kill whether a batch was submitted.

    **When a batch is flushed.** When every live row waits for a reply, or a batch is full. That every row waits shows in
    that nothing has asked for `quiet_s` while no replies are being handed out. In the recipe's runner all rows live on one
    event loop: a row that does not wait is either running there, which keeps this queue's clock from running too, or checks
    an answer in the pool, which seldom takes as long. In stock distilabel each step is a process with a loop of its own,
    which takes one batch of rows at a time and asks for all of them at once; quiet means that all have asked. A row that is
    late all the same joins the next batch: that costs neither money nor a row, and holds up nobody, for batches run side by
    side.

    **What a kill costs: nothing.** The store's file says which request is in which batch (`BatchState`), in this order:
    the intent, then the upload, then the file's id, then the submission, then the batch's id. An intent without a file was
    never submitted. One with a file but no batch is searched for at the endpoint by its name before it is submitted again.
    A request that an open batch holds waits for that batch. Replies are written to the store's file when a batch is
    collected, before anyone gets them, and leave it when the engine has stored them under the same key; so whoever asks
    late, or after a restart, finds them there, and memory holds some hundreds that nobody has taken.

    Belongs to the event loop in which it is first used; `close` it there. Two processes that ask for the same request in the
    same moment may both submit it; the steps of a pipeline ask for different ones.

    Args:
        client: of the openai library, for one endpoint and key.
        store: the request store; its file keeps the state.
        quiet_s: seconds without a new request after which a batch is flushed.
        poll_s: seconds between two looks at an open batch.
        endpoint: path of the API that answers the lines.
        max_requests: lines of one batch; OpenAI's limit by default.
        max_bytes: bytes of one batch; OpenAI's limit is 200 MB.
        backoff_s: first wait after a failed call, doubled up to five minutes.
        settle_s: seconds after which a batch that was made is surely listed.
        patience_s: seconds of failing calls after which the run stops, resumable.
    """

    def __init__(
        self,
        client: openai.AsyncOpenAI,
        store: RequestStore,
        *,
        quiet_s: float = 2.0,
        poll_s: float = 30.0,
        endpoint: str = "/v1/chat/completions",
        max_requests: int = 50_000,
        max_bytes: int = 180_000_000,
        backoff_s: float = 1.0,
        settle_s: float = 60.0,
        patience_s: float = 24 * 3600.0,
    ) -> None:
        self._state = BatchState(store.connection, store.path)
        self._api = BatchApi(
            client,
            endpoint=endpoint,
            begun=self._state.any_submitted() or store.ledger.totals.calls > 0,
            backoff_s=backoff_s,
            settle_s=settle_s,
            patience_s=patience_s,
        )
        self._collector = Collector(self._state, self._api, poll_s, self._hand_out)
        self._folder, self._endpoint = store.path.parent, endpoint
        self._quiet_s, self._poll_s = quiet_s, poll_s
        self._most, self._max_bytes = max_requests, max_bytes
        self._waits: dict[str, _Wait] = {}
        self._groups: dict[str, _Group] = {}
        self._progress: dict[str, BatchProgress] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._handed: set[str] = set()
        self._unpruned = 0
        self._timer: asyncio.TimerHandle | None = None
        self._uploading = asyncio.Lock()
        self._asked_at, self._handing = 0.0, 0
        self._max_requests, self._max_open = self._most, _NO_LIMIT
        self._hold_until, self._held_back = 0.0, 0
        self._error: Exception | None = None

    @property
    def waiting(self) -> int:
        """Requests that wait for their reply."""
        return len(self._waits)

    @property
    def batches(self) -> list[BatchProgress]:
        """The open batches of this process, oldest first."""
        return list(self._progress.values())

    async def ask(self, key: str, body: dict[str, Any]) -> dict[str, Any]:
        """The response body of one request, as the HTTP API gives it.

        Args:
            key: the request's key, 32 hex digits; the reply must be stored under it, good or not, before it is asked for
                again: asking again means that another reply is wanted.
            body: the request's JSON.

        Raises:
            ExchangeError: this request failed; where `retryable`, asking again puts it into the next batch.
            RefusedError, StoppedError: no request can succeed: wrong key, no batch API, no money, a cancelled batch.
        """
        loop = asyncio.get_running_loop()
        if self._error is not None:
            raise self._error
        self._asked_at = loop.time()
        wait = self._waits.get(key)
        if wait is None:
            if (reply := self._collected(key)) is not None:
                return reply
            wait = self._waits[key] = _Wait(body, loop.create_future())
            self._place(key, wait)
        wait.askers += 1
        try:
            return await asyncio.shield(wait.future)
        finally:
            wait.askers -= 1
            if not wait.askers and self._waits.get(key) is wait:
                self._drop(key)

    async def close(self) -> None:
        """Stop polling; the batches go on at the endpoint, and the next process that asks collects them."""
        if self._timer is not None:
            self._timer.cancel()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._state.prune()

    def _collected(self, key: str) -> dict[str, Any] | None:
        if key in self._handed:
            self._handed.discard(key)
            self._state.forget(key)
            return None
        reply = self._state.reply(key)
        if reply is not None:
            self._handed.add(key)
        return reply

    def _place(self, key: str, wait: _Wait) -> None:
        """Wait for the batch that holds this request, or gather it for a new one."""
        batch = self._state.batch_of(key)
        if batch is None:
            self._gather(key, wait)
        elif batch.intent in self._progress:
            pass
        elif batch.file_id is None:  # killed before it could be submitted
            self._state.end(batch.intent, "abandoned")
            self._gather(key, wait)
        elif batch.endpoint != self._api.root:
            self._drop(key)
            raise StoppedError(
                f"a batch of {batch.endpoint} holds requests of this run, which now uses {self._api.root}; run again with "
                "the endpoint as before, or in a new output directory"
            )
        else:
            self._start(self._follow(batch, self._opened(batch), {}))

    def _gather(self, key: str, wait: _Wait) -> None:
        size = len(request_line(key, self._endpoint, wait.body))
        if size > self._max_bytes:
            self._fail(key, ExchangeError("request_too_long", f"{size:,} bytes; {self._max_bytes:,} at most"))
            return
        model = str(wait.body.get("model"))
        group = self._groups.setdefault(model, _Group())
        if len(group.sizes) >= self._max_requests or group.bytes + size > self._max_bytes:
            self._flush(model)
            group = self._groups.setdefault(model, _Group())
        group.sizes[key] = size
        group.bytes += size
        self._arm(self._quiet_s)

    def _arm(self, seconds: float) -> None:
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(seconds, self._when_quiet)

    def _when_quiet(self) -> None:
        self._timer = None
        quiet_for = asyncio.get_running_loop().time() - self._asked_at
        if self._handing or quiet_for < self._quiet_s:
            self._arm(max(self._quiet_s - quiet_for, self._quiet_s / 10))
            return
        for model in list(self._groups):
            self._flush(model)

    def _flush(self, model: str) -> None:
        keys = list(self._groups.pop(model).sizes)
        for begin in range(0, len(keys), self._max_requests):
            self._start(self._submit(keys[begin : begin + self._max_requests]))

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(self._guarded(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _guarded(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except Exception as error:  # a fault of ours included: nobody may wait for ever
            self._error = error
            for key in list(self._waits):
                self._fail(key, error)

    async def _submit(self, keys: list[str]) -> None:
        loop = asyncio.get_running_loop()
        while len(self._progress) >= self._max_open or loop.time() < self._hold_until:
            await asyncio.sleep(self._poll_s)
        if bodies := {key: self._waits[key].body for key in keys if key in self._waits}:
            batch = self._state.intend(uuid.uuid4().hex, self._api.root, list(bodies))
            await self._follow(batch, self._opened(batch), bodies)

    def _opened(self, batch: BatchRecord) -> BatchProgress:
        progress = self._progress[batch.intent] = BatchProgress(total=batch.lines)
        return progress

    async def _follow(self, batch: BatchRecord, progress: BatchProgress, bodies: Replies) -> None:
        """See one batch through: from wherever its record says that it is to its replies in the right hands."""
        try:
            batch_id = batch.batch_id or await self._submitted(batch, bodies)
            bodies.clear()
            remote = await self._api.ended(batch_id, self._poll_s, progress.see)
            self._handing += 1
            try:
                self._prune()
                failed = await self._collector.collect(batch.intent, remote)
            finally:
                self._handing -= 1
                self._asked_at = asyncio.get_running_loop().time()
            for key, error in failed.items():
                self._fail(key, error)
            self._max_requests, self._max_open = min(2 * self._max_requests, self._most), self._max_open + 1
            self._held_back = 0
        except (FileLostError, FileTooLargeError, QueueFullError) as error:
            self._retreat(batch.intent, error)
        finally:
            del self._progress[batch.intent]

    async def _submitted(self, batch: BatchRecord, bodies: Replies) -> str:
        file_id, tried_at = batch.file_id, batch.touched_at if batch.file_id else None
        if file_id is None:
            lines = (request_line(key, self._endpoint, body) for key, body in bodies.items())
            async with self._uploading:
                file_id = await self._api.upload(f"lemma-{batch.intent}", lines, self._folder)
            self._state.uploaded(batch.intent, file_id)
        batch_id = await self._api.submit(batch.intent, file_id, tried_at)
        self._state.submitted(batch.intent, batch_id)
        return batch_id

    def _prune(self) -> None:
        """Make room in the file, all through a collection: it then grows by some replies, not by a whole batch."""
        self._state.prune()
        self._handed &= self._state.collected()
        self._unpruned = 0

    def _hand_out(self, replies: Replies) -> None:
        self._unpruned += len(replies)
        if self._unpruned >= _PRUNE_EVERY:
            self._prune()
        for key, body in replies.items():
            if (wait := self._waits.pop(key, None)) is not None:
                self._handed.add(key)
                wait.future.set_result(body)

    def _retreat(self, intent: str, error: FileLostError | FileTooLargeError | QueueFullError) -> None:
        """A batch was not taken: nothing was answered and nothing is paid. Submit its requests later, or fewer at once."""
        keys, others = list(self._state.keys(intent)), len(self._progress) - 1
        self._state.end(intent, "abandoned")
        if isinstance(error, QueueFullError) and others:
            self._max_open = others
        elif isinstance(error, FileTooLargeError) and len(keys) == 1:
            self._fail(keys[0], ExchangeError("request_too_long", str(error)))
        else:
            if not isinstance(error, FileLostError):
                self._max_requests = max(1, len(keys) // 2)
            if not isinstance(error, FileTooLargeError):
                self._hold()
        for key in keys:
            if (wait := self._waits.get(key)) is not None:
                self._gather(key, wait)

    def _hold(self) -> None:
        """Submit nothing for a while, longer each time: what is in the way is not of this run."""
        wait = min(self._poll_s * 2**self._held_back, _LONGEST_HOLD_S)
        self._hold_until = asyncio.get_running_loop().time() + wait
        self._held_back += 1

    def _fail(self, key: str, error: Exception) -> None:
        if (wait := self._waits.pop(key, None)) is not None:
            wait.future.set_exception(error)

    def _drop(self, key: str) -> None:
        wait = self._waits.pop(key)
        wait.future.cancel()
        group = self._groups.get(str(wait.body.get("model")))
        if group is not None and key in group.sizes:
            group.bytes -= group.sizes.pop(key)
