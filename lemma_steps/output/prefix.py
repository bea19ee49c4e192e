"""How much of a step's prompts is the same in all of them: what a server's prefix cache can serve again."""

from __future__ import annotations

from functools import cache

from lemma_steps.llms.tokens import Tokens
from lemma_steps.prompts import TASKS, inference_prompt, template_id
from lemma_steps.prompts.rendering import system_block


@cache
def fixed_part(task: str, shots: int = 0) -> str:
    """The text that every prompt of a task begins with.

    Args:
        task: a key of `TASKS`, or "inference".
        shots: demonstrations before the question of an inference prompt.
    """
    if task == "inference":
        return inference_prompt("\0", shots).partition("\0")[0]
    return system_block(task)


@cache
def fixed_tokens(template: str | None, model: str | None) -> int | None:
    """Tokens of the fixed part of a template, as `provenance` names it; counted by `Tokens`, so perhaps an estimate.

    `None` for a template that is not of this version of the prompts: its text is not known here.
    """
    task = (template or "").partition("@")[0]
    if task not in {*TASKS, "inference"}:
        return None
    shots = 0
    while template_id(task, shots) != template:
        if template_id(task, shots + 1) == template_id(task, shots):  # there are no more demonstrations
            return None
        shots += 1
    return _counter(model or "").count(fixed_part(task, shots))


@cache
def _counter(model: str) -> Tokens:
    return Tokens.of(model)
