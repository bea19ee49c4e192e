"""Where a sentence of a solution ends, in prose with formulas, money, decimals and abbreviations."""

from __future__ import annotations

import re

from lemma_steps.segmentation.mask import BLOCK, FINAL_STOP, INLINE, STOP
from lemma_steps.segmentation.words import ABBREVIATIONS, LOWER_STARTERS, NAME, NEVER, REFERENCE, STARTERS, UNIT

_CLOSERS = "[\"'”’»)\\]）」}*_`]"
SENTENCE_END = re.compile(
    rf"(?:(?P<stop>(?<![.!?…])[.!?…]++)|{STOP}){_CLOSERS}*+(?:[^\S\r\n]++|(?=[A-Z][a-z]+\s))"
    rf"|[。！？]++{_CLOSERS}*+[^\S\r\n]*+"
    rf"|{BLOCK}(?!{BLOCK})[^\S\r\n]*+"
    r"|(?<=\S)[^\S\r\n]++(?=[*_]*+Step\ \d{1,3}[*_]*+[:)]|\d{1,2}\)\s)"
)
"""Every place of a masked text where a sentence may end, and the white space after it."""

_OPENERS = re.compile("[\"'“‘«(（「\\[{*_#¿¡$`]*+")
_CONTINUES = "=≈≠<>≤≥+*/^|,;:.!?)）]}%&~…-–—，、；：。！？"
_WORD = re.compile(r"[^\W\d_]+(?:'[a-z]+)?")
_WORD_BEFORE = re.compile(r"(?:[^\W\d_]+\.)*[^\W\d_]+$")
_CAPITAL_BEFORE = re.compile(r"(?:\b[A-Z]\w*\.?|\bby)\s+[A-Z]$")
_INITIAL = re.compile(r"[A-Z]\.\s")
_TAIL = re.compile(r"\$*\\(?:end|qed|hfill|q?quad|(?:black)?square)\b|[∎□■]")
_EQUATION = re.compile(r"[a-z]\w?\s?[=<>≤≥]")


def ends_sentence(text: str, masked: str, end: re.Match[str]) -> bool:
    """Whether a sentence really ends at this match of `SENTENCE_END` in `masked`."""
    begin = end.end()
    if masked[begin : begin + 1] == BLOCK:
        return False
    at = _OPENERS.match(masked, begin).end()  # type: ignore[union-attr]
    first = text[at : at + 1]
    if not first or first.isspace() or _TAIL.match(text, at):
        return False
    formula = (masked[at] in INLINE + STOP and first in "$\\") or text[begin] == "`"
    number = first.isdigit() or (first in "-−+" and text[at + 1 : at + 2].isdigit())
    starts = formula or number or not (first.islower() or first in _CONTINUES)
    if end[0][0] == BLOCK:
        stopped = FINAL_STOP.search(text, max(0, end.start() - 40), end.start() + 1)
        return first.isupper() or (starts and stopped is not None)
    if end["stop"] is None:
        return starts
    return _full_stop(text, end, at, starts=starts, counts=number or formula or text[begin] == "(")


def _full_stop(text: str, end: re.Match[str], at: int, *, starts: bool, counts: bool) -> bool:
    """The same for a stop in prose; `counts`: a number or formula follows, so "No." may be an abbreviation."""
    stop, before = end["stop"], text[max(0, end.start() - 24) : end.start()]
    first, next_word = text[at], (_WORD.match(text, at) or [""])[0].lower()
    if ".." in stop or "…" in stop or (stop == "!" and before[-1:].isalnum() and not before[-2:].isalpha()):
        return first.isupper()  # "1 + 2 + ... 9", "4! 3!"
    starts = starts or next_word in LOWER_STARTERS or _EQUATION.match(text, at) is not None
    word = (_WORD_BEFORE.search(before) or [""])[0]
    key = word.lower()
    if stop != "." or not word:
        return starts
    if key in NEVER or (counts and key in REFERENCE) or (first.isdigit() and key in UNIT):
        return False
    if first.islower() and key in ABBREVIATIONS:
        return False
    if key in NAME or _is_initial(before, word, text, at):
        return next_word in STARTERS
    return starts


def _is_initial(before: str, word: str, text: str, at: int) -> bool:
    """Whether a capital and its stop shorten a name ("J. R. Hale") rather than end a sentence ("point B. Draw")."""
    single = word[-1:].isupper() and (len(word) == 1 or word[-2] == ".")
    return single and bool(len(word) > 1 or _CAPITAL_BEFORE.search(before) or _INITIAL.match(text, at))
