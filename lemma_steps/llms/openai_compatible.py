"""Models behind any server that speaks OpenAI's API.

`from __future__ import annotations` is absent on purpose: distilabel reads the signature of `agenerate`.
"""

import asyncio
import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from distilabel.models.llms.base import AsyncLLM
from pydantic import Field, PrivateAttr, SecretStr

from lemma_steps.errors import RefusedError
from lemma_steps.llms.engine.exchange import Exchange
from lemma_steps.llms.engine.prices import Prices
from lemma_steps.llms.engine.requester import Answer, Check, Requester
from lemma_steps.llms.engine.store import Entry, RequestStore

if TYPE_CHECKING:
    from distilabel.typing import GenerateOutput

    from lemma_steps.llms.engine.batch import BatchQueue

OPENAI = "https://api.openai.com/v1"
BATCH_QUIET_S, BATCH_POLL_S = 10.0, 30.0
"""Seconds without a new request before a batch goes out, and between two looks at one that is out."""


def api_key(*names: str) -> str | None:
    """The key of the environment: of the first variable that is set, or the content of the file that NAME_FILE names.

    Args:
        names: variables to look at in turn; OPENAI_API_KEY by default.

    Raises:
        RefusedError: that file cannot be read, or what it holds is no key.
    """
    for name in names or ("OPENAI_API_KEY",):
        key = os.environ.get(name, "").strip()
        if not key and (path := os.environ.get(f"{name}_FILE")):
            try:
                key = Path(path).read_text(encoding="utf-8").strip()
            except (OSError, UnicodeDecodeError) as error:
                raise RefusedError(f"{name}_FILE {path}: cannot be read ({error}); name a text file") from None
        if key and not (key.isascii() and key.isprintable() and " " not in key):
            raise RefusedError(f"{name}: more than one line or word, which is no key; give the key alone")
        if key:
            return key
    return None


class OpenAICompatibleLLM(AsyncLLM):
    """A model of OpenAI or of any server with the same API (vLLM, llama.cpp), asked through a request store.

    Every reply is on disk before anyone uses it, keyed by the content of its request and the number of the sample: what was
    answered once is never asked or paid for again. A cut, filtered, refused or empty reply is a failure, never text.

    Attributes:
        model: the name that the server knows the model by.
        base_url: the root of the API, ending in `/v1`; `None` takes OPENAI_BASE_URL or OpenAI's own.
        api: `chat` for instruct models; `completions` sends the raw prompt, for base models, which have no chat template.
        api_key: `None` takes OPENAI_API_KEY, or the file that OPENAI_API_KEY_FILE names; for a `base_url`, VLLM_API_KEY and
            VLLM_API_KEY_FILE come before them. Never written anywhere.
        store: the file of replies (`requests.sqlite`); `None` keeps them only as long as the model is loaded.
        max_in_flight: requests under way at once at this endpoint, shared by every step and model that uses it.
        timeout_s: seconds that one request may take.
        max_attempts: how often one request may be sent before its row is rejected.
        requests_per_minute, tokens_per_minute: limits of the account.
        prices: YAML of prices that come before the bundled ones.
        batch: send through OpenAI's batch API, at half price and in up to 24 hours.

    Runtime parameters:
        - `generation_kwargs`: temperature, top_p, max_new_tokens, stop, extra_body.
    """

    INDIFFERENT: ClassVar[frozenset[str]] = frozenset(
        {"base_url", "store", "max_in_flight", "timeout_s", "max_attempts", "requests_per_minute", "tokens_per_minute"}
        | {"prices", "batch"}
    )
    """Fields that do not decide what the model replies."""

    model: str
    base_url: str | None = None
    api: Literal["chat", "completions"] = "chat"
    api_key: SecretStr | None = Field(default=None, exclude=True)
    store: str | None = None
    max_in_flight: int = Field(default=100, ge=1)
    timeout_s: float = Field(default=600.0, gt=0, le=86_400)
    max_attempts: int = Field(default=8, ge=1)
    requests_per_minute: float | None = Field(default=None, gt=0)
    tokens_per_minute: float | None = Field(default=None, gt=0)
    prices: str | None = None
    batch: bool = False

    _store: RequestStore | None = PrivateAttr(default=None)
    _users: int = PrivateAttr(default=0)
    _requester: Requester | None = PrivateAttr(default=None)
    _loop: asyncio.AbstractEventLoop | None = PrivateAttr(default=None)

    def __del__(self) -> None:
        """Distilabel's own fails on a model that validation refused, and says so on standard error."""
        with suppress(AttributeError):
            super().__del__()

    def dump(self, **kwargs: Any) -> dict[str, Any]:
        """The model as distilabel saves it, which leaves out every field whose name is part of "api_key"."""
        return super().dump(**kwargs) | {"api": self.api}

    @property
    def model_name(self) -> str:
        """The model's name."""
        return self.model

    @property
    def url(self) -> str:
        """The root of the API."""
        return (self.base_url or os.environ.get("OPENAI_BASE_URL") or OPENAI).rstrip("/")

    def load(self) -> None:
        """Count one more user; the store is opened by the first request. Each `load` needs its own `unload`."""
        super().load()
        self._users += 1

    def unload(self) -> None:
        """Close the store, and the connections that stock distilabel's loop left open, after the last user."""
        self._users -= 1
        if self._users == 0 and self._store is not None:
            if self._loop is not None and not (self._loop.is_closed() or self._loop.is_running()):
                self._loop.run_until_complete(self.aclose())
            self._store.release()
            self._store = None
        super().unload()

    async def ask(
        self, messages: list[dict[str, str]], n: int = 1, seed: int | None = None, check: Check | None = None
    ) -> list[Answer]:
        """`n` samples of one request, each a stored reply or the reason why there is none.

        Args:
            messages: the conversation; with `api="completions"` one message, the raw prompt.
            n: samples wanted; one request where the server gives several, else one each with a seed of its own.
            seed: the request's seed, part of its content.
            check: raises CallFailedError where a text is no good; such a reply does not count as answered.

        Raises:
            RefusedError, StoppedError: no request can succeed, or the budget is spent.
        """
        return await self._connected().ask(self._body(messages, seed, **self.get_generation_kwargs()), n, check)

    async def agenerate(
        self,
        input: list[dict[str, str]],
        num_generations: int = 1,
        seed: int | None = None,
        temperature: float | None = 0.7,
        top_p: float | None = 1.0,
        max_new_tokens: int = 4096,
        stop: list[str] | None = None,
        extra_body: dict[str, Any] | None = None,
    ) -> "GenerateOutput":
        """Replies to one conversation, for stock distilabel; `None` in the place of a reply that failed.

        Args:
            input: the conversation.
            num_generations: replies wanted.
            seed: seed of the request.
            temperature: the paper's 0.7 (appendix A.3.1); `None` leaves it to the server, as reasoning models demand.
            top_p: the paper's 1.0; `None` leaves it to the server.
            max_new_tokens: tokens of one reply; a longer one is cut and counts as failed.
            stop: strings that end a reply.
            extra_body: further fields of the request, such as `{"chat_template_kwargs": {"enable_thinking": False}}`.
        """
        body = self._body(input, seed, temperature, top_p, max_new_tokens, stop, extra_body)
        answers = await self._connected().ask(body, num_generations)
        for answer in answers:
            if not isinstance(answer, Entry):
                self._logger.warning(f"{self.model}: {answer}")
        usages = [answer.usage for answer in answers if isinstance(answer, Entry)]
        return {
            "generations": [answer.text if isinstance(answer, Entry) else None for answer in answers],
            "statistics": {
                "input_tokens": [usage.tokens_in or 0 for usage in usages],
                "output_tokens": [usage.tokens_out or 0 for usage in usages],
            },
        }

    @property
    def under_way(self) -> int:
        """Requests that were sent and are not answered yet."""
        return self._requester.under_way if self._requester else 0

    @property
    def batches(self) -> list[str]:
        """The open batches of the batch API, a few words each."""
        return self._requester.batches if self._requester else []

    async def aclose(self) -> None:
        """Store the answers to what was sent, drop the rest, close the connections of this event loop."""
        if self._requester is not None and self._loop is asyncio.get_running_loop():
            await self._requester.close()
            self._requester = self._loop = None

    def _body(
        self,
        messages: list[dict[str, str]],
        seed: int | None,
        temperature: float | None = 0.7,
        top_p: float | None = 1.0,
        max_new_tokens: int = 4096,
        stop: list[str] | None = None,
        extra_body: dict[str, Any] | None = None,
    ) -> dict[str, Any]:
        if self.api == "completions" and len(messages) != 1:
            raise RefusedError(
                f"{self.model}: the completions API takes one prompt, not {len(messages)} messages; use chat"
            )
        asked = {"prompt": messages[0]["content"]} if self.api == "completions" else {"messages": messages}
        # OpenAI's newer chat models know only this name; other servers only the older one
        limit = "max_completion_tokens" if self.url == OPENAI and self.api == "chat" else "max_tokens"
        optional = {"temperature": temperature, "top_p": top_p, "stop": stop or None, "seed": seed}
        given = {name: value for name, value in optional.items() if value is not None}
        return {"model": self.model, **asked, limit: max_new_tokens, **given, **(extra_body or {})}

    def _connected(self) -> Requester:
        loop = asyncio.get_running_loop()
        if self._requester is None or self._loop is not loop:
            if self._store is None or self._store.pid != os.getpid():  # distilabel forks its steps
                self._store = RequestStore.shared(self.store)
            self._loop = loop
            self._requester = Requester(
                self._exchange(),
                url=self.url,
                path="/chat/completions" if self.api == "chat" else "/completions",
                model=self.model,
                store=self._store,
                prices=Prices.read(self.prices),
                cap=self._cap,
                max_attempts=self.max_attempts,
                requests_per_minute=self.requests_per_minute,
                tokens_per_minute=self.tokens_per_minute,
                batch=self._batch_queue() if self.batch else None,
            )
        return self._requester

    @property
    def _cap(self) -> int:
        return self.max_in_flight

    def _secret(self) -> str:
        names = ("VLLM_API_KEY", "OPENAI_API_KEY") if self.base_url else ("OPENAI_API_KEY",)
        return (self.api_key.get_secret_value() if self.api_key else api_key(*names)) or "none"

    def _exchange(self) -> Exchange:
        return Exchange(self.url, self._secret(), self.timeout_s)

    def _batch_queue(self) -> "BatchQueue":
        from openai import AsyncOpenAI

        from lemma_steps.llms.engine.batch import BatchQueue

        assert self._store is not None
        client = AsyncOpenAI(base_url=self.url, api_key=self._secret(), max_retries=0, timeout=self.timeout_s)
        path = "/v1/chat/completions" if self.api == "chat" else "/v1/completions"
        return BatchQueue(client, self._store, endpoint=path, quiet_s=BATCH_QUIET_S, poll_s=BATCH_POLL_S)
