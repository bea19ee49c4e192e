"""Renders a row of a task as chat messages, and the student's inference prompt."""

from __future__ import annotations

from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import Literal, TypedDict

import yaml
from jinja2 import Environment, FunctionLoader, StrictUndefined

from lemma_steps.prompts.fence import fence
from lemma_steps.taxonomy import TAXONOMY
from lemma_steps.trajectory import OUTPUT_START

TASKS: dict[str, tuple[str, ...]] = {
    "inject_error": ("question", "reference_solution", "error_type"),
    "locate_first_error": ("question", "reference_solution", "steps"),
    "classify_error": ("question", "reference_solution", "steps"),
    "fix_continue": ("question", "reference_solution", "attempt"),
    "fresh_restart": ("question", "reference_solution", "attempt"),
    "smooth": ("question", "attempt", "reflection", "correction"),
    "solve": ("question",),
    "explain_answer": ("question", "answer"),
    "reflect": ("question", "reference_solution"),
}
"""The sections of each task's row, in their order. All are text but `steps` and `attempt`, which are lists of steps
(the last step of an attempt is the wrong one); `error_type` is a code."""

WITHOUT_REFERENCE = frozenset({"locate_first_error", "fix_continue", "fresh_restart"})
"""The tasks whose `reference_solution` may be None: the teacher then sees none."""


INFERENCE_STOP = ("### Instruction",)
"""Where a student that continues the raw inference prompt must stop: it would go on with a question of its own."""


class Message(TypedDict):
    """One message of a chat."""

    role: Literal["system", "user"]
    content: str


def _source(name: str) -> str:
    return files("lemma_steps").joinpath("templates", f"{name}.jinja2").read_text("utf-8")


_TEXT = Environment(loader=FunctionLoader(_source), undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
_TEXT.globals["taxonomy"] = TAXONOMY
_ROWS = _TEXT.overlay(finalize=fence)


def _block(task: str, name: str, **fields: object) -> str:
    template = _ROWS.get_template(task)
    return "".join(template.blocks[name](template.new_context(fields)))


@cache
def system_block(task: str) -> str:
    """The fixed part of a task's prompt: the same bytes for every row, so that servers can cache it."""
    return _block(task, "system").strip()


@cache
def template_id(task: str, shots: int = 0) -> str:
    """`<task>@<12 hex digits>`: SHA-256 of the template's text, and of the taxonomy's where the template shows it.

    `task` is a key of `TASKS` or "inference"; `shots` are the solved problems before the question, which count too.
    """
    text = _source(task) + "".join(f"{d['question']}\n{d['solution']}\n" for d in _demonstrations()[:shots])
    if "taxonomy" in text:
        text += "".join(f"{t}\n" for t in TAXONOMY.values())
    return f"{task}@{sha256(text.encode()).hexdigest()[:12]}"


def render(task: str, **fields: object) -> list[Message]:
    """The messages that put `task` to a teacher: the fixed system block and the row.

    Args:
        task: A key of `TASKS`.
        **fields: One value per section of the task. The reference solution may be left out where the task allows it.

    Raises:
        TypeError: a field is no section of the task, or a section has no value.
        KeyError: there is no such task, or no such error type.
    """
    row = {name: fields.pop(name, None) for name in TASKS[task]}
    missing = [name for name, value in row.items() if value is None]
    if fields:
        raise TypeError(f"{task} has no section {', '.join(fields)}; its sections are {', '.join(row)}")
    if missing and not (missing == ["reference_solution"] and task in WITHOUT_REFERENCE):
        raise TypeError(f"{task} needs a value for {', '.join(missing)}")
    if "error_type" in row:
        row["error_type"] = TAXONOMY[str(row["error_type"])]
    return [
        {"role": "system", "content": system_block(task)},
        {"role": "user", "content": _block(task, "row", **row)},
    ]


@cache
def _demonstrations() -> list[dict[str, str]]:
    return yaml.safe_load(files("lemma_steps").joinpath("templates", "demonstrations.yaml").read_text("utf-8"))


def inference_prompt(instruction: str, shots: int = 0) -> str:
    """The prompt under which a student answers, in sampling, training and evaluation alike.

    It ends with "step by step." and no space; every `output` begins with one (`trajectory.OUTPUT_START`).

    Args:
        instruction: The bare question.
        shots: Solved problems to put before it, in the same form, for base models.

    Raises:
        ValueError: there are not as many demonstrations as `shots`.
    """
    if not 0 <= shots <= len(_demonstrations()):
        raise ValueError(f"shots must be between 0 and {len(_demonstrations())}, not {shots}")
    prompt = _TEXT.get_template("inference").render
    solved = [f"{prompt(instruction=d['question'])}{OUTPUT_START}{d['solution']}" for d in _demonstrations()[:shots]]
    return "\n\n".join([*solved, prompt(instruction=instruction)])
