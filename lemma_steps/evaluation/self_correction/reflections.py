"""Finds where a reply stops and turns back on its own work: a halt, an error of its own named, work gone over again.

A list of wordings, no judge. `self_correction` says how often it is right.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

MAX_TEXT = 100_000
"""Characters that are read; a reply of 1,024 tokens has fewer than a tenth of that."""


@dataclass(frozen=True, slots=True)
class Reflection:
    """One turn back: `text[begin:end]` reaches from its first sign to its last."""

    begin: int
    end: int


@cache
def _wordings() -> dict[str, Any]:
    read = yaml.safe_load(files(__package__).joinpath("reflections.yaml").read_text(encoding="utf-8"))
    audits = yaml.safe_load(files("lemma_steps.audits").joinpath("phrases.yaml").read_text(encoding="utf-8"))

    def compiled(patterns: list[str]) -> list[re.Pattern[str]]:
        for name, words in read["words"].items():
            patterns = [pattern.replace(f"{{{name}}}", words) for pattern in patterns]
        return [re.compile(pattern, re.IGNORECASE) for pattern in patterns]

    lists = {name: compiled(read[name]) for name in ("signs", "doubts", "turns")}
    return {**lists, "denials": compiled(audits["denials"]), "reach": read["reach"], "gap": read["gap"]}


def reflections(text: str) -> list[Reflection]:
    """The reflections of a reply in their order; signs close to each other are one reflection."""
    wordings = _wordings()
    found: list[Reflection] = []
    for begin, end in sorted(_signs(_plain(text[:MAX_TEXT]), wordings)):
        if found and begin - found[-1].end <= wordings["gap"]:
            found[-1] = Reflection(found[-1].begin, max(end, found[-1].end))
        else:
            found.append(Reflection(begin, end))
    return found


def _plain(text: str) -> str:
    """Straight apostrophes and no denial of an error, in as many characters as before."""
    plain = text.replace("’", "'")
    for denial in _wordings()["denials"]:
        plain = denial.sub(lambda match: "\0" * len(match[0]), plain)
    return plain


def _signs(text: str, wordings: dict[str, Any]) -> Iterator[tuple[int, int]]:
    for sign in wordings["signs"]:
        yield from (_words(match) for match in sign.finditer(text))
    for doubt in wordings["doubts"]:
        for match in doubt.finditer(text):
            if any(turn.search(text, match.end(), match.end() + wordings["reach"]) for turn in wordings["turns"]):
                yield _words(match)


def _words(match: re.Match[str]) -> tuple[int, int]:
    """The span without the stop and the white space by which a clause was seen to begin."""
    lead = len(match[0]) - len(match[0].lstrip(" \t\r\n.!?…:;(—–*\"'_"))
    return match.start() + lead, match.end()
