r"""Where a text states its answer: a closing statement, a `####` line, an `A:` line, a box; the last number at worst.

Statements are read from the end, and the later one wins: a box inside an erroneous prefix loses to the closing
"The answer is: X" after it. All work is linear in the last `MAX_TAIL` characters.
"""

from __future__ import annotations

import re

from lemma_steps.answers.brackets import matching_brace
from lemma_steps.answers.statements import statements

MAX_TAIL = 20_000
_DELIMITED = re.compile(r"\$\$(.+?)\$\$|(?<!\\)\$((?:\\.|[^$\n\\])+?)\$(?!\d)|\\\((.+?)\\\)|\\\[(.+?)\\\]", re.DOTALL)
_JOINT = re.compile(r"\s*(?:,|;|,?\s*\b(?:and|or)\b)\s*(?=[$\\]|-?\d)", re.IGNORECASE)
_TRAILING_UNIT = re.compile(
    r"""\s*(?:\\?% | ° | (?!(?:and|or|so|because|since)\b)[A-Za-z][A-Za-z²³/^\d]*(?:\s(?:per\s)?[a-z]{2,})?)
        (?=\s*(?:[.,;!\n]|$))""",
    re.VERBOSE,
)
_CLAUSE = r"so|because|since|which|where|as|therefore|thus|hence|but|when|if|for\ a\ total|that\ is|i\.e\."
_SENTENCE_END = re.compile(
    rf"""(?<!\b[ap]\.m)(?<!\b[ap])(?<!\b[MDS][rst])(?<!\bMrs)[.!?](?=\s*$ | \s+[A-Z"'(\\$*] | \s*\n)     # a full stop
      | \n\s*\n | \n(?=\s*[A-Z\#*(-])                                         # a new paragraph or item
      | [,;:]?\s(?=(?:{_CLAUSE})\b) | ,\s(?=[a-z]{{2,}}\s[a-z]+)               # a subordinate clause
      | <[|/]?\w+[|]?> | ,\s(?=not\s) | \s[–—]\s(?=[A-Za-z])                      # an end token, an aside
      | \s\((?=(?:since|because|as|i\.e\.)\s | (?:[a-z]{{2,}}|\d+)\s[a-z]+\s)     # a remark in brackets
    """,
    re.VERBOSE,
)
_BOXED = re.compile(r"[\s$:*]*(?:\\[(\[])?\s*\\[fb]?box(?:ed)?\s*(?=\{)")
_NUMERIC_START = re.compile(r"\s*[-+$\\\d(.]")
_PROSE = re.compile(r"[A-Za-z]{3,}(?:\s+[A-Za-z]{2,}){2,}")
_NOT_AN_ANSWER = re.compile(
    r"(?:not|in|correct|incorrect|right|wrong|reasonable|valid|invalid|clear\w*|obvious\w*|indeed|consistent|therefore|thus|the|an?|to|"
    r"that|what|as|also|given|found|verified|checked|based|same|simply|just|still|now|only|about|then|this|it|we)\b",
    re.IGNORECASE,
)
_DENIED = re.compile(
    r"""(?:(?:n['’]t|\bnot|\bnever|\bwrong\ to)\s+(?:think|believe|say|claim|mean|conclude)
        | \bdoubt | \b(?:check|verify)(?:ing)?)
        \s+(?:that\s+)?(?:(?:the|my|our)\s+)?(?:final\s+)?$""",
    re.VERBOSE | re.IGNORECASE,
)
_LAST_NUMBER = re.compile(
    r"(?<![\w.])(?:\\?\$\s?)?[-−]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?(?:/\d+(?![\d/]))?(?:\s?\\?%)?(?![\w/])"
)
_GOLD_LINE = re.compile(r"^[ \t]*####[ \t]*(\S[^\n]*)", re.MULTILINE)
_MATHS_START = re.compile(
    r"[^A-Za-z]|[A-Za-z]{1,3}\s*[=^_(+*/-]|[A-H][).:]\s|[0-9A-Z]+_|[A-Za-z]\d*$|sqrt|[a-z]{1,2}\b"
)
_DATE = re.compile(r"[A-Z][a-z]+ \d{1,2}(?:, \d{4})?")
_CLOCK = re.compile(r"\d{1,2}:\d\d(?::\d\d)?\s*[ap]\.m\.", re.IGNORECASE)
_BLANK = " \t\r\n"
_MAX_BARE_WORDS = 4


def _box(text: str, start: int) -> str | None:
    end = matching_brace(text, start)
    return None if end is None else text[start + 1 : end].strip()


def last_box(text: str) -> str | None:
    r"""The content of the last balanced `\boxed{}` or `\fbox{}`, or None."""
    boxes = (match for match in statements(text, boxes_only=True) if match["box"] is not None)
    return next((content for match in boxes if (content := _box(text, match.end())) is not None), None)


def gold_answer(text: str) -> str | None:
    r"""The answer of a gold solution: its last `####` line, else its last balanced box; None where it has neither."""
    lines = _GOLD_LINE.findall(text[-MAX_TAIL:]) if "####" in text else None
    return lines[-1].strip() if lines else last_box(text[-MAX_TAIL:])


def _delimited(text: str) -> str | None:
    """The maths that `text` starts with, with what is listed after it and its unit."""
    match = _DELIMITED.match(text)
    if match is None or _PROSE.search(next(filter(None, match.groups())).replace("\\text", "")):
        return None
    end = match.end()
    while (joint := _JOINT.match(text, end)) and (more := _DELIMITED.match(text, joint.end())):
        end = more.end()
    if unit := _TRAILING_UNIT.match(text, end):
        end = unit.end()
    return text[:end]


def _cut(text: str) -> str:
    """The answer at the start of `text`: its maths, or its words up to the end of the sentence or of the clause."""
    text = text.lstrip(" \t\n:=*").rstrip()
    if (maths := _delimited(text)) is not None:
        return maths.strip()
    if (clock := _CLOCK.match(text)) is not None:
        return clock.group()
    depth = 0
    starts = {m.start(): m for m in _SENTENCE_END.finditer(text)}
    for at, char in enumerate(text[:MAX_TAIL]):
        if at in starts and depth <= 0:
            return text[:at].strip()
        depth += (char in "{[(") - (char in "}])")
    return text.strip()


def _statement(text: str, match: re.Match[str]) -> str | None:
    """The answer that a statement makes, or None when it makes none ("the answer is not clear")."""
    kind, rest = match.groupdict(), text[match.end() :]
    if _DENIED.search(text[max(0, match.start() - 60) : match.start()]):
        return None
    if kind.get("box") is not None:
        return _box(text, match.end())
    if "hashes" in kind:
        line, _, after = rest.partition("\n")
        return line.strip() or None if not after.strip() or _NUMERIC_START.match(line) else None  # else a heading
    if "line" in kind:  # the first option of a choice looks the same, but is not the last line
        return rest.strip() if "\n" not in rest else None
    if (boxed := _BOXED.match(rest)) is not None:
        return _box(rest, boxed.end())
    answer = _cut(rest)
    if not answer or (not any(kind.values()) and _NOT_AN_ANSWER.match(answer)):
        return None
    return answer


def _is_bare(text: str) -> bool:
    """Whether a text without any statement is an answer itself rather than prose that contains one."""
    if "\n" in text.strip() and "\\begin" not in text:
        return False
    plain = re.sub(r"\\[A-Za-z]+(?:\s*\{[^{}]*\})?", " ", text)
    if _DATE.fullmatch(text.rstrip(".")) or re.fullmatch(r"[A-Z]\S*(?: \S+){2,}\.", text):
        return not text.endswith(".")
    prose = re.findall(r"[A-Za-z]{3,}", plain)
    if len(prose) <= _MAX_BARE_WORDS:
        return bool(_MATHS_START.match(text)) or not re.search(r"\d", plain)
    return re.fullmatch(r"\\?\$?-?[\d.,/]+\s?[A-Za-z ]{1,80}", text) is not None


def stated_answer(text: str) -> str | None:
    """The answer that the last statement of a solution makes; None where nothing states one."""
    text = text[-MAX_TAIL:].strip(_BLANK)
    return next((answer for match in statements(text) if (answer := _statement(text, match))), None)


def extract_answer(text: str) -> str | None:
    """The answer that a solution states or that a bare answer is; None where there is none."""
    text = text[-MAX_TAIL:].strip(_BLANK)
    if (answer := stated_answer(text)) is not None:
        return answer
    if _is_bare(text) and next(statements(text), None) is None:
        return text or None
    spans, numbers = list(_DELIMITED.finditer(text)), list(_LAST_NUMBER.finditer(text))
    if spans and (not numbers or spans[-1].end() >= numbers[-1].end()):
        return spans[-1].group()
    return numbers[-1].group().strip() if numbers else None
