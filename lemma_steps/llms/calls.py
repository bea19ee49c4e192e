"""One way to ask any distilabel LLM for one reply, with a key that names the request."""

from __future__ import annotations

import asyncio
import hashlib
import inspect
import json
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

from distilabel.models.llms import LLM
from distilabel.models.llms.base import AsyncLLM

from lemma_steps.errors import CallFailedError

Messages = list[dict[str, str]]
REMEMBERED = 4096
"""Replies kept for the same request asked again soon after: the two strategies share an injection and a location."""


@dataclass(frozen=True, slots=True)
class Completion:
    """A reply and what it cost. `key` is the hash of messages, model, sampling parameters and seed."""

    text: str
    key: str
    model: str
    tokens_in: int | None
    tokens_out: int | None

    def provenance(self, step: str, template: str | None) -> dict[str, Any]:
        """The entry of the record's `provenance` column."""
        return {
            "step": step,
            "template": template,
            "key": self.key,
            "model": self.model,
            "tokens_in": self.tokens_in,
            "tokens_cached": None,
            "tokens_out": self.tokens_out,
            "usd": None,
        }


class Caller:
    """Asks one LLM; a request that is under way or was answered a moment ago is not sent again."""

    def __init__(self, llm: LLM) -> None:
        self.llm = llm
        self._kwargs = dict(llm.get_generation_kwargs() or {})
        self._takes_seed = isinstance(llm, AsyncLLM) and "seed" in inspect.signature(llm.agenerate).parameters
        self._asked: OrderedDict[str, asyncio.Future[Completion]] = OrderedDict()

    async def complete(self, messages: Messages, seed: int) -> Completion:
        """The reply to `messages`.

        Raises:
            CallFailedError: the model gave no text; the reason code says why.
        """
        request = {"messages": messages, "model": self.llm.model_name, "kwargs": self._kwargs, "seed": seed}
        key = hashlib.sha256(
            json.dumps(request, sort_keys=True, default=str).encode("utf-8", "surrogatepass")
        ).hexdigest()[:24]
        future = self._asked.get(key)
        if future is None:
            future = self._asked[key] = asyncio.ensure_future(self._ask(messages, seed, key))
            while len(self._asked) > REMEMBERED and next(iter(self._asked.values())).done():
                self._asked.popitem(last=False)
        return await asyncio.shield(future)

    async def _ask(self, messages: Messages, seed: int, key: str) -> Completion:
        if isinstance(self.llm, AsyncLLM):
            seeded = {"seed": seed} if self._takes_seed else {}
            output = await self.llm.agenerate(input=messages, num_generations=1, **seeded, **self._kwargs)
        else:
            [output] = await asyncio.to_thread(self.llm.generate_outputs, [messages], 1, **self._kwargs)
        text = output["generations"][0] if output["generations"] else None
        if not text or not text.strip():
            raise CallFailedError("empty_reply", f"{self.llm.model_name} gave no text")
        usage = output.get("statistics") or {}
        return Completion(
            text=text,
            key=key,
            model=self.llm.model_name,
            tokens_in=next(iter(usage.get("input_tokens") or []), None),
            tokens_out=next(iter(usage.get("output_tokens") or []), None),
        )
