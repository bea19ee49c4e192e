"""Finds the equations of a text and judges each: right, wrong, or not checkable with a reason."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from .judge import representable, rounds_to
from .parse import Parse, is_variable, parse
from .records import Equation, Expression, Number, Operator, Relation, Verdict
from .resolve import resolve
from .tokens import Token, tokenize

_HAS_RELATION = re.compile(r"[=≈≅]|\\approx|\\simeq")
_MARK = re.compile(r"<<([^<>\n]{1,400})>>")
_ROUNDED = re.compile(r"(?i)\b(?:about|round|approx|nearly|almost|roughly|nearest|estimat)")
_REMAINDER = re.compile(r"(?i)[\s(,]{0,4}(?:\\p?mod|mod\b|r\s?\d|rem|with a rem)")
_SWAYING = frozenset(
    "half third quarter fourth fifth twice thrice double triple times of than plus minus dozen square cube by percent "
    "per less over from to each every halves thirds quarters and with".split()
)
"""A word of these before or after a left side can change what it means."""
_START = frozenset({"NUM", "EXACT", "LP", "FRAC", "SQRT", "BINOM", "CUR"})
_PERCENT_DROPPED = Fraction(1)
MAX_TRAILING_WORDS = 8


@dataclass(slots=True)
class _Side:
    """The tokens `[first, last)` between two relations or breaks, and the expressions found in them."""

    first: int
    last: int
    parses: list[Parse]


class _Finder:
    def __init__(self, text: str, offset: int = 0) -> None:
        self.text, self.offset = text, offset
        self.tokens = resolve(tokenize(_MARK.sub(lambda match: " " * len(match[0]), text)))

    def equations(self) -> Iterator[Equation]:
        chain, side, before = 0, None, None
        first = 0
        linked = False
        pending: tuple[_Side, Token] | None = None
        for index, token in enumerate([*self.tokens, Token("BREAK", len(self.text), len(self.text))]):
            if token.kind not in ("REL", "BREAK"):
                continue
            relation = token if token.kind == "REL" else None
            if pending is None and relation is None:
                first = index + 1
                continue
            side = self._side(first, index)
            if pending is not None:
                equation = self._equation(pending[0], pending[1], side, chain if linked else chain + 1)
                if equation:
                    chain = equation.chain
                    yield equation
                linked = equation is not None and self._whole(side)
            pending = (side, relation) if relation else None
            linked = linked and relation is not None
            first = index + 1
        del before

    def _whole(self, side: _Side) -> bool:
        return len(side.parses) == 1 and side.parses[0].first == side.first and side.parses[0].last == side.last

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
        return _Side(first, last, parses)

    def _is_sign(self, index: int, first: int) -> bool:
        token, after = self.tokens[index], self.tokens[index + 1 : index + 2]
        if index == first:
            return True
        before = self.tokens[index - 1]
        tight = bool(after) and after[0].begin == token.end and before.end < token.begin
        return tight and before.kind == "WORD" and not is_variable(self.tokens, index - 1)

    def _equation(self, left: _Side, relation: Token, right: _Side, chain: int) -> Equation | None:
        if not left.parses or not right.parses:
            return None
        a, b = left.parses[-1], right.parses[0]
        trailing = [t for t in self.tokens[a.last : left.last]]
        if b.first != right.first or any(t.kind not in ("WORD", "UNIT") for t in trailing):
            return None
        if len(trailing) > MAX_TRAILING_WORDS:
            return None
        kind: Relation = "≈" if relation.value == "≈" else "="
        verdict, reason = self._judge(left, a, right, b, kind)
        one, two = self._expression(a), self._expression(b)
        return Equation(one.begin, two.end, one, two, kind, verdict, reason, chain)

    def _judge(self, left: _Side, a: Parse, right: _Side, b: Parse, kind: Relation) -> tuple[Verdict, str | None]:
        if self._variable_before(a, left) or self._variable_after(a.last) or self._variable_after(b.last):
            return "unchecked", "variable"
        if a.value is None or b.value is None:
            return "unchecked", "not_computable"
        if not a.computed and not b.computed and not a.percents + b.percents:
            same = {self._unit(a), self._unit(b)} - {""}
            if len(same) > 1 or left.first != a.first:
                return "unchecked", "no_operation"
        if self._agree(a, b, kind):
            return "right", None
        reason = self._doubt(left, a, right, b, kind)
        return ("unchecked", reason) if reason else ("wrong", None)

    def _variable_before(self, found: Parse, side: _Side) -> bool:
        if found.first == 0 or found.first == side.first:
            return False
        token = self.tokens[found.first - 1]
        if token.kind == "WORD":
            return is_variable(self.tokens, found.first - 1) or token.end == self.tokens[found.first].begin
        return token.kind not in ("BREAK", "UNIT")

    def _variable_after(self, index: int) -> bool:
        if index >= len(self.tokens):
            return False
        token = self.tokens[index]
        if token.kind == "WORD":
            return is_variable(self.tokens, index)
        if token.kind == "LP":
            return token.begin == self.tokens[index - 1].end
        return token.kind in ("WALL", "OP", "FRAC", "SQRT", "BINOM", "NUM", "EXACT", "BANG")

    def _readings(self, a: Parse, b: Parse) -> Iterator[tuple[Fraction, Fraction]]:
        """The values of both sides, first as read, then with the percent signs and mixed numbers read otherwise."""
        assert a.value is not None and b.value is not None
        yield a.value, b.value
        additive = all(self.tokens[i].value in ("+", "-") for i in a.operators)
        if (b.percents and not a.percents) or (a.percents and not b.percents and additive):
            other = [parse(self.tokens, side.first, _PERCENT_DROPPED) for side in (a, b)]
            if other[0] and other[1] and other[0].value is not None and other[1].value is not None:
                yield other[0].value, other[1].value
        if a.mixed:
            product = parse(self.tokens, a.first, mixed=False)
            if product and product.value is not None:
                yield product.value, b.value

    def _decimals(self, found: Parse) -> int | None:
        """Decimals shown by a side that is one plain numeral; None for anything else."""
        if found.operators or len(found.numbers) != 1 or self.tokens[found.numbers[0]].kind != "NUM":
            return None
        return self.tokens[found.numbers[0]].decimals + 2 * found.percents

    def _agree(self, a: Parse, b: Parse, kind: Relation) -> bool:
        if any(x == y for x, y in self._readings(a, b)):
            return True
        decimals = self._decimals(b)
        if decimals is None:
            return False
        loose = kind == "≈" or self._rounded_near(b)
        return any(
            rounds_to(x, y, decimals, loose) and (loose or (decimals > 0 and not representable(x, decimals)))
            for x, y in self._readings(a, b)
        )

    def _rounded_near(self, found: Parse) -> bool:
        begin, end = self.tokens[found.first].begin, self.tokens[found.last - 1].end
        return bool(_ROUNDED.search(self.text, max(0, begin - 40), min(len(self.text), end + 60)))

    def _doubt(self, left: _Side, a: Parse, right: _Side, b: Parse, kind: Relation) -> str | None:
        assert a.value is not None and b.value is not None
        if _REMAINDER.match(self.text, self.tokens[b.last - 1].end):
            return "modular"
        if a.doubt or b.doubt:
            return a.doubt or b.doubt
        if a.percents + b.percents and (a.percents == 0 or self._mixes_percent(a)):
            return "units"
        if self._converts(a, b):
            return "units"
        if self._context(left, a):
            return "context"
        decimals = self._decimals(b)
        if decimals is not None and not representable(a.value, decimals) and abs(a.value - b.value) < 1:
            if decimals == 0 or self._carried(a, b):
                return "rounding"
        elif self._carried(a, b) and (decimals is None or not representable(a.value, decimals)):
            return "rounding"
        return None

    def _mixes_percent(self, found: Parse) -> bool:
        return any(self.tokens[i].value in ("+", "-") for i in found.operators) and found.percents < len(found.numbers)

    def _carried(self, a: Parse, b: Parse) -> bool:
        """Could the mismatch come from an earlier result that was rounded (3.33 * 3 = 10)?"""
        assert a.value is not None and b.value is not None
        slack = Fraction(0)
        for index in a.numbers:
            token = self.tokens[index]
            if token.decimals and isinstance(token.value, Fraction) and token.value:
                slack += Fraction(1, 2 * 10**token.decimals) / token.value
        return abs(a.value - b.value) <= slack * abs(a.value) + (Fraction(1, 2) if slack else 0)

    def _converts(self, a: Parse, b: Parse) -> bool:
        return bool(
            (a.units or b.units or self._unit(b))
            and a.value
            and b.value
            and max(a.value / b.value, b.value / a.value) in _CONVERSIONS
        )

    def _context(self, side: _Side, found: Parse) -> bool:
        words = [t for t in self.tokens[found.last : side.last] if t.kind == "WORD"]
        before = self.tokens[found.first - 1] if found.first > side.first else None
        if before and before.kind == "WORD" and str(before.value).lower() in _SWAYING:
            return True
        if any(str(word.value).lower() in _SWAYING for word in words) or len(words) > 3:
            return True
        if not found.computed and (before is not None or found.units or words):
            return True
        return any(other.computed for other in side.parses[:-1])

    def _unit(self, found: Parse) -> str:
        for index in [*found.units, found.last]:
            if index < len(self.tokens) and self.tokens[index].kind in ("CUR", "WORD", "UNIT"):
                return "$" if self.tokens[index].kind == "CUR" else str(self.tokens[index].value).strip()
        return "%" if found.percents else ""

    def _expression(self, found: Parse) -> Expression:
        begin, end = self.tokens[found.first].begin, self.tokens[found.core - 1].end
        numbers = tuple(self._number(index, found) for index in found.numbers)
        operators = tuple(
            Operator(t.begin + self.offset, t.end + self.offset, "/" if t.kind == "FRAC" else "*" if t.kind == "WORD" else str(t.value))
            for t in (self.tokens[index] for index in found.operators)
        )
        return Expression(
            begin + self.offset, end + self.offset, self.text[begin:end], found.value,
            tuple(n for n in numbers if n is not None), operators,
        )

    def _number(self, index: int, found: Parse) -> Number | None:
        token = self.tokens[index]
        if not isinstance(token.value, Fraction):
            return None
        before = self.tokens[index - 1] if index else None
        after = self.tokens[index + 1] if index + 1 < len(self.tokens) else None
        unit, value = "", token.value
        if before and before.kind == "CUR":
            unit = "$"
        elif after and after.kind == "PCT":
            unit, value = "%", value / 100
        elif after and after.kind in ("WORD", "UNIT") and after.value != "of":
            unit = str(after.value).strip()
        return Number(
            token.begin + self.offset, token.end + self.offset, self.text[token.begin : token.end], value, unit,
            token.decimals,
        )


_CONVERSIONS = frozenset(
    Fraction(n)
    for n in (2, 3, 4, 7, 8, 10, 12, 14, 16, 20, 24, 30, 31, 36, 48, 52, 60, 100, 120, 144, 365, 1000, 1440, 1760, 2000, 3600, 5280, 10000)
)


def find_equations(text: str) -> list[Equation]:
    """Every equation of `text` in text order, GSM8K marks left out; offsets are into `text`."""
    if not _HAS_RELATION.search(text):
        return []
    return list(_Finder(text).equations())


def find_marks(text: str) -> list[Equation]:
    """The equations inside GSM8K's calculator marks (`<<48/2=24>>`), offsets into `text`."""
    return [e for match in _MARK.finditer(text) for e in _Finder(match[1], match.start(1)).equations()]
