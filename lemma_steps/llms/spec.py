"""The models that `--teacher` and `--student` name."""

from __future__ import annotations

import os
from typing import Any

from distilabel.models.llms import LLM

from lemma_steps.errors import RefusedError

FORMS = "offline, openai:MODEL, vllm:URL#MODEL"


def parse_llm(spec: str, option: str, **options: Any) -> LLM:
    """The LLM that a SPEC of the command line names; `options` are fields such as `generation_kwargs`.

    Raises:
        RefusedError: the spec has no known form, or a key that it needs is not set.
    """
    from lemma_steps.llms.offline import OfflineTeacher
    from lemma_steps.llms.openai_compatible import OpenAICompatibleLLM

    kind, _, rest = spec.partition(":")
    if spec == "offline":
        return OfflineTeacher()
    if kind == "openai" and rest:
        if not os.environ.get("OPENAI_API_KEY"):
            raise RefusedError(f"{option} {spec}: no key; set the environment variable OPENAI_API_KEY")
        return OpenAICompatibleLLM(model=rest, **options)
    if kind == "vllm" and rest:
        url, _, model = rest.partition("#")
        if not model or not url.startswith(("http://", "https://")):
            raise RefusedError(f"{option} {spec}: write vllm:URL#MODEL, such as vllm:http://localhost:8000/v1#my-model")
        return OpenAICompatibleLLM(model=model, base_url=url, **options)
    raise RefusedError(f"{option} {spec}: unknown model; use one of {FORMS}")
