r"""Finds the places where a text states an answer, from its end, without scanning what comes before them.

Each kind has a needle, which `str.rfind` finds at memory speed, and a pattern that confirms it there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_BOX, _CLOSING, _HASHES, _LINE = "box", "nswer", "####", "A:"
_PATTERNS: dict[str, re.Pattern[str]] = {
    needle: re.compile(pattern, re.VERBOSE)
    for needle, pattern in (
        (_BOX, r"\\[fb]?box(?:ed)?(?:(?P<box>\s*(?=\{)) | (?P<bare_box>\s+(?=[\w-])))"),
        (
            _CLOSING,
            r"""\b[aA]nswers?(?:\s+to\s[^.\n:]{0,80})?(?:\*\*)?\s*
            (?:\s(?:is|are|will\ be|would\ be|equals)\b\s*(?:\*\*)?\s*(?P<colon>[:：=])? | (?P<title>[:：]))(?:\*\*)?""",
        ),
        ("NSWER", r"\bANSWERS?\s*(?:IS\b\s*)?(?P<title>[:：=])?"),
        (_HASHES, r"[ \t]*\#{4}(?P<hashes>(?!\#))"),
        (_LINE, r"[ \t]*A:(?P<line>(?=[ \t]*\S))"),
    )
}
MAX_STATEMENTS = 12


def _begin(text: str, needle: str, at: int) -> int:
    if needle == _BOX:
        return text.rfind("\\", 0, at)
    return text.rfind("\n", 0, at) + 1 if needle in {_HASHES, _LINE} else at - 1


def statements(text: str, *, boxes_only: bool = False) -> Iterator[re.Match[str]]:
    """Statements from the end of `text`, at most `MAX_STATEMENTS`; the answer begins at the match's end.

    The matched groups say which kind it is: `box`, `bare_box`, `colon`, `title`, `hashes`, `line`, or none of them
    for "the answer is" without a colon.
    """
    last = {needle: text.rfind(needle) for needle in ([_BOX] if boxes_only else _PATTERNS)}
    found = 0
    while found < MAX_STATEMENTS and (at := max(last.values())) >= 0:
        needle = next(needle for needle, place in last.items() if place == at)
        last[needle] = text.rfind(needle, 0, at)
        begin = _begin(text, needle, at)
        if begin >= 0 and (match := _PATTERNS[needle].match(text, begin)):
            found += 1
            yield match
