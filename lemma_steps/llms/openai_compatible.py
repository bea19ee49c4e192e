"""Chat models behind any server that speaks OpenAI's API."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from distilabel.models.llms.base import AsyncLLM
from pydantic import Field, PrivateAttr, SecretStr

from lemma_steps.errors import CallFailedError

if TYPE_CHECKING:
    from distilabel.typing import GenerateOutput
    from openai import AsyncOpenAI

_FAILED_FINISHES = {"length": "reply_truncated", "content_filter": "content_filtered"}
_caps: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[str, asyncio.Semaphore]] = WeakKeyDictionary()


def cap_of(endpoint: str, in_flight: int) -> asyncio.Semaphore:
    """The semaphore that all models of one endpoint share in this event loop; first come, first served."""
    caps = _caps.setdefault(asyncio.get_running_loop(), {})
    return caps.setdefault(endpoint, asyncio.Semaphore(in_flight))


class OpenAICompatibleLLM(AsyncLLM):
    """A chat model of OpenAI or of any server with the same API (vLLM, llama.cpp).

    Attributes:
        model: the name that the server knows the model by.
        base_url: the root of the API, ending in `/v1`; `None` is OpenAI's own.
        api_key: the key; `None` takes it from the variable OPENAI_API_KEY. Never written anywhere.
        max_in_flight: requests under way at once at this endpoint, shared by every step that uses it.
        timeout_s: seconds that one request may take.

    Runtime parameters:
        - `generation_kwargs`: temperature, top_p, max_new_tokens, stop.
    """

    model: str
    base_url: str | None = None
    api_key: SecretStr | None = Field(default=None, exclude=True)
    max_in_flight: int = Field(default=100, ge=1)
    timeout_s: float = Field(default=600.0, gt=0)

    _client: AsyncOpenAI | None = PrivateAttr(default=None)

    @property
    def model_name(self) -> str:
        """The model's name."""
        return self.model

    def load(self) -> None:
        """Make the client. Its own retries are off: a failed call is the engine's to retry."""
        from openai import AsyncOpenAI

        super().load()
        key = self.api_key.get_secret_value() if self.api_key else os.environ.get("OPENAI_API_KEY")
        self._client = AsyncOpenAI(base_url=self.base_url, api_key=key or "none", max_retries=0, timeout=self.timeout_s)

    async def agenerate(
        self,
        input: list[dict[str, str]],
        num_generations: int = 1,
        seed: int | None = None,
        temperature: float = 0.7,
        top_p: float = 1.0,
        max_new_tokens: int = 4096,
        stop: list[str] | None = None,
    ) -> GenerateOutput:
        """Ask for `num_generations` replies to one conversation.

        Sampling defaults are the paper's (appendix A.3.1: temperature 0.7, top_p 1.0).

        Raises:
            CallFailedError: no connection, an error status, or a reply that was cut, filtered, refused or empty.
        """
        import openai

        assert self._client is not None, "load() first"
        optional: dict[str, Any] = {"seed": seed} if seed is not None else {}
        if stop:
            optional["stop"] = stop
        try:
            async with cap_of(self.base_url or "openai", self.max_in_flight):
                reply = await self._client.chat.completions.create(
                    model=self.model,
                    messages=input,  # type: ignore[arg-type]
                    n=num_generations,
                    temperature=temperature,
                    top_p=top_p,
                    max_tokens=max_new_tokens,
                    **optional,
                )
        except openai.APIStatusError as error:
            raise CallFailedError(f"http_{error.status_code}", _first_line(error.message)) from None
        except openai.APITimeoutError:
            raise CallFailedError("request_timed_out", f"no reply within {self.timeout_s:g} s") from None
        except openai.APIConnectionError as error:
            raise CallFailedError("connection_failed", _first_line(str(error.__cause__ or error))) from None
        return {
            "generations": [_text(choice) for choice in reply.choices],
            "statistics": {
                "input_tokens": [reply.usage.prompt_tokens if reply.usage else 0],
                "output_tokens": [reply.usage.completion_tokens if reply.usage else 0],
            },
        }


def _first_line(text: str) -> str:
    return text.strip().split("\n", 1)[0][:300]


def _text(choice: Any) -> str:
    """The text of one choice, or the reason why it may not be used as text."""
    if choice.finish_reason in _FAILED_FINISHES:
        raise CallFailedError(_FAILED_FINISHES[choice.finish_reason], f"finish_reason is {choice.finish_reason}")
    if getattr(choice.message, "refusal", None):
        raise CallFailedError("refused", _first_line(choice.message.refusal))
    if not (choice.message.content or "").strip():
        raise CallFailedError("empty_reply", f"finish_reason is {choice.finish_reason}")
    return choice.message.content
