"""How a quantity of a solution is called: the words that follow its numeral."""

from __future__ import annotations

import re

from lemma_steps.arithmetic import Expression, Number
from lemma_steps.llms.offline.worked import Worked

_WORDS_AFTER = re.compile(r"(?: ?%|(?:[ ]|/)[A-Za-z][A-Za-z'-]*)(?:(?:[ ]|/)[A-Za-z][A-Za-z'-]*)*")
_STOP = frozenset(
    "so and then because since if but for from which that when after before while is are was were as to he she they it his her"
    " in on at by with of each the a an per will would can had has have this there more less fewer than left total altogether"
    " now first last only all".split()
)
MAX_WORDS = 3
_LAYOUT = re.compile(r"&|\\\\(?:\[[^\]]*\])?|\\boxed|\n")


def unit(worked: Worked, number: Number) -> str:
    """Up to three words that name what is counted; empty where the text does not say."""
    found = _WORDS_AFTER.match(worked.text, number.end)
    words: list[str] = []
    for word in (found[0] if found else "").replace("/", " /").split():
        if word.lower().lstrip("/") in _STOP or len(words) == MAX_WORDS:
            break
        words.append(word)
    return " ".join(words).replace(" /", "/")


def amount(worked: Worked, number: Number) -> str:
    """The number with its currency and unit, in dollar signs where the solution is LaTeX."""
    if worked.latex:
        return f"${number.text}$"
    if number.unit == "$":
        return f"${number.text}"
    if number.unit == "%":
        return f"{number.text}%"
    return f"{number.text} {unit(worked, number)}".strip()


def shown(worked: Worked, side: Expression, bare: bool = False) -> str:
    """An expression for use in a sentence: on one line, with its currency, in dollar signs where the solution is LaTeX."""
    text = " ".join(_LAYOUT.sub(" ", side.text).split())
    if worked.latex:
        return text if bare else f"${text}$"
    before = worked.text[max(0, side.begin - 1) : side.begin]
    return f"${text}" if before == "$" else text
