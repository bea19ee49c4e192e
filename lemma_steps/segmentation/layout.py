"""The three levels on which a text can be cut: blank lines, else lines, else sentences.

A level counts for a text when it has a cut there, be it only the one at the very end. Whether a break is a cut is
decided from the step before it and the first characters after it, so the steps of a prefix are those of the whole.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from lemma_steps.segmentation.mask import BLOCK
from lemma_steps.segmentation.sentences import SENTENCE_END, ends_sentence
from lemma_steps.segmentation.words import LABELS

_BREAK = r"(?>\r\n|[\n\r\u2028\u2029])"
_BREAKS = re.compile(rf"{_BREAK}(?:[^\S\n\r\u2028\u2029]*+{_BREAK})*+")
_BLANK = re.compile(rf"{_BREAK}[^\S\n\r\u2028\u2029]*+{_BREAK}")
_NEXT = re.compile(r"\S")
_CALCULATOR_MARK = re.compile(r"<<[^<>\n]{1,200}>>")
_NUMBER = r"(?:\d{1,3}|[A-Za-z]|[ivx]{1,4})"
_LABEL = re.compile(rf"\W*(?:(?:{'|'.join(LABELS)})(?:\s*{_NUMBER}\W*|\W*[.:]\W*)|{_NUMBER}[.)]\W*)", re.IGNORECASE)
_ITEM = re.compile(rf"\s*\W{{0,3}}(?:[-*•+]\s|{_NUMBER}[.)]|(?:step|case|part)\s)", re.IGNORECASE)
_INDENT = re.compile(r"[ \t]*+")

Cuts = Callable[[str, str], Iterator[int]]


def paragraphs(text: str, masked: str) -> Iterator[int]:
    """Cuts after blank lines. None in the layout of GSM8K, where calculator marks stand and each line is a step."""
    first = start = _begin(text)
    mark = _CALCULATOR_MARK.search(text)
    for found in _BREAKS.finditer(masked, start):
        if not _BLANK.match(masked, found.start()):
            continue
        if start == first and mark and mark.start() < found.start():
            return
        if not _continues(text, masked, start, found):
            yield (start := found.end())


def lines(text: str, masked: str) -> Iterator[int]:
    """Cuts after lines, but not before the indented lines of a list item and the "where ..." under a formula."""
    start = _begin(text)
    for found in _BREAKS.finditer(masked, start):
        hangs = _ITEM.match(text, start) and _indent(text, found.end()) >= _indent(text, start) + 2
        explains = text[found.end() : found.end() + 1].islower() and _last_sign(masked, found.start()) == BLOCK
        if not (hangs or explains or _continues(text, masked, start, found)):
            yield (start := found.end())


def sentences(text: str, masked: str) -> Iterator[int]:
    """Cuts after sentences and after displayed formulas that end one; for texts of one line."""
    start = _begin(text)
    for found in SENTENCE_END.finditer(masked, start):
        if ends_sentence(text, masked, found) and not _is_label(text, start, found.end()):
            yield (start := found.end())


def _begin(text: str) -> int:
    return len(text) - len(text.lstrip())


def _indent(text: str, at: int) -> int:
    return len(_INDENT.match(text, at)[0].expandtabs(4))  # type: ignore[index]


def _last_sign(masked: str, end: int) -> str:
    while masked[end - 1].isspace():
        end -= 1
    return masked[end - 1]


def _is_label(text: str, start: int, end: int) -> bool:
    return end - start <= 32 and _LABEL.fullmatch(text, start, end) is not None


def _continues(text: str, masked: str, start: int, found: re.Match[str]) -> bool:
    """Whether what follows this break of lines belongs to the step that began at `start`."""
    following = _NEXT.search(masked, found.end())
    return _is_label(text, start, found.end()) or (following is not None and following[0] == BLOCK)
