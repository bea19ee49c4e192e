"""Models that run inside this process, by llama.cpp, without a GPU and without a server of one's own.

`from __future__ import annotations` is absent on purpose: distilabel reads the signature of `agenerate`.
"""

import asyncio
import os
import secrets
from pathlib import Path
from typing import Any

from pydantic import Field, PrivateAttr, model_validator

from lemma_steps.errors import RefusedError
from lemma_steps.llms.engine.exchange import Exchange
from lemma_steps.llms.open_weights import OpenWeights
from lemma_steps.llms.openai_compatible import OpenAICompatibleLLM

MOST_COPIES = 4
REPLY_TOKENS = 512
"""Tokens of one reply unless `max_new_tokens` says otherwise; a small model that writes more is going round in circles."""


def start_server(gguf: Path, context: int, key: str = "") -> Any:
    """A llama.cpp server in this process, at a free port of the loopback address; it ends when nobody refers to it.

    One thread, one request at a time, no prompt cache: only so does the same request get the same text whatever was
    asked before and is asked besides. Batches of requests, and prompts continued from a cache, are added up in another
    order. Filters that llama.cpp applies unless told otherwise (top-k 40, min-p 0.05) are off.

    Args:
        gguf: the model.
        context: tokens of prompt and reply together; a reply is cut there.
        key: what a client must send as bearer token, if anything.

    Raises:
        RefusedError: llama.cpp cannot load the file.
    """
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path = str(gguf)
    params.n_ctx, params.n_parallel, params.n_gpu_layers, params.verbosity = context, 1, 0, -1
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = 1
    params.cache_prompt, params.cache_ram_mib = False, 0
    params.sampling.top_k, params.sampling.min_p = 0, 0.0
    params.hostnames, params.port, params.ui = ["127.0.0.1"], 0, False
    if key:
        params.api_keys = [key]
    try:
        return xllamacpp.Server(params)
    except RuntimeError as error:
        raise RefusedError(
            f"{gguf}: llama.cpp cannot load it ({error}); free some memory or install the model again"
        ) from None


class Copies(Exchange):
    """Sends each request to whichever of several servers of the same model is free.

    Args:
        urls: roots of their APIs.
        api_key: sent to each.
        timeout_s: seconds that one request may take, without its wait for a free server.
    """

    def __init__(self, urls: list[str], api_key: str, timeout_s: float) -> None:
        super().__init__(urls[0], api_key, timeout_s)
        self._all = [Exchange(url, api_key, timeout_s) for url in urls]
        self._free: asyncio.Queue[Exchange] = asyncio.Queue()
        for one in self._all:
            self._free.put_nowait(one)

    async def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """See `Exchange.post`."""
        one = await self._free.get()
        try:
            return await one.post(path, body)
        finally:
            self._free.put_nowait(one)

    async def close(self) -> None:
        """Close all connections."""
        await asyncio.gather(super().close(), *(one.close() for one in self._all))


class EmbeddedLLM(OpenAICompatibleLLM):
    """A small open model in this process: real errors on a laptop, with no key, no server and no GPU.

    The weights come with packages (`embedded.yaml`). Store, verdicts and retries are those of every endpoint. Each copy
    runs on one core; the text does not depend on their number. Under stock distilabel each step that is given the model
    has a process, and copies, of its own.

    Attributes:
        model: a name of the registry.
        copies: requests answered at once, each by a copy with about 120 MB of its own beside the weights, which all share;
            `None` is the number of cores, at most 4. `max_in_flight` has no effect.
        api: unless given, `chat` for an instruct model and `completions` for a base model.
    """

    copies: int | None = Field(default=None, ge=1, exclude=True)

    _servers: list[Any] = PrivateAttr(default_factory=list)
    _key: str = PrivateAttr(default_factory=lambda: secrets.token_hex(16))

    @model_validator(mode="before")
    @classmethod
    def _defaults_of_its_kind(cls, given: Any) -> Any:
        if not isinstance(given, dict) or "model" not in given:
            return given
        api = "completions" if OpenWeights.named(given["model"]).kind == "base" else "chat"
        kwargs = {"max_new_tokens": REPLY_TOKENS} | (given.get("generation_kwargs") or {})
        return {"api": api} | given | {"generation_kwargs": kwargs}

    @property
    def url(self) -> str:
        """The name of the endpoint, in messages too."""
        return f"embedded:{self.model}"

    def load(self) -> None:
        """Make sure that the model is installed; the first request starts it.

        Raises:
            RefusedError: it is not, and how to install it; or a base model is to chat.
        """
        weights = OpenWeights.named(self.model)
        weights.check()
        if weights.kind == "base" and self.api == "chat":
            raise RefusedError(f"{self.url}: a base model has no chat template; leave out api: chat")
        super().load()

    def unload(self) -> None:
        """Stop the servers after the last user."""
        super().unload()
        if self._users == 0:
            self._servers = []

    @property
    def _cap(self) -> int:
        return self.copies or min(MOST_COPIES, os.cpu_count() or 1)

    def _exchange(self) -> Exchange:
        if not self._servers:
            weights = OpenWeights.named(self.model)
            file = weights.file()
            self._servers = [start_server(file, weights.context, self._key) for _ in range(self._cap)]
        return Copies([f"{server.listening_address}/v1" for server in self._servers], self._key, self.timeout_s)
