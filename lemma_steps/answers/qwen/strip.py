r"""The published normalisation of an answer: what is deleted and rewritten before two answers are compared.

The order is part of the rules, and so are its oddities, which are kept because scores depend on them: a letter that stands
alone is taken for a unit (`2a + h` becomes `2a+`), `and` goes even inside a word, `j` becomes `i` where there is no `i`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from importlib.resources import files

import yaml

from lemma_steps.answers.qwen.numerals import spelled_number

MAX_CHARS = 20_000
"""Longer answers are not stripped: several substitutions take time that grows with the square of the length."""

_TABLE = yaml.safe_load(files(__package__).joinpath("words.yaml").read_text(encoding="utf-8"))
_UNITS = [
    (word, "." in word, re.compile(rf"(^|\W){word}($|\W)"))
    for word in (*_TABLE["units"], *(f"{word}s" for word in _TABLE["units"]))
]
_MAY_HOLD_UNIT = re.compile(r"[^\W\d_]|[^\x00-\x7f]")

Step = Callable[[str], str]


def _delete(*parts: str) -> Step:
    return lambda text: _without(text, parts)


def _without(text: str, parts: tuple[str, ...]) -> str:
    for part in parts:
        text = text.replace(part, "")
    return text


def _replace(*pairs: tuple[str, str]) -> Step:
    def step(text: str) -> str:
        for old, new in pairs:
            text = text.replace(old, new)
        return text

    return step


def _substitute(pattern: str, replacement: str) -> Step:
    compiled = re.compile(pattern)
    return lambda text: compiled.sub(replacement, text)


_TAIL = re.compile(r"\\text{.*?}$")


def _without_tail(text: str) -> str:
    r"""Without the `\text{...}` at the end, and all between the first such command and the end."""
    return _TAIL.sub("", text).strip() or text


def _without_units(text: str) -> str:
    if not _MAY_HOLD_UNIT.search(text):
        return text
    for _ in range(2):
        for word, wild, pattern in _UNITS:
            if wild or word in text:
                text = pattern.sub(r"\1\2", text) or text
    return text


def _infinity(text: str) -> str:
    text = text.replace("infinity", "\\infty")
    return text if "\\infty" in text else text.replace("inf", "\\infty")


def _imaginary(text: str) -> str:
    return text.replace("j", "i") if "i" not in text else text


def _without_label(text: str) -> str:
    """`k=5` as `5`: one equals sign with at most two characters before it."""
    parts = text.split("=")
    return parts[1] if len(parts) == 2 and len(parts[0]) <= 2 else text


def _braced_fractions(text: str) -> str:
    r"""`\frac12` and `\frac1{72}` with braces; nothing changes where a `\frac` has fewer than two characters after it."""
    head, *pieces = text.split("\\frac")
    if any(len(piece) < 2 and piece != "{" for piece in pieces):
        return text
    return head + "".join("\\frac" + (piece if piece[0] == "{" else _braced(piece)) for piece in pieces)


def _braced(piece: str) -> str:
    top, bottom, rest = piece[0], piece[1], piece[2:]
    return f"{{{top}}}{{{rest}" if bottom == "{" else f"{{{top}}}{{{bottom}}}{rest}"


def _slash(text: str) -> str:
    r"""`3/4` as `\frac{3}{4}`: canonical integers, or roots."""
    parts = text.split("/")
    try:
        if len(parts) == 2 and all("sqrt" in part or str(int(part)) == part for part in parts):
            return f"\\frac{{{parts[0]}}}{{{parts[1]}}}"
    except ValueError:  # not an integer, or one too long to read
        pass
    return text


_BEFORE_LENGTH_CHECK: list[Step] = [
    str.strip,
    _delete("\n"),
    lambda text: text.rstrip("."),
    _delete("\\!"),
    _substitute(r"\\begin\{array\}\{.*?\}", r"\\begin{pmatrix}"),
    _replace(("\\end{array}", "\\end{pmatrix}"), ("bmatrix", "pmatrix"), ("tfrac", "frac"), ("dfrac", "frac")),
    _replace(("\\neq", "\\ne"), ("\\leq", "\\le"), ("\\geq", "\\ge")),
    _delete("\\left", "\\right"),
    _replace(("\\{", "{"), ("\\}", "}")),
    _without_tail,
    _without_units,
    _delete("^{\\circ}", "^\\circ", "\\$", "$", "\\(", "\\)"),
    spelled_number,
    _substitute(r"\\text\{(.*?)\}", r"\1"),
    _delete(*_TABLE["labels"]),
    _replace(("\\emptyset", "{}"), ("(-\\infty,\\infty)", "\\mathbb{R}")),
    _delete("\\%", "%"),
    _replace((" .", " 0."), ("{.", "{0.")),
    _infinity,
    _replace(("+\\inity", "\\infty")),
    _delete("and", "\\mathbf"),
    _substitute(r"\\mbox{.*?}", ""),
    _imaginary,
    _substitute(r"(\d)\.0*(\D)", r"\1\2"),
    _substitute(r"(\d)\.0*$", r"\1"),
]
_REST: list[Step] = [
    lambda text: f"0{text}" if text[0] == "." else text,
    _without_label,
    _substitute(r"\\sqrt(\w+)", r"\\sqrt{\1}"),
    _delete(" "),
    _braced_fractions,
    _slash,
]


@lru_cache(maxsize=4096)
def strip(text: str) -> str:
    """One pass of the published normalisation; a text of more than `MAX_CHARS` characters is returned as it is."""
    if len(text) > MAX_CHARS:
        return text
    for step in _BEFORE_LENGTH_CHECK:
        text = step(text)
    if text:
        for step in _REST:
            text = step(text)
    return text
