"""What two spellings of one question have in common: a sequence of tokens without dress.

Dropped: case, spacing, LaTeX spacing and font commands, maths delimiters, money signs, braces around one token,
punctuation of prose, thousands commas, a leading "Question:", a trailing request for an answer format. Kept: every
digit, sign, decimal point, operator, bracket, relation and LaTeX function, because `tan 225` is not `tan 22.5` and
`x^4 - 1` is not `x^4 + 1` (an n-gram over bare words cannot tell them apart). Number words become digits.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

MAX_CHARS = 20_000
"""Longer texts are compared by their first part only: no evaluation question is half as long."""

_MAX_HINT = 200
_INVISIBLE = re.compile(r"[\u00ad\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufe00-\ufe0f\ufeff]")
_DIGIT = re.compile(r"\d")
_SENTENCE_END = re.compile(
    r"[.?!$)\]}][$)\]}\"'*\\]{0,6}\s+|\n\s*\n\s*|\n\s*(?=[#*]|(?:final )?(?:answer|solution|response)\s*:)"
)
_THOUSANDS = re.compile(r"(?<![\d.,])\d{1,3}(?:(?:,|\{,\}|\\,|,\\!|\\!,)\d{3})+(?!\d)")
_MATHS_DELIMITER = re.compile(r"(?<!\\)\\[()\[\]]")
_SHORT_FRACTION = re.compile(r"(\\[dt]?frac)\s*(\d)(?=\s*[\d{])\s*")
_DEGREES = re.compile(r"\^\s*(?:\\circ\b|\{\s*\\circ\s*\})")
_STAR = re.compile(r"(?<=[a-z])\*(?=\})")
_RATIO = re.compile(r"(?<=\d)\s*:\s*(?=\d)")
_APOSTROPHE = re.compile(r"(?<=[^\W\d_]{2})'(?=[^\W\d_])")
_PROSE_HYPHEN = re.compile(
    r"(?<=[^\W_])-(?=[^\W\d_]{2})|(?<=[^\W\d_]{2})\s+-+\s+(?=[^\W\d_]{2})|(?<=[^\W\d_]{2})-(?=\d)"
)
_TOKEN = re.compile(
    r"""\d+(?:\.\d+)?|\.\d+                                 # a numeral
      | \\(?:[a-z]+|[{}\\])                                  # a LaTeX command, a set brace, a matrix line
      | [^\W\d_]+                                            # a word
      | (?<=\b[^\W\d_])'+                                    # f'
      | (?<=[\d)}])!|(?<=\b[^\W\d_])!                        # a factorial
      | (?<=\w):(?=\w)                                       # a ratio
      | <=|>=|_(?!_)(?<!__)                                  # relations, a subscript
      | [^\w\s.,:;?!"'`~$\#&\\]                              # operators, brackets, other symbols""",
    re.VERBOSE,
)


@cache
def _spelling() -> dict[str, Any]:
    """`spelling.yaml`, with its character table and its two pattern lists made ready for use."""
    rules = yaml.safe_load(files(__package__).joinpath("spelling.yaml").read_text(encoding="utf-8"))
    return {
        "characters": str.maketrans(rules["characters"]),
        "tokens": rules["commands"] | rules["words"],
        "decisive": frozenset(rules["decisive"]),
        "openings": re.compile(r"\s*(?:" + "|".join(rules["openings"]) + r")\s*"),
        "closings": re.compile("|".join(rules["closings"])),
    }


def tokens(text: str) -> list[str]:
    """The tokens of `text` that carry meaning, in order. Linear in the length of the text."""
    rules = _spelling()
    text = _INVISIBLE.sub("", text[:MAX_CHARS]).translate(rules["characters"])
    text = unicodedata.normalize("NFKC", text).lower()
    text = _question_alone(text.translate(rules["characters"]))
    text = _THOUSANDS.sub(lambda match: re.sub(r"\D", "", match[0]), text)
    text = _SHORT_FRACTION.sub(r"\1 \2 ", _MATHS_DELIMITER.sub(" ", text))
    text = _RATIO.sub(":", _STAR.sub("", _DEGREES.sub(r" \\circ ", text)))
    text = _PROSE_HYPHEN.sub(" ", _APOSTROPHE.sub("", text))
    found = (rules["tokens"].get(token, token) for token in _TOKEN.findall(text))
    return _without_idle_braces([_plain_number(token) for token in found if token])


def normalise(text: str) -> str:
    """`tokens(text)` as one string: equal for two spellings of one question."""
    return " ".join(tokens(text))


def decisive_words() -> frozenset[str]:
    """Words that turn a question into another one: near duplicates must agree in them."""
    return _spelling()["decisive"]


def _question_alone(text: str) -> str:
    """`text` without a label before the question and without last sentences that only ask for an answer format."""
    rules = _spelling()
    rest = text[match.end() :] if (match := rules["openings"].match(text)) else text
    text = rest if rest.strip() else text
    end = len(text)
    for begin in reversed([match.end() for match in _SENTENCE_END.finditer(text.rstrip())]):
        last = " ".join(text[begin:end].split())
        if len(last) > _MAX_HINT or _DIGIT.search(last) or not rules["closings"].fullmatch(last):
            break
        end = begin
    return text[:end]


def _plain_number(token: str) -> str:
    """`2.50` as `2.5`, `.5` as `0.5`; any other token as it is."""
    if "." not in token:
        return token
    whole, _, decimals = token.partition(".")
    decimals = decimals.rstrip("0")
    return f"{whole or '0'}.{decimals}" if decimals else whole or "0"


def _without_idle_braces(found: list[str]) -> list[str]:
    """`x^{2}` as `x^2`: drops every pair of braces that holds one token or none."""
    kept: list[str] = []
    open_braces: list[int] = []
    for token in found:
        if token == "}" and open_braces:
            begin = open_braces.pop()
            if len(kept) - begin <= 2:
                del kept[begin]
                continue
        elif token == "{":
            open_braces.append(len(kept))
        kept.append(token)
    return kept
