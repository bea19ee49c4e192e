"""How a quantity of a solution is called: the words that follow its numeral."""

from __future__ import annotations

import re

from lemma_steps.arithmetic import Expression, Number
from lemma_steps.llms.offline import wording
from lemma_steps.llms.offline.numerals import raw
from lemma_steps.llms.offline.worked import Chain, Worked

_WORDS_AFTER = re.compile(r"(?: ?%|(?:[ ]|/)[A-Za-z][A-Za-z'-]*)(?:(?:[ ]|/)[A-Za-z][A-Za-z'-]*)*")
MAX_WORDS = 3
_MATHS_SIGN = re.compile(r"(?<!\\)\$")
_LAYOUT = re.compile(r"&|\\\\(?:\[[^\]]*\])?|\\boxed|\n")


def unit(worked: Worked, number: Number) -> str:
    """Up to three words that name what is counted; empty where the text does not say."""
    if number.unit == "$":
        return ""
    found = _WORDS_AFTER.match(worked.text, number.end)
    words: list[str] = []
    for word in (found[0] if found else "").replace("/", " /").split():
        if word.lower().lstrip("/") in wording.variants("words", "no_unit") or len(words) == MAX_WORDS:
            break
        words.append(word)
    return " ".join(words).replace(" /", "/")


def nearby_unit(worked: Worked, chain: Chain) -> str:
    """The unit of a chain's result, or of the same number elsewhere in its step ("6 hours, because 2 x 3 = 6")."""
    return unit(worked, chain.result) or next(filter(None, (unit(worked, n) for n in mentions(worked, chain))), "")


def mentions(worked: Worked, chain: Chain) -> list[Number]:
    """The chain's result where its step has it in words."""
    return [n for n in worked.prose(chain.step) if raw(n) == chain.value]


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
    """An expression for use in a sentence: on one line, with its currency, or in dollar signs if it is LaTeX."""
    text = " ".join(_LAYOUT.sub(" ", side.text).split())
    if worked.latex:
        text = _MATHS_SIGN.sub("", text)
        return text if bare else f"${text}$"
    before = worked.text[max(0, side.begin - 1) : side.begin]
    return f"${text}" if before == "$" else text
