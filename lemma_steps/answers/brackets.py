"""Linear-time bracket work on LaTeX text: matching, splitting at the top level, cutting out a command's argument."""

from __future__ import annotations

import re
from collections.abc import Iterator

OPEN, CLOSE = "([{", ")]}"


def tokens(text: str) -> Iterator[tuple[int, str]]:
    """Offsets and texts of brackets, `\\begin`/`\\end`, escaped characters, separators and relation signs."""
    return ((m.start(), m.group()) for m in _TOKEN.finditer(text))


_TOKEN = re.compile(r"\\(?:begin|end|cup|approx|in|or|and)(?![A-Za-z])|\\.|[(\[{}\])\",;=<>≈]", re.DOTALL)
_DEEPER = {*OPEN, "\\{", "\\begin"}
_HIGHER = {*CLOSE, "\\}", "\\end"}


def matching_brace(text: str, start: int) -> int | None:
    """Offset of the `}` that closes the `{` at `start`, or None. Escaped braces do not count."""
    depth = 0
    for match in _BRACE.finditer(text, start):
        depth += {"{": 1, "}": -1}.get(match.group(), 0)
        if not depth:
            return match.start()
    return None


_BRACE = re.compile(r"\\.|[{}]", re.DOTALL)


def depth(text: str) -> int | None:
    """Greatest nesting of brackets, or None where curly braces do not balance."""
    level = deepest = curly = 0
    for _, token in tokens(text):
        if token in _DEEPER:
            level += 1
        elif token in _HIGHER:
            level -= 1
        curly += {"{": 1, "}": -1}.get(token, 0)
        if curly < 0:
            return None
        deepest = max(deepest, level)
    return None if curly else deepest


def split_top(text: str, separators: frozenset[str]) -> list[str]:
    """The parts of `text` between separators outside every bracket, environment and quoted text."""
    parts, level, begin, quoted = [], 0, 0, False
    for at, token in tokens(text):
        if token == '"':
            quoted = not quoted
        elif quoted:
            continue
        elif token in separators and level == 0:
            parts.append(text[begin:at])
            begin = at + len(token)
        elif token in _DEEPER:
            level += 1
        elif token in _HIGHER:
            level -= 1
    return [*parts, text[begin:]]


def enclosing(text: str) -> tuple[str, str] | None:
    """Opening and closing bracket, when one pair encloses all of `text`. `(` may be closed by `]` (an interval)."""
    found = list(tokens(text))
    if len(found) < 2 or found[0][0] != 0 or found[-1][0] + len(found[-1][1]) != len(text):
        return None
    first, last = found[0][1], found[-1][1]
    if first not in {"(", "[", "{", "\\{"} or last not in {")", "]", "}", "\\}"}:
        return None
    level = 0
    for at, token in found:
        level += (token in _DEEPER) - (token in _HIGHER)
        if level == 0 and at != found[-1][0]:
            return None
    return first, last
