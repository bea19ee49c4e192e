"""Audits of what a trajectory says: marks, the reflection, leaks, the closing statement."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from lemma_steps.audits.records import Failure, Limits, Row, excerpt

_MARK = re.compile(r"<<|####|</s>|<\|[a-z_]{3,40}\|>|<｜[^｜\n]{3,40}｜>|\[/?INST\]|### (?:Instruction|Response):")
_CLOSING = re.compile(r"The answer is: (?=\S)")
_NEXT_SENTENCE = re.compile(r"[.!?]\s+[A-Z]|\n\s*\n")


@cache
def _phrases() -> dict[str, Any]:
    listed = yaml.safe_load(files(__package__).joinpath("phrases.yaml").read_text(encoding="utf-8"))
    leaks = [
        (re.compile(entry["pattern"]), re.compile(entry.get("unless") or entry["pattern"])) for entry in listed["leaks"]
    ]
    return {"leaks": leaks, **{name: re.compile("|".join(listed[name])) for name in ("denials", "strong", "weak")}}


def _plain(text: str) -> str:
    """Lower case, straight apostrophes, single spaces."""
    return " ".join(text.replace("’", "'").lower().split())


def marks(row: Row, limits: Limits) -> Failure | None:
    """No calculator mark (`<<48/2=24>>`), no piece of one, no `####`, which students write too, and nothing that begins or
    ends a turn: no special token, no heading of a prompt."""
    found = _MARK.search(row["output"])
    return Failure("marks", excerpt(row["output"], *found.span())) if found else None


def no_reflection(row: Row, limits: Limits) -> Failure | None:
    """The reflection notices something: an error, a doubt, a turn back. "So the total is 12." and "All is right" do not."""
    reflection = _plain(row["reflection"] or "")
    if not reflection:
        return Failure("no_reflection", "the reflection is blank")
    rest, denied = _phrases()["denials"].subn(" ", reflection)
    if not (_phrases()["strong"].search(rest) or (not denied and _phrases()["weak"].search(rest))):
        return Failure("no_reflection", f"no sign of noticing an error in {excerpt(reflection, 0, 60)}")
    return None


def leak(row: Row, limits: Limits) -> Failure | None:
    """Nothing that only someone says who saw a reference, an earlier attempt or our tags; the question may say it."""
    output, question = _plain(row["output"]), _plain(row.get("question") or "")
    for pattern, unless in _phrases()["leaks"]:
        if (found := pattern.search(output)) and not unless.search(question):
            return Failure("leak", f"{found[0]!r} in {excerpt(output, found.start(), found.end(), 40)}")
    return None


def no_closing(row: Row, limits: Limits) -> Failure | None:
    """The output ends with `The answer is: X` and nothing follows X."""
    output = row["output"]
    statements = list(_CLOSING.finditer(output))
    if not statements:
        return Failure("no_closing", f"ends with {excerpt(output, len(output) - 60, len(output))}")
    answer = output[statements[-1].end() :].rstrip()
    if answer != (row.get("gold_answer") or "").strip() and (more := _NEXT_SENTENCE.search(answer)):
        return Failure("no_closing", f"text after the answer: {excerpt(answer, more.start(), more.end())}")
    return None
