"""The files and batches of OpenAI's batch API, through hours of bad network."""

from __future__ import annotations

import asyncio
import importlib
import json
import random
import re
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from lemma_steps.errors import RefusedError, StoppedError
from lemma_steps.llms.engine.batch_lines import NO_MONEY, split

if TYPE_CHECKING:
    import openai
    from openai.types import Batch

T = TypeVar("T")
INTENT = "lemma_intent"
"""Name of the metadata under which a batch carries our own name for it."""
_PASSING = {408, 409, 425, 429}
_ENDED = {"completed", "failed", "expired", "cancelled"}
_LONGEST_WAIT_S = 300.0
_FIRST_PATIENCE_S = 60.0
_FILE_TRIES = 5
"""Times that a file just uploaded may be unknown to the endpoint: it can take a while to be seen everywhere."""


class FileLostError(Exception):
    """The endpoint does not know a file that it once took or made."""


class FileTooLargeError(Exception):
    """The endpoint takes no file of this size."""


class BatchApi:
    """Uploads, submits, polls and downloads, again and again until the endpoint answers.

    A submission whose answer was lost may have succeeded. So before a second one, the endpoint's batches are searched for
    the first, `settle_s` after it was sent.

    Args:
        client: of the openai library; its own retries are not used.
        endpoint: path of the API that answers the lines.
        begun: whether work was done here before; what is refused then stops the run instead of refusing it.
        backoff_s: the first wait after a failure; doubled up to five minutes.
        settle_s: seconds after which a batch that was made is surely listed.
        patience_s: seconds of nothing but failures after which the run stops, resumable; a minute at most before the
            endpoint has ever answered this process.

    Raises:
        RefusedError, StoppedError: (every method) a wrong key, no batch API, no money, or no answer for `patience_s`.
    """

    def __init__(
        self,
        client: openai.AsyncOpenAI,
        *,
        endpoint: str,
        begun: bool,
        backoff_s: float,
        settle_s: float,
        patience_s: float,
    ) -> None:
        import openai

        self._client = client.with_options(max_retries=0)
        self._endpoint, self._begun, self._heard = endpoint, begun, False
        self._backoff_s, self._settle_s, self._patience_s = backoff_s, settle_s, patience_s
        http = importlib.import_module(
            openai.Timeout.__init__.__module__.partition(".")[0]
        )  # httpx, or httpx2 since openai 3
        self._status_error, self._not_found = openai.APIStatusError, openai.NotFoundError
        self._lost = (openai.APIError, http.HTTPError, http.StreamError, OSError, json.JSONDecodeError)

    @property
    def root(self) -> str:
        """The root of the API."""
        return str(self._client.base_url)

    async def upload(self, name: str, lines: Iterable[str], folder: Path) -> str:
        """The id of a new file of these lines; they pass through a nameless file in `folder`, not through memory.

        Raises:
            FileTooLargeError: nothing was uploaded.
        """
        try:
            with tempfile.TemporaryFile(dir=folder) as file:
                for number, line in enumerate(lines):
                    file.write(line.encode("ascii"))
                    if number % 256 == 0:
                        await asyncio.sleep(0)  # rows that are at work go on

                async def send() -> str:
                    file.seek(0)
                    return (await self._client.files.create(file=(f"{name}.jsonl", file), purpose="batch")).id

                return await self._patiently(send, "upload of a batch")
        except OSError as error:
            raise StoppedError(f"{folder}: {error.strerror or error}; free some space, then run again") from None

    async def submit(self, intent: str, file_id: str, tried_at: float | None) -> str:
        """The id of the one batch of this file.

        Args:
            intent: our own name for the batch.
            file_id: of the uploaded lines.
            tried_at: seconds since 1970 of an earlier attempt whose answer is unknown; `None` if there was none.

        Raises:
            FileLostError: the endpoint does not know the file, so no batch was made.
            FileTooLargeError: it does not take the file, so no batch was made.
        """
        missing = 0

        async def attempt() -> str:
            nonlocal tried_at, missing
            if tried_at is not None:
                await asyncio.sleep(min(self._settle_s, tried_at + self._settle_s - time.time()))
                if found := await self._find(intent, file_id):
                    return found
            tried_at = time.time()
            try:
                batch = await self._client.batches.create(
                    input_file_id=file_id,
                    endpoint=self._endpoint,  # type: ignore[arg-type]
                    completion_window="24h",
                    metadata={INTENT: intent},
                )
            except self._status_error as error:
                if _too_large(error):
                    raise FileTooLargeError(self._words(error)) from None
                if error.status_code not in (400, 404) or not re.search(r"\bfile\b", error.message.lower()):
                    raise
                tried_at, missing = None, missing + 1
                if missing < _FILE_TRIES:
                    raise ConnectionError(self._words(error)) from None
                raise FileLostError(self._words(error)) from None
            return batch.id

        batch_id = await self._patiently(attempt, "submission of a batch")
        self._begun = True
        return batch_id

    async def ended(self, batch_id: str, poll_s: float, seen: Callable[[Batch], None]) -> Batch:
        """The batch, once the endpoint works on it no longer; asks every `poll_s` and shows each answer to `seen`."""

        async def ask() -> Batch:
            batch = await self._client.batches.retrieve(batch_id)
            if not isinstance(getattr(batch, "status", None), str):
                raise ConnectionError("the answer is no batch")
            return batch

        while True:
            batch = await self._patiently(ask, f"poll of batch {batch_id}")
            seen(batch)
            if batch.status in _ENDED:
                return batch
            await asyncio.sleep(poll_s)

    async def lines(self, file_id: str) -> AsyncIterator[bytes]:
        """The lines of a file as they arrive, without the API key.

        A broken download raises `ConnectionError`: begin again, by way of `patiently`.

        Raises:
            FileLostError: there is no such file.
        """
        try:
            async with self._client.files.with_streaming_response.content(file_id) as response:
                async for line in split(response.iter_bytes()):
                    yield self._clean(line)
        except self._not_found as error:
            raise FileLostError(self._words(error)) from None
        except self._status_error:
            raise
        except self._lost as error:
            raise ConnectionError(self._words(error)) from None

    async def patiently(self, action: Callable[[], Awaitable[T]], what: str) -> T:
        """The result of `action`, tried until it meets neither a lost connection nor a passing error."""
        return await self._patiently(action, what)

    def stop(self, text: str) -> RefusedError | StoppedError:
        """The error for a reason that every other request would meet as well, without the API key."""
        return (StoppedError if self._begun else RefusedError)(self._clean(text.encode("utf-8", "replace")).decode())

    async def _find(self, intent: str, file_id: str) -> str | None:
        """The batch of this intent, if the endpoint has one: by its metadata, or by its file where metadata are not kept.

        All batches are looked at, whatever their order and age: one missed is one paid twice.
        """
        async for batch in self._client.batches.list(limit=100):
            if (batch.metadata or {}).get(INTENT) == intent or batch.input_file_id == file_id:
                return batch.id
        return None

    async def _patiently(self, action: Callable[[], Awaitable[T]], what: str) -> T:
        begin, wait = time.monotonic(), self._backoff_s
        while True:
            asked = 0.0
            try:
                result = await action()
                self._heard = True
                return result
            except self._status_error as error:
                self._heard = True
                if not _passing(error):
                    if _too_large(error):
                        raise FileTooLargeError(self._words(error)) from None
                    raise self._fatal(error, what) from None
                words, asked = self._words(error), _seconds(error.response.headers.get("Retry-After"))
            except self._lost as error:
                words = self._words(error)
            patience = self._patience_s if self._heard else min(self._patience_s, _FIRST_PATIENCE_S)
            if time.monotonic() - begin > patience:
                raise self.stop(f"{self.root}: {what}: {words}, for {patience:,.0f} s; run again when it answers")
            await asyncio.sleep(max(asked, wait * random.uniform(0.5, 1.0)))
            wait = min(2 * wait, _LONGEST_WAIT_S)

    def _fatal(self, error: openai.APIStatusError, what: str) -> RefusedError | StoppedError:
        if error.status_code in (404, 405, 501):
            remedy = "no batch API is here, or not under this key; run without --batch, or with the endpoint and key as before"
        elif error.status_code in (401, 403):
            remedy = "give the right API key"
        elif error.code in NO_MONEY:
            remedy = "add credit, then run again"
        else:
            remedy = "run without --batch"
        return self.stop(f"{self.root}: {what}: {error.status_code}, {self._words(error)}; {remedy}")

    def _words(self, error: Exception) -> str:
        body = getattr(error, "body", None)
        message = body.get("message") if isinstance(body, dict) else None
        text = str(message or error.__cause__ or error) or type(error).__name__
        return self._clean(text.strip().split("\n", 1)[0][:300].encode("utf-8", "replace")).decode()

    def _clean(self, data: bytes) -> bytes:
        key = self._client.api_key.encode()
        return data.replace(key, b"***") if len(key) > 5 else data


def _too_large(error: openai.APIStatusError) -> bool:
    return error.status_code == 413 or (error.status_code == 400 and "too large" in error.message.lower())


def _passing(error: openai.APIStatusError) -> bool:
    """Whether the same request may succeed later."""
    if error.code in NO_MONEY or error.status_code == 501:
        return False
    return error.status_code >= 500 or error.status_code in _PASSING


def _seconds(header: str | None) -> float:
    try:
        return min(max(0.0, float(header or 0)), _LONGEST_WAIT_S)
    except ValueError:
        return 0.0
