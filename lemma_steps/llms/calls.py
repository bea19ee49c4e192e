"""One way to ask any distilabel LLM for replies, with a key that names the request."""

from __future__ import annotations

import asyncio
import inspect
from collections import OrderedDict
from typing import Any

from distilabel.models.llms import LLM
from distilabel.models.llms.base import AsyncLLM

from lemma_steps.errors import CallFailedError
from lemma_steps.llms.engine.keys import request_key
from lemma_steps.llms.engine.requester import Answer, Check
from lemma_steps.llms.engine.store import Entry
from lemma_steps.llms.engine.usage import Usage
from lemma_steps.llms.openai_compatible import OpenAICompatibleLLM
from lemma_steps.seeds import seed_for

Messages = list[dict[str, str]]
REMEMBERED = 4096
"""Replies of a model without a request store that are kept for the same request: the strategies share injections."""


def provenance(entry: Entry, step: str, template: str | None) -> dict[str, Any]:
    """The entry of the record's `provenance` column for one answered request."""
    return {
        "step": step,
        "template": template,
        "key": entry.key,
        "model": entry.model,
        "tokens_in": entry.usage.tokens_in,
        "tokens_cached": entry.usage.tokens_cached,
        "tokens_out": entry.usage.tokens_out,
        "usd": entry.usd,
    }


class Caller:
    """Asks one LLM. A model with a request store answers from it; of any other, recent replies are remembered."""

    def __init__(self, llm: LLM) -> None:
        self.llm = llm
        self._kwargs = dict(llm.get_generation_kwargs() or {})
        self._takes_seed = isinstance(llm, AsyncLLM) and "seed" in inspect.signature(llm.agenerate).parameters
        self._asked: OrderedDict[str, asyncio.Future[Answer]] = OrderedDict()

    async def complete(self, messages: Messages, seed: int, check: Check | None = None) -> Entry:
        """The reply to `messages`.

        Args:
            messages: the conversation.
            seed: the request's seed.
            check: raises CallFailedError where a text is no good; a model with a store is then asked once more.

        Raises:
            CallFailedError: the model gave no usable text; the reason code says why.
        """
        [answer] = await self.samples(messages, seed, 1, check)
        if isinstance(answer, CallFailedError):
            raise answer
        return answer

    async def samples(self, messages: Messages, seed: int, n: int, check: Check | None = None) -> list[Answer]:
        """`n` replies to the same messages; in the place of one that failed, the reason."""
        if isinstance(self.llm, OpenAICompatibleLLM):
            return await self.llm.ask(messages, n, seed, check)
        seeds = [seed_for(seed, number) if number else seed for number in range(n)]
        return await asyncio.gather(*(self._remembered(messages, each) for each in seeds))

    async def aclose(self) -> None:
        """Store the answers to what was sent and let go of the rest."""
        if isinstance(self.llm, OpenAICompatibleLLM):
            await self.llm.aclose()

    async def _remembered(self, messages: Messages, seed: int) -> Answer:
        request = {"messages": messages, "model": self.llm.model_name, **self._kwargs, "seed": seed}
        key = request_key(request)
        future = self._asked.get(key)
        if future is None:
            future = self._asked[key] = asyncio.ensure_future(self._ask(messages, seed, key))
            while len(self._asked) > REMEMBERED and next(iter(self._asked.values())).done():
                self._asked.popitem(last=False)
        return await asyncio.shield(future)

    async def _ask(self, messages: Messages, seed: int, key: str) -> Answer:
        if isinstance(self.llm, AsyncLLM):
            seeded = {"seed": seed} if self._takes_seed else {}
            output = await self.llm.agenerate(input=messages, num_generations=1, **seeded, **self._kwargs)
        else:
            [output] = await asyncio.to_thread(self.llm.generate_outputs, [messages], 1, **self._kwargs)
        text = output["generations"][0] if output["generations"] else None
        if not text or not text.strip():
            return CallFailedError("empty_reply", f"{self.llm.model_name} gave no text")
        told = output.get("statistics") or {}
        tokens_in, tokens_out = (next(iter(told.get(name) or []), None) for name in ("input_tokens", "output_tokens"))
        return Entry(key, text, None, self.llm.model_name, Usage(tokens_in, None, tokens_out), None)
