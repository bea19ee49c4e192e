"""Finds the equations of a text and has each judged: right, wrong, or not checkable with a reason."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

from .judge import Judge
from .parse import parse
from .reading import Parse
from .records import Equation, Expression, Number, Operator, Relation
from .resolve import resolve
from .tokens import MAX_TEXT, Token, tokenize
from .units import is_variable

_HAS_RELATION = re.compile(r"(?i)[=≈≅]|\\approx|\\simeq|equal")
_MARK = re.compile(r"<<([^<>\n]{1,400})>>")
_START = frozenset({"NUM", "EXACT", "LP", "FRAC", "SQRT", "BINOM", "CUR"})
MAX_TRAILING_WORDS = 8
REMEMBERED = 2000
"""Longest text whose equations are kept for a while: every audit of a row reads the same few texts again. What is kept
stays small (512 texts, 5 MB as solutions are)."""


@dataclass(slots=True)
class _Side:
    """The tokens between two relations or breaks, and the expressions found in them."""

    span: range
    parses: list[Parse]

    def is_one_expression(self) -> bool:
        return [range(found.first, found.last) for found in self.parses] == [self.span]


class _Finder:
    def __init__(self, text: str, offset: int = 0) -> None:
        self.text, self.offset = text[:MAX_TEXT], offset
        self.tokens = resolve(tokenize(_MARK.sub(lambda match: " " * len(match[0]), self.text)))
        self.judge = Judge(self.text, self.tokens)

    def equations(self) -> Iterator[Equation]:
        chain, first = 0, 0
        left: _Side | None = None
        relation: Token | None = None
        linked = False
        for index, token in enumerate([*self.tokens, Token("BREAK", len(self.text), len(self.text))]):
            if token.kind not in ("REL", "BREAK"):
                continue
            side = self._side(first, index) if relation or token.kind == "REL" else None
            if left and relation and side:
                chain += not linked
                equation = self._equation(left, relation, side, chain, linked)
                linked = equation is not None and side.is_one_expression()
                if equation:
                    yield equation
            else:
                linked = False
            left, relation = (side, token) if token.kind == "REL" else (None, None)
            first = index + 1

    def _side(self, first: int, last: int) -> _Side:
        parses, index = [], first
        while index < last:
            token = self.tokens[index]
            signed = token.kind == "OP" and token.value == "-" and self._is_sign(index, first)
            found = parse(self.tokens, index) if token.kind in _START or signed else None
            if found:
                parses.append(found)
                index = found.last
            else:
                index = token.mate + 1 if token.kind == "LP" and token.mate >= 0 else index + 1
        return _Side(range(first, last), parses)

    def _is_sign(self, index: int, first: int) -> bool:
        """A minus is a sign at the start of a side, and after a word of prose when it stands close to its number."""
        if index == first:
            return True
        before, token = self.tokens[index - 1], self.tokens[index]
        tight = index + 1 < len(self.tokens) and self.tokens[index + 1].begin == token.end and before.end < token.begin
        return tight and before.kind == "WORD" and not is_variable(self.tokens, index - 1)

    def _equation(self, left: _Side, sign: Token, right: _Side, chain: int, linked: bool) -> Equation | None:
        if not left.parses or not right.parses:
            return None
        a, b = left.parses[-1], right.parses[0]
        if b.first != right.span.start or left.span.stop - a.last > MAX_TRAILING_WORDS:
            return None
        if any(token.kind not in ("WORD", "UNIT") for token in self.tokens[a.last : left.span.stop]):
            return None
        relation: Relation = "≈" if sign.value == "≈" else "="
        verdict, reason = self.judge.verdict(left.span, left.parses[:-1], a, b, relation, linked)
        one, two = self._expression(a), self._expression(b)
        return Equation(one.begin, two.end, one, two, relation, verdict, reason, chain)

    def _expression(self, found: Parse) -> Expression:
        begin, end = self.tokens[found.first].begin, self.tokens[found.core - 1].end
        numbers = (self._number(index) for index in found.numbers)
        operators = (self._operator(self.tokens[index]) for index in found.operators)
        return Expression(
            begin + self.offset,
            end + self.offset,
            self.text[begin:end],
            found.value,
            tuple(number for number in numbers if number),
            tuple(operators),
        )

    def _operator(self, token: Token) -> Operator:
        symbol = {"FRAC": "/", "WORD": "*"}.get(token.kind, str(token.value))
        return Operator(token.begin + self.offset, token.end + self.offset, symbol)

    def _number(self, index: int) -> Number | None:
        token, value = self.tokens[index], self.tokens[index].value
        if not isinstance(value, Fraction):
            return None
        unit, after = "", self.tokens[index + 1] if index + 1 < len(self.tokens) else None
        if index and self.tokens[index - 1].kind == "CUR":
            unit = "$"
        elif after and after.kind == "PCT":
            unit, value = "%", value / 100
        elif after and after.kind in ("WORD", "UNIT") and after.value != "of":
            unit = str(after.value).strip()
        begin, end = token.begin + self.offset, token.end + self.offset
        return Number(begin, end, self.text[token.begin : token.end], value, unit, token.decimals)


def find_equations(text: str) -> list[Equation]:
    """Every equation of `text` in text order; GSM8K's marks are looked through. Offsets are into `text`."""
    if not _HAS_RELATION.search(text):
        return []
    return list(_remembered(text) if len(text) <= REMEMBERED else _Finder(text).equations())


@lru_cache(maxsize=512)
def _remembered(text: str) -> tuple[Equation, ...]:
    return tuple(_Finder(text).equations())


def find_marks(text: str) -> list[Equation]:
    """The equations inside GSM8K's calculator marks (`<<48/2=24>>`), offsets into `text`."""
    return [e for match in _MARK.finditer(text) for e in _Finder(match[1], match.start(1)).equations()]
