"""Reads one expression from the tokens and computes it exactly. Linear time, bounded numbers, no `eval`."""

from __future__ import annotations

from fractions import Fraction

from .exact import binomial, bounded, factorial, power, quotient, root
from .reading import PLAIN, Parse, Reading
from .resolve import resolve
from .tokens import Token, tokenize
from .units import is_rate, is_variable
from .vocabulary import CLAUSE

MAX_NUMBERS = 500
"""A sum of more numbers than this is not computed."""
MAX_EXPRESSION = 10_000
"""Characters that `evaluate` reads."""
MAX_UNIT_WORDS = 8
MAX_BARE_COMMANDS = 8
"""Commands nested without braces (\\sqrt\\frac12)."""


class _NoExpression(Exception):
    """The tokens from here on are no operand."""


class _Parser:
    """Recursive descent over `tokens` from `index`."""

    def __init__(self, tokens: list[Token], index: int, reading: Reading) -> None:
        self.tokens, self.index, self.stop, self.reading = tokens, index, len(tokens), reading
        self.found, self.bare = Parse(index, index, None), 0

    def kind(self, ahead: int = 0) -> str:
        index = self.index + ahead
        return self.tokens[index].kind if index < self.stop else "BREAK"

    def symbol(self) -> str | None:
        return str(self.tokens[self.index].value) if self.kind() == "OP" else None

    def glued(self) -> bool:
        return self.index > 0 and self.tokens[self.index - 1].end == self.tokens[self.index].begin

    def operator(self) -> str:
        token = self.tokens[self.index]
        self.found.operators.append(self.index)
        self.index += 1
        return str(token.value)

    def sum(self) -> Fraction | None:
        total = self.product()
        while self.symbol() in ("+", "-"):
            back = self._mark()
            sign = self.operator()
            try:
                term = self.product()
            except _NoExpression:
                self._undo(back)
                break
            self.found.computed = True
            if len(self.found.numbers) > MAX_NUMBERS or total is None or term is None:
                total = None
            else:
                total = bounded(total + term if sign == "+" else total - term)
        return total

    def _mark(self) -> tuple[int, int, int, int]:
        return self.index, len(self.found.operators), len(self.found.numbers), len(self.found.units)

    def _undo(self, mark: tuple[int, int, int, int]) -> None:
        self.index, operators, numbers, units = mark
        del self.found.operators[operators:], self.found.numbers[numbers:], self.found.units[units:]

    def product(self) -> Fraction | None:
        total, last = self.factor(), ""
        while True:
            back, symbol, doubt = self._mark(), self.symbol(), self.found.doubt
            if symbol in ("*", "/"):
                self.operator()
                doubt = "grouping" if symbol == last == "/" else doubt  # "15 / 1/6" means 15 divided by a sixth
            elif self._of():
                symbol = "*"
                self.operator()
                self.index += self.kind() == "WORD"
            elif self._juxtaposed():
                symbol = "*"
                doubt = "grouping" if last == "/" or not self._tight() else doubt
            else:
                return total
            try:
                term = self.factor()
            except _NoExpression:
                self._undo(back)
                return total
            if symbol == "/" and self.reading.stacked and self.symbol() == "/":
                self.operator()
                term = quotient(term, self.factor())
            self.found.computed, self.found.doubt, last = True, doubt, symbol
            if symbol == "/":
                total = quotient(total, term)
            else:
                total = None if total is None or term is None else bounded(total * term)

    def _of(self) -> bool:
        """ "20% of 50" and "3/4 of the 20" multiply."""
        if self.kind() != "WORD" or self.tokens[self.index].value != "of":
            return False
        operand = 2 if self.kind(1) == "WORD" and self.tokens[self.index + 1].value in ("the", "her", "his") else 1
        before = self.tokens[self.index - 1].kind
        small = before == "PCT" or bool(self.found.operators)
        return small and self.kind(operand) in ("NUM", "EXACT", "CUR", "LP", "FRAC")

    def _tight(self) -> bool:
        return self.glued() or self.kind() in ("FRAC", "SQRT", "BINOM")

    def _juxtaposed(self) -> bool:
        before = self.tokens[self.index - 1].kind if self.index else "BREAK"
        if before not in ("NUM", "EXACT", "RP", "BANG", "DEGREE"):
            return False
        if self.kind() in ("NUM", "EXACT"):
            return before == "BANG"
        return self.kind() in ("LP", "FRAC", "SQRT", "BINOM") and self.tokens[self.index].value != "["

    def factor(self) -> Fraction | None:
        negative = False
        while self.symbol() == "-":
            negative = not negative
            self.index += 1
        base = self.postfix()
        if self.symbol() == "^":
            back = self._mark()
            self.operator()
            try:
                base = bounded(power(base, self._exponent()))
                self.found.computed = True
            except _NoExpression:
                self._undo(back)
        self._units()
        return None if base is None else -base if negative else base

    def _exponent(self) -> Fraction | None:
        negative = self.symbol() == "-"
        self.index += negative
        value = self.postfix()
        while self.symbol() == "^":  # a tower: right-associative; no text needs its value
            self.operator()
            self.postfix()
            value = None
        return None if value is None else -value if negative else value

    def postfix(self) -> Fraction | None:
        value = self.primary()
        while self.kind() in ("PCT", "BANG", "DEGREE"):
            if self.kind() == "DEGREE":
                self.found.units.append(self.index)
            elif self.kind() == "PCT":
                self.found.percents += 1
                value = None if value is None else value * self.reading.percent
            else:
                self.found.computed = True
                value = factorial(value)
            self.index += 1
        if self.kind() == "MORE":
            value, self.index = None, self.index + 1
        return value

    def primary(self) -> Fraction | None:
        while self.kind() == "CUR":
            self.found.units.append(self.index)
            self.index += 1
        kind, token = self.kind(), self.tokens[min(self.index, self.stop - 1)]
        if kind in ("NUM", "EXACT"):
            self.found.numbers.append(self.index)
            self.index += 1
            value = token.value if isinstance(token.value, Fraction) else None
            if kind == "NUM" and value is not None and self.kind() == "FRAC":
                return self._mixed(value)
            return value
        if kind == "LP":
            return self.group()
        if kind in ("FRAC", "BINOM"):
            self.index += 1
            if kind == "FRAC":
                self.found.operators.append(self.index - 1)
            self.found.computed = True
            over, under = self.argument(), self.argument()
            return quotient(over, under) if kind == "FRAC" else binomial(over, under)
        if kind == "SQRT":
            self.index += 1
            self.found.computed, degree = True, 2
            if self.kind() == "LP" and self.tokens[self.index].value == "[":
                index = self.group()
                degree = int(index) if index is not None and index.denominator == 1 and 2 <= index <= 9 else 0
            value = self.argument()
            return root(value, degree) if degree else None
        raise _NoExpression

    def _mixed(self, whole: Fraction) -> Fraction | None:
        """ "2\\frac{1}{2}" is two and a half (or, in the other reading, a product)."""
        self.found.mixed = True
        part = self.primary()
        if part is None:
            return None
        return whole + part if self.reading.mixed and whole.denominator == 1 and 0 < part < 1 else whole * part

    def argument(self) -> Fraction | None:
        """A LaTeX argument: a group, or the next digit alone ("\\frac12")."""
        if self.kind() == "LP":
            return self.group()
        self.bare += 1
        if self.bare > MAX_BARE_COMMANDS or self.kind() not in ("SQRT", "FRAC", "BINOM", "NUM", "EXACT"):
            raise _NoExpression
        value = self.primary()
        self.bare -= 1
        return value

    def group(self) -> Fraction | None:
        """A bracketed expression; fails unless the whole of it is one."""
        token = self.tokens[self.index]
        if token.mate < 0:
            raise _NoExpression
        self.index += 1
        value = self.sum()
        if self.index != token.mate:
            raise _NoExpression
        self.index += 1
        return value

    def _units(self) -> None:
        """Skip "apples per day", "miles/hour", "cm^2" when an operator, a relation or a bracket's end comes after."""
        index, words = self.index, 0
        while index < self.stop and words < MAX_UNIT_WORDS:
            kind = self.tokens[index].kind
            if kind in ("WORD", "UNIT"):
                word = self.tokens[index].value
                if is_variable(self.tokens, index) or word in CLAUSE or (word == "of" and not words):
                    break
                words += 1
            elif not self._unit_joint(index):
                break
            index += 1
        ends = index >= self.stop or self.tokens[index].kind in ("OP", "REL", "RP")
        if words and ends:
            self.found.core = self.index
            self.found.units.extend(i for i in range(self.index, index) if self.tokens[i].kind in ("WORD", "UNIT"))
            self.index = index

    def _unit_joint(self, index: int) -> bool:
        """The slash of "/hour", the power of "cm^2" and its exponent."""
        token, before = self.tokens[index], self.tokens[index - 1]
        if is_rate(self.tokens, index):
            return True
        if token.kind == "OP" and token.value == "^":
            return before.kind in ("WORD", "UNIT") and index + 1 < self.stop
        return token.kind == "NUM" and before.value == "^" and index > self.index + 1


def parse(tokens: list[Token], first: int, reading: Reading = PLAIN) -> Parse | None:
    """The longest expression that starts at token `first`, or None."""
    parser = _Parser(tokens, first, reading)
    try:
        parser.found.value = parser.sum()
    except _NoExpression:
        return None
    found = parser.found
    found.last = parser.index
    if found.core <= max([*found.numbers, *found.operators]):
        found.core = found.last
    return found


def evaluate(text: str) -> Fraction | None:
    """The exact value of a plain or simple-LaTeX expression; None if `text` is anything else or too large."""
    tokens = resolve(tokenize(text)) if len(text) <= MAX_EXPRESSION else []
    while tokens and _is_fence(text, tokens[-1]):
        tokens.pop()
    first = next((index for index, token in enumerate(tokens) if not _is_fence(text, token)), 0)
    found = parse(tokens, first) if tokens else None
    return found.value if found and found.last == len(tokens) else None


def _is_fence(text: str, token: Token) -> bool:
    return token.kind == "BREAK" and text[token.begin : token.end] in ("$", "$$", r"\(", r"\)", r"\[", r"\]")
