"""What a program said last, for one line on the screen."""

from __future__ import annotations

import re
from pathlib import Path

from lemma_steps.evaluation.results.labels import printable

_ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_OURS = re.compile(r"^(error|stopped): ")
_FAULT = re.compile(r"^[\w.]*(Error|Exception|Interrupt)\b|^error\b", re.IGNORECASE)
_TAIL = 16_000
_LONGEST = 400


def last_line(log: Path) -> str:
    """The last line that is not empty, as it can be printed; of a progress bar its last state."""
    return next(reversed(_lines(log)), "")


def last_words(log: Path) -> str:
    """Why a program ended: our own recipes' `error:` line, else the last line that names an error, else the last line."""
    lines = _lines(log)
    for pattern in (_OURS, _FAULT):
        if said := [line for line in lines if pattern.search(line)]:
            return _OURS.sub("", said[-1])
    return lines[-1] if lines else "it said nothing"


def _lines(log: Path) -> list[str]:
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - _TAIL))
            text = file.read().decode("utf-8", errors="replace")
    except OSError:
        return []
    lines = [printable(_ESCAPES.sub("", line)) for line in re.split(r"[\r\n]+", text)]
    return [_cut(line) for line in lines if line.strip(" ?-=─━╭╮╰╯│┃")]


def _cut(line: str) -> str:
    """A long line without its middle: what went wrong stands at its beginning, the remedy at its end."""
    half = _LONGEST // 2
    return line if len(line) <= _LONGEST else f"{line[:half]} … {line[-half:]}"
