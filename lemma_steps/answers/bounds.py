"""What is refused before any parser sees it: sizes that no answer of a maths problem has."""

from __future__ import annotations

import re

from lemma_steps.answers.brackets import depth

MAX_CHARS = 1_000
MAX_ITEMS = 64
MAX_DEPTH = 24
MAX_DIGITS = 400
MAX_PLAIN_DIGITS = 4_000
MAX_POWER_DIGITS = 5
MAX_FACTORIAL = 500

_DIGITS = re.compile(rf"\d{{{MAX_DIGITS + 1}}}")
_POWER = re.compile(rf"\^\s*[({{]?\s*-?\d{{{MAX_POWER_DIGITS + 1}}}")
_TOWER = re.compile(r"\d\s*[)}]*\s*\^\s*[({]*\s*(\d+)\s*[)}]*\s*\^\s*[({]*\s*(\d+)(\s*[)}]*\s*\^)?")
_FACTORIAL = re.compile(r"(\d+)\s*[)}]*\s*!|!\s*[)}]*\s*!")
_PLAIN = re.compile(rf"-?[\d.,]{{1,{MAX_PLAIN_DIGITS}}}")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")


def _tower_too_high(match: re.Match[str]) -> bool:
    low, high, more = match.groups()
    return more is not None or len(low) > 4 or len(high) > 4 or len(low) * int(high) > MAX_POWER_DIGITS


def refuse(answer: str) -> str | None:
    """Why `answer` may not be parsed, or None. Every such answer gets the verdict `unparsed`.

    A plain number may be long: reading it is cheap.
    """
    if not answer.strip('" '):
        return "empty"
    if _PLAIN.fullmatch(answer):
        return None
    if len(answer) > MAX_CHARS:
        return "too_long"
    if sum(map(answer.count, ",;&")) > MAX_ITEMS:
        return "too_many_items"
    if _CONTROL.search(answer):
        return "control_characters"
    nesting = depth(answer)
    if nesting is None or nesting > MAX_DEPTH:
        return "unbalanced" if nesting is None else "too_deep"
    if _DIGITS.search(answer):
        return "too_many_digits"
    if _POWER.search(answer) or any(map(_tower_too_high, _TOWER.finditer(answer))):
        return "power_too_high"
    if any(m[1] is None or len(m[1]) > 4 or int(m[1]) > MAX_FACTORIAL for m in _FACTORIAL.finditer(answer)):
        return "factorial_too_high"
    return None
