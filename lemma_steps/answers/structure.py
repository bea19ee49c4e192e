"""The parts of a composite answer: lists, sets, tuples, intervals and their unions, matrices, equations."""

from __future__ import annotations

import re
from dataclasses import dataclass

from lemma_steps.answers.brackets import enclosing, split_top

_MATRIX = re.compile(r"\\begin\{([pbvBV]?matrix|smallmatrix|array)\}(?:\s*\{[lcr| ]*\})?(.*)\\end\{\1\}", re.DOTALL)
_ROW = re.compile(r"\\\\(?:\s*\[[\w.]*\])?")
_LABEL = re.compile(
    r"""\s*(?: (?:\\(?:angle|triangle|overline)\s*\{?\s*)?\\?[A-Za-z]{1,3}(?:_\{?\w+\}?)?'?\}?     # x, AB, a_1, \\alpha
      | [A-Za-z]?\s*\(\s*[A-Za-z](?:\s*,\s*[A-Za-z])*\s*\)                                     # f(x), (x, y)
      | (?:"[^"]*"|[A-Za-z]{2,})(?:\s+(?:"[^"]*"|[A-Za-z]+))* )\s*""",
    re.VERBOSE,
)
_VARIABLE = re.compile(r"(?<![\\A-Za-z])[A-Za-z](?![A-Za-z])")
_PAIRS = {("(", ")"), ("[", "]"), ("{", "}"), ("\\{", "\\}")}
_COMMA = frozenset(",;")


@dataclass(frozen=True)
class Group:
    """`kind` is `list` (bare), `{}`, `()`, `[]`, `(]`, `[)`, `union` or `matrix RxC`."""

    kind: str
    items: tuple[str, ...]

    @property
    def ordered(self) -> bool:
        return self.kind not in {"list", "{}", "union"}


def _items(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in split_top(text, _COMMA) if part.strip(' "'))


def plus_minus(text: str) -> str:
    r"""`a \\pm b` written as the two values that it stands for."""
    if text.count("\\pm") != 1:
        return text
    return ", ".join(text.replace("\\pm", sign).strip().removeprefix("+").strip() for sign in "+-")


def group(text: str) -> Group | None:
    """The composite that a dressed answer is, or None for a scalar."""
    text = plus_minus(text)
    if (matrix := _MATRIX.fullmatch(text)) is not None:
        rows = [[cell.strip() for cell in row.split("&")] for row in _ROW.split(matrix[2]) if row.strip()]
        return Group(f"matrix {len(rows)}x{len(rows[0]) if rows else 0}", tuple(cell for row in rows for cell in row))
    if len(items := _items(text)) > 1:
        return Group("list", items)
    if len(parts := split_top(text, frozenset({"\\cup"}))) > 1:
        return Group("union", tuple(part.strip() for part in parts))
    if (pair := enclosing(text)) is None:
        return None
    inner = text[len(pair[0]) : -len(pair[1])]
    items = _items(inner)
    kind = "".join(pair).replace("\\", "")
    return Group(kind, items) if len(items) > 1 else None


def unwrap(text: str) -> str:
    r"""A scalar without brackets around all of it: `(C)` is `C`, `\{5\}` is 5."""
    while (pair := enclosing(text)) in _PAIRS and len(_items(inner := text[len(pair[0]) : -len(pair[1])])) == 1:
        text = inner.strip()
    return text


def equation(text: str) -> tuple[str | None, list[str]]:
    r"""Label and values of `x = 5`, `f(x) = 2x`, `x \\in [1, 2]`, `AB = 3 + 4 = 7`; label None where there is none.

    A proper equation, with an expression on its left side, is one value.
    """
    parts = [part.strip() for part in split_top(text, frozenset({"=", "\\approx", "≈", "\\in"}))]
    if parts and not parts[0]:
        parts = parts[1:]
    if len(parts) < 2 or not all(parts):
        return None, parts if len(parts) == 1 else [text]
    if _LABEL.fullmatch(parts[0]):
        return parts[0].strip('" '), parts[1:]
    return None, [text] if _VARIABLE.search(parts[0]) else parts
