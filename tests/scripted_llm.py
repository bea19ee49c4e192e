"""A model whose replies a test writes: a function of the task and the fields that the prompt shows."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from distilabel.models.llms.base import AsyncLLM
from distilabel.pipeline import Pipeline
from pydantic import PrivateAttr

from lemma_steps import prompts

Script = Callable[[str, dict[str, Any], int], str | None]


class ScriptedLLM(AsyncLLM):
    """Replies with `script(task, fields, seed)`; counts its calls."""

    script: Any

    _calls: int = PrivateAttr(default=0)

    @property
    def model_name(self) -> str:
        return "scripted"

    async def agenerate(self, input: list[dict[str, str]], num_generations: int = 1, seed: int | None = None) -> Any:  # type: ignore[override]
        self._calls += 1
        await asyncio.sleep(0)
        task, fields = (
            prompts.read_row(input) if input[0]["role"] == "system" else ("student", {"prompt": input[-1]["content"]})
        )
        text = self.script(task, fields, seed)
        return {"generations": [text], "statistics": {"input_tokens": [3], "output_tokens": [2]}}


def made(step: type, script: Script | None = None, **options: Any) -> Any:
    """The step, loaded, with a scripted model where it takes one."""
    if script is not None:
        options["llm"] = ScriptedLLM(script=script)
    instance = step(name=step.__name__.lower(), pipeline=Pipeline(name="unit"), **options)
    instance.load()
    return instance


def advance(step: Any, row: dict[str, Any]) -> list[dict[str, Any]]:
    """What the step makes of one row."""

    async def walk() -> list[dict[str, Any]]:
        return await step.advance(row)

    return asyncio.run(walk())
