"""From messages to the reply's text: which task, which row, what the rules say. Pure; knows nothing of distilabel."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from lemma_steps import prompts
from lemma_steps.llms.offline.decline import DeclineError
from lemma_steps.llms.offline.inject import inject
from lemma_steps.llms.offline.judge import classify, locate
from lemma_steps.llms.offline.revise import explain, revise
from lemma_steps.llms.offline.smooth import smooth
from lemma_steps.llms.offline.worked import Worked

MAX_CHARS = 12_000
"""A longer row is declined: hardly a problem is that long, and time stays bounded."""


def answer(messages: Sequence[Mapping[str, str]], seed: int) -> str:
    """The reply to a rendered prompt: the task's tags, or a `<decline>` with a reason. Never raises on bad messages."""
    try:
        task, row = _read(messages)
        if len(messages[-1]["content"]) > MAX_CHARS:
            raise DeclineError("too_long", f"the row has more than {MAX_CHARS} characters")
        if task not in _TASKS:
            raise DeclineError("needs_a_model", f"rules cannot {task.replace('_', ' ')}")
        return _TASKS[task](row, _draw(messages, seed))
    except DeclineError as refusal:
        return f"<decline>{refusal.code}: {_harmless(refusal.words)}</decline>"


def _read(messages: Sequence[Mapping[str, str]]) -> tuple[str, dict[str, Any]]:
    try:
        return prompts.read_row(messages)
    except (ValueError, KeyError, TypeError, AttributeError) as error:  # not even messages
        raise DeclineError("prompt_not_understood", str(error)) from None


def _draw(messages: Sequence[Mapping[str, str]], seed: int) -> int:
    """A seed from the request: the same messages and seed always give the same reply."""
    said = json.dumps([[dict(message) for message in messages], seed], sort_keys=True).encode("utf-8", "surrogatepass")
    return int.from_bytes(hashlib.sha256(said).digest()[:8])


def _harmless(words: str) -> str:
    return words.replace("<", "(").replace(">", ")")


def _reference(row: dict[str, Any]) -> str:
    if row["reference_solution"] is None:
        raise DeclineError("needs_reference", "rules cannot tell right from wrong without a reference solution")
    return row["reference_solution"]


def _inject(row: dict[str, Any], seed: int) -> str:
    reference = _reference(row)
    made = inject(row["question"], reference, row["error_type"], seed)
    gold = Worked.read(row["question"], reference)
    words = explain(gold, gold.attempt(made.steps[: made.error + 1]), made.diagnosis)
    return f"<solution>{made.marked}</solution>\n<explanation>{words}</explanation>"


def _locate(row: dict[str, Any], seed: int) -> str:
    number, reason = locate(row["question"], row["reference_solution"], row["steps"])
    return f"<reason>{_harmless(reason)}</reason>\n<error_step>{'none' if number is None else number}</error_step>"


def _classify(row: dict[str, Any], seed: int) -> str:
    code, reason = classify(row["question"], _reference(row), row["steps"])
    return f"<reason>{_harmless(reason)}</reason>\n<error_type>{code}</error_type>"


def _revise(strategy: str) -> Callable[[dict[str, Any], int], str]:
    def revised(row: dict[str, Any], seed: int) -> str:
        return _revision(*revise(row["question"], _reference(row), row["attempt"], strategy, seed))

    return revised


def _smooth(row: dict[str, Any], seed: int) -> str:
    return _revision(row["reflection"], smooth(row["correction"], seed))


def _revision(reflection: str, correction: str) -> str:
    return f"<reflection>{reflection}</reflection>\n<correction>{correction}</correction>"


_TASKS: dict[str, Callable[[dict[str, Any], int], str]] = {
    "inject_error": _inject,
    "locate_first_error": _locate,
    "classify_error": _classify,
    "fix_continue": _revise("fix_continue"),
    "fresh_restart": _revise("fresh_restart"),
    "smooth": _smooth,
}
