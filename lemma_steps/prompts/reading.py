"""Reads a task and its row back from the messages of a prompt: the inverse of `render`."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache

from lemma_steps.prompts.fence import unfence
from lemma_steps.prompts.rendering import TASKS, WITHOUT_REFERENCE, system_block

Row = dict[str, str | list[str] | None]


@cache
def _titles() -> dict[str, str]:
    return {system_block(task).partition("\n")[0]: task for task in TASKS}


@cache
def _pattern(task: str) -> re.Pattern[str]:
    # Atomic groups: a section ends at its first closing tag, and text that is no row is refused in linear time.
    section = r"(?:(?><{0}>(?P<{0}>.*?)</{0}>)(?:\n|$))".format
    optional = {"reference_solution"} if task in WITHOUT_REFERENCE else set()
    return re.compile("".join(section(name) + "?" * (name in optional) for name in TASKS[task]), re.DOTALL)


def _steps(text: str) -> list[str]:
    *steps, rest = text[1:].split("</step>\n")
    heads = [f'<step n="{n}">' for n in range(1, len(steps) + 1)]
    if rest or not all(map(str.startswith, steps, heads)):
        raise ValueError("the steps are not numbered tags, one after the other")
    return [unfence(step.removeprefix(head)) for step, head in zip(steps, heads, strict=True)]


def _section(name: str, text: str) -> str | list[str]:
    if name in ("steps", "attempt"):
        return _steps(text)
    return text.partition(":")[0] if name == "error_type" else unfence(text)


def read_row(messages: Sequence[Mapping[str, str]]) -> tuple[str, Row]:
    """The task and the fields from which `render` made `messages`, whatever the fields hold.

    Only the first line of the system message and the last message are read. A section that the row leaves out (the
    reference solution) is None.

    Raises:
        ValueError: the messages are no prompt of a known task.
    """
    task = _titles().get(messages[0]["content"].partition("\n")[0]) if messages else None
    if task is None:
        raise ValueError("the system message names no known task")
    row = _pattern(task).fullmatch(messages[-1]["content"])
    if row is None:
        raise ValueError(f"the user message is no row of {task}")
    return task, {name: text if text is None else _section(name, text) for name, text in row.groupdict().items()}
