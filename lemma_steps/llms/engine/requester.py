"""From a request to its stored replies: look up, send, judge, store, send again."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from lemma_steps.errors import CallFailedError, RefusedError, StoppedError
from lemma_steps.llms.engine.exchange import Exchange, ExchangeError
from lemma_steps.llms.engine.gate import Endpoint
from lemma_steps.llms.engine.keys import request_key
from lemma_steps.llms.engine.pace import Pace
from lemma_steps.llms.engine.store import Entry, RequestStore
from lemma_steps.llms.engine.usage import Usage
from lemma_steps.llms.engine.verdict import judge
from lemma_steps.seeds import seed_for

if TYPE_CHECKING:
    from lemma_steps.llms.engine.batch import BatchQueue
    from lemma_steps.llms.engine.prices import Prices

Body = dict[str, Any]
Answer = Entry | CallFailedError
Check = Callable[[str], None]
"""Raises CallFailedError where the text of a reply is no good to its asker."""

CHARS_PER_TOKEN = 4
FIRST_GUESS_OUT = 500
"""Tokens that a reply is expected to have, until there were some."""
SURRENDER_AT_START = 3
"""Attempts after which an endpoint that never answered is taken to be absent."""
DENIALS = 20
"""Refusals of access in a row after which a run that had replies ends."""
_OF_ONE_PROMPT = ("http_403", "http_404")
_LONGEST_BACKOFF_S = 30.0
_PROBES, _PROBE_EVERY_S = 5, 2.0
"""A server that is shutting down may hold its open connections for ever while it refuses new ones."""
_ASK_AGAIN = {"reply_truncated", "empty_reply", "garbled_reply", "reply_aborted", "reply_unparsed"}
"""Replies that another seed may mend; asked for once more."""


class Requester:
    """Asks one model at one endpoint; belongs to the event loop in which it is made.

    Args:
        exchange: the connection.
        url: names the endpoint, in messages too.
        path: `/chat/completions` or `/completions`.
        model: the model's name at the endpoint.
        store: where replies go before they are used.
        prices: what a call costs.
        cap: requests under way at once at this endpoint, all models together.
        max_attempts: how often one request may be sent.
        requests_per_minute, tokens_per_minute: limits of the model's account; `None` for none.
        batch: the batch queue that requests go through instead of the connection.
    """

    def __init__(
        self,
        exchange: Exchange,
        *,
        url: str,
        path: str,
        model: str,
        store: RequestStore,
        prices: Prices,
        cap: int,
        max_attempts: int,
        requests_per_minute: float | None = None,
        tokens_per_minute: float | None = None,
        batch: BatchQueue | None = None,
    ) -> None:
        self._exchange, self._url, self._path, self._model = exchange, url, path, model
        self._store, self._prices, self._max_attempts, self._batch = store, prices, max_attempts, batch
        self._endpoint = Endpoint.at(url, cap)
        self._gate = self._endpoint.gate(model, cap)
        self._requests, self._tokens = Pace(requests_per_minute), Pace(tokens_per_minute)
        self._under_way: dict[tuple[str, int], asyncio.Task[list[Answer]]] = {}
        self._sent: set[asyncio.Task[Any]] = set()
        self._watch: asyncio.Task[None] | None = None
        self._ended: Exception | None = None
        self._one_at_a_time = self._answered = False
        self._refusals = self._denials = 0

    async def ask(self, body: Body, n: int = 1, check: Check | None = None) -> list[Answer]:
        """Samples 0 to `n - 1` of one request: stored ones from the store, the others from the server.

        Raises:
            RefusedError, StoppedError: no request of this run can succeed; the text has the endpoint's own words.
        """
        keys = [request_key(body, index) for index in range(n)]
        found: dict[int, Answer] = {index: entry for index, key in enumerate(keys) if (entry := self._good(key, check))}
        if len(found) == n:
            return [found[index] for index in range(n)]
        task = self._under_way.get((keys[0], n))
        if task is None:
            task = self._under_way[keys[0], n] = asyncio.ensure_future(self._fetch(body, keys, found, check))
            task.add_done_callback(lambda _: self._under_way.pop((keys[0], n)))
            task.add_done_callback(self._note_end)
        return await asyncio.shield(task)

    def _note_end(self, task: asyncio.Task[Any]) -> None:
        """Remember what ended the run, so that nobody sends and pays any more."""
        error = None if task.cancelled() else task.exception()
        if isinstance(error, RefusedError | StoppedError):
            self._ended = self._ended or error

    @property
    def under_way(self) -> int:
        """Requests that were sent and are not answered yet."""
        return len(self._sent)

    @property
    def batches(self) -> list[str]:
        """The open batches of the batch API, a few words each."""
        open_ones = self._batch.batches if self._batch else []
        return [f"batch {batch.id or 'new'}: {batch.state}, {batch.done:,} of {batch.total:,}" for batch in open_ones]

    async def close(self) -> None:
        """Drop what was not sent, store the answers to what was, close the connections."""
        tasks = list(self._under_way.values())
        for task in tasks:
            task.cancel()
        if self._sent:
            self._suspect()
        await asyncio.gather(*tasks, *self._sent, return_exceptions=True)
        if self._watch is not None:
            self._watch.cancel()
        if self._batch is not None:
            await self._batch.close()
        await self._exchange.close()

    def _good(self, key: str, check: Check | None) -> Entry | None:
        entry = self._store.get(key)
        if entry is None or check is None:
            return entry
        try:
            check(entry.text or "")
        except CallFailedError:
            return None
        return entry

    async def _fetch(self, body: Body, keys: list[str], found: dict[int, Answer], check: Check | None) -> list[Answer]:
        """The missing samples: together if all are missing and the server can, else, and what failed, one by one.

        The same whether a run is resumed or not: what is asked together is stored together.
        """
        together = len(keys) > 1 and not found and not self._one_at_a_time
        refused = False
        if together:
            try:
                answers = await self._send_until_good(body | {"n": len(keys)}, keys, check)
            except CallFailedError as failure:
                if failure.reason not in ("http_400", "http_422"):
                    return [failure] * len(keys)
                answers, refused = [], True
            found = {index: answer for index, answer in enumerate(answers) if not _worth_another(answer)}
            self._one_at_a_time |= not refused and len(answers) < len(keys)
        missing = [index for index in range(len(keys)) if index not in found]
        alone = await asyncio.gather(*(self._alone(body, index, keys[index], check) for index in missing))
        # a server that takes no n says so with an error; so does one that does not take this prompt
        self._one_at_a_time |= refused and any(isinstance(answer, Entry) for answer in alone)
        found.update(zip(missing, alone, strict=True))
        return [found[index] for index in range(len(keys))]

    async def _alone(self, body: Body, index: int, key: str, check: Check | None) -> Answer:
        try:
            return (await self._send_until_good(_seeded(body, index), [key], check))[0]
        except CallFailedError as failure:
            return failure

    async def _send_until_good(self, body: Body, keys: list[str], check: Check | None) -> list[Answer]:
        """The answers to one request, sent `max_attempts` times at most. Bad replies are stored too: they were paid."""
        ticket, asked_again = next(self._endpoint.tickets), False
        lost_since: float | None = None
        for attempt in range(1, self._max_attempts + 1):
            wait = 0.0
            try:
                answers = await self._send(body, ticket, keys, check)
            except ExchangeError as error:
                lost_since = (lost_since or asyncio.get_running_loop().time()) if error.lost else None
                await self._give_up_run(error, attempt, lost_since, alone=body.get("n", 1) == 1)
                if not error.retryable or attempt == self._max_attempts:
                    raise CallFailedError(error.code, f"{error.detail} (sent {attempt} times)") from None
                wait = max(error.retry_after, _backoff(attempt))
                if self._batch is not None:
                    wait = 0.0  # it joins the next batch
            else:
                failure = answers[0]
                if len(keys) > 1 or not _worth_another(failure) or asked_again or attempt == self._max_attempts:
                    return answers
                asked_again, body = True, _seeded(body, 1)
            await asyncio.sleep(wait)
        raise AssertionError("the last attempt returns or raises")

    async def _send(self, body: Body, ticket: int, keys: list[str], check: Check | None) -> list[Answer]:
        expected = self._expected(body)
        usd = self._prices.usd(self._model, expected, batch=self._batch is not None)
        if self._batch is not None:
            async with self._store.ledger.reserve(usd or 0.0):
                if self._ended:
                    raise self._ended
                return await self._keep(await self._batch.ask(keys[0], body), keys, check)
        async with self._gate.slot(ticket), self._store.ledger.reserve(usd or 0.0):
            if wait := max(
                self._requests.take(), self._tokens.take((expected.tokens_in or 0) + (expected.tokens_out or 0))
            ):
                await asyncio.sleep(wait)
            if self._ended:
                raise self._ended
            # a request that was sent is paid: whoever waited for it may leave, its answer is stored all the same
            sent = asyncio.ensure_future(self._exchange_and_keep(body, keys, check, expected))
            self._sent.add(sent)
            sent.add_done_callback(self._sent.discard)
            sent.add_done_callback(_settled)
            return await asyncio.shield(sent)

    async def _exchange_and_keep(
        self, body: Body, keys: list[str], check: Check | None, expected: Usage
    ) -> list[Answer]:
        try:
            reply = await self._exchange.post(self._path, body)
        except ExchangeError as error:
            if not error.lost:
                self._endpoint.alive_at = asyncio.get_running_loop().time()
                self._gate.heard(overloaded=error.overloaded, retry_after=error.retry_after)
            elif error.code == "connection_failed":
                self._suspect()
            raise
        self._endpoint.alive_at = asyncio.get_running_loop().time()
        self._gate.heard(overloaded=False)
        usage = Usage.read(reply.get("usage"))
        self._tokens.correct(sum(_difference(u, e) for u, e in zip(_pair(usage), _pair(expected), strict=True)))
        return await self._keep(reply, keys, check)

    def _suspect(self) -> None:
        """Find out whether the endpoint still takes connections; if not, stop waiting for what it was sent."""
        if self._watch is None or self._watch.done():
            self._watch = asyncio.ensure_future(self._watch_endpoint())
            self._watch.add_done_callback(_settled)

    async def _watch_endpoint(self) -> None:
        for _ in range(_PROBES):
            if await self._exchange.answers():
                return
            await asyncio.sleep(_PROBE_EVERY_S)
        await self._exchange.close()

    async def _keep(self, reply: dict[str, Any], keys: list[str], check: Check | None) -> list[Answer]:
        """Judge the choices of a reply and store what came of each."""
        choices = reply.get("choices")
        if not isinstance(choices, list) or not choices:
            words = str(reply.get("error") or "no choices in the reply")[:300]
            raise ExchangeError("garbled_reply", words, retryable=True)
        self._answered, self._denials = True, 0
        choices = choices[: len(keys)]
        entries: list[Entry] = []
        answers: list[Answer] = []
        for key, choice, usage in zip(keys, choices, Usage.read(reply.get("usage")).shares(len(choices)), strict=False):
            usd = self._prices.usd(self._model, usage, batch=self._batch is not None)
            try:
                text = judge(choice)
                if check is not None:
                    check(text)
                answers.append(entry := Entry(key, text, None, self._model, usage, usd))
            except CallFailedError as failure:
                failure.entry = entry = Entry(key, None, failure.reason, self._model, usage, usd)
                answers.append(failure)
            entries.append(entry)
        await self._store.put(entries)
        if self._store.ledger.budget_usd is not None and any(entry.usd is None for entry in entries):
            raise StoppedError(
                f"{self._url}: the server does not count tokens, so that no budget can be kept; drop --budget-usd"
            )
        return answers

    def _expected(self, body: Body) -> Usage:
        """Tokens that a request is expected to take: a quarter of its characters, and the mean of the replies so far."""
        run = self._store.ledger.run
        out = run.tokens_out / run.calls if run.calls else FIRST_GUESS_OUT
        asked = body.get("prompt") or "".join(message["content"] for message in body["messages"])
        return Usage(len(asked) // CHARS_PER_TOKEN, 0, round(out * body.get("n", 1)))

    async def _give_up_run(self, error: ExchangeError, attempt: int, lost_since: float | None, *, alone: bool) -> None:
        """End the run where no request can succeed: a wrong key, no such model, an endpoint that is gone.

        An endpoint that answers other requests, if only with an error, is not gone: then only this request fails.
        """
        stored, where = self._store.ledger.totals.calls, f"{self._url}, model {self._model}"
        ended: type[Exception] = StoppedError if stored else RefusedError
        if error.fatal and error.code in _OF_ONE_PROMPT and (stored or self._answered):
            self._denials += 1  # a filter before the server says so of single prompts, a key that was withdrawn of all
            if self._denials < DENIALS:
                return
        if error.fatal:
            remedy = _REMEDIES.get(error.code, "check the account and the model")
            raise ended(f"{where}: {error.code}: {error.detail}; {remedy}")
        last = attempt == self._max_attempts or (not self._endpoint.alive_at and attempt >= SURRENDER_AT_START)
        silent = lost_since is not None and self._endpoint.alive_at < lost_since
        if last and silent and not await self._exchange.answers():
            raise ended(f"{where}: {error.code}: {error.detail}; start the server or mend the network, then run again")
        useless = error.code == "garbled_reply" and attempt == SURRENDER_AT_START
        refused = error.code.startswith("http_4") and not error.retryable
        self._refusals += alone and (useless or refused) and not (stored or self._answered)
        # a few bad rows may be refused in no time while the others still wait for their first reply
        all_refused = not self._sent or self._refusals >= self._gate.cap
        if self._refusals >= SURRENDER_AT_START and all_refused and not (stored or self._answered):
            remedy = "check the recipe's sampling"
            if "chat template" in error.detail:
                remedy = "this is a base model; set `api: completions` in student_endpoint"
            raise RefusedError(f"{where}: every request is refused: {error.code}: {error.detail}; {remedy}")


_REMEDIES = {
    "http_401": "give the right key in OPENAI_API_KEY, or its file in OPENAI_API_KEY_FILE",
    "http_402": "the account has no money left; mend that and run again",
    "http_403": "this key may not use the model; give another one in OPENAI_API_KEY",
    "http_404": "check the model's name, and that the URL is the root of the API (it ends in /v1)",
    "http_429": "the account has no money left; mend that and run again",
}


def _backoff(attempt: int) -> float:
    """Seconds before the next attempt: doubled each time, with jitter."""
    return min(_LONGEST_BACKOFF_S, 0.5 * 2 ** (attempt - 1)) * random.uniform(0.5, 1.0)


def _worth_another(answer: Answer) -> bool:
    return isinstance(answer, CallFailedError) and answer.reason in _ASK_AGAIN


def _seeded(body: Body, index: int) -> Body:
    """The request for sample `index`: the first has the request's own seed."""
    return body | {"seed": seed_for(body["seed"], index)} if index and body.get("seed") is not None else body


def _settled(task: asyncio.Task[Any]) -> None:
    """Take note of a task's error, so that asyncio does not complain when all who waited for it have left."""
    if not task.cancelled():
        task.exception()


def _pair(usage: Usage) -> tuple[int | None, int | None]:
    return usage.tokens_in, usage.tokens_out


def _difference(told: int | None, expected: int | None) -> int:
    """How far an expectation was off; 0 where the server did not say."""
    return 0 if told is None else told - (expected or 0)
