"""Says whether two sides are equal: a match is "right"; a mismatch is "wrong" only where nothing is doubtful.

Equal means exactly equal, or the right side is the left one rounded or cut off to the decimals shown (10/3 = 3.33,
2/3 = 0.66). Rounding to a whole number needs a mark: "≈", "about", "rounded", ... .
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from fractions import Fraction
from functools import cached_property
from itertools import islice

from .parse import parse
from .reading import Parse, Reading
from .records import Relation, Verdict
from .rounding import representable, rounds_to, slack
from .tokens import Token
from .units import is_rate, is_variable
from .vocabulary import CLAUSE, CONVERSIONS, LINKING, MEASURES, SWAYING

REASONS = {
    "variable": "a side holds a variable, a function, a subscript or a symbol that is not arithmetic",
    "no_operation": "two bare values with nothing computed (1 hour = 60 minutes, week 2 = 5)",
    "not_computable": "a side is irrational, too large or divides by zero",
    "units": "the sides may differ by a unit conversion or a percent sign",
    "rounding": "the sides agree up to a rounding that is not marked",
    "context": "the words around may change what a side means (half of 3 + 5 = 4, 2 * 3 = 6 + 1 = 7)",
    "grouping": "an implicit product after a slash, two slashes, or a bracket that may be an aside",
    "modular": "equality modulo a number, or with a remainder",
    "refuted": "the text goes on to say that it does not hold (a candidate tried, a contradiction, a mistake quoted)",
}
_ROUNDED = re.compile(r"(?i)\b(?:about|round|approx|nearly|almost|roughly|nearest|estimat)")
_REMAINDER = re.compile(r"(?i)[\s(,]{0,4}(?:\\p?mod|mod(?:ulo)?\b|r\s?\d|rem|with a rem)")
_MODULUS = re.compile(r"(?i)\b(?:mod|modulo|pmod|bmod)\b[\s{~]{0,3}(\d{1,6})(?!\d)")
_REFUTED = re.compile(
    r"(?i)\bcontradict|\(false\)|\bimpossible\b"
    r"|\b(?:is|are|was|were) (?:clearly |obviously |also )?(?:false|wrong|incorrect|untrue|a mistake|an error)\b"
    r"|\b(?:not|never|cannot|can't|isn't|wasn't|doesn't|won't) (?:be |a )?"
    r"(?:true|right|correct|possible|valid|satisf|hold|work)"
    r"|\bdoes not result in a true\b"
)
_PART_OF = re.compile(r"[\d%][\s$)}\\]{0,4}of[\s$(\\]{0,6}\Z")
_INEQUALITIES = frozenset({"<", ">", "≤", "≥", "le", "leq", "ge", "geq", "lt", "gt"})
_CONTINUED = re.compile(
    r"[\s$]{0,4}(?:\\\\|\n)?[\s&]{0,8}(?:\\q?quad\s?){0,4}(?:[-+*/×÷](?=[\s\d$(\\])|\\(?:cdot|times|div)\b|of\b)"
)
_PERCENT = re.compile(r"[\s$)}\]\\]{0,8}(?:%|percent)")
_LISTED = re.compile(r"\s?,\s{0,2}[\d\\]")
_UNCLEAR_AFTER = {"WALL", "OP", "FRAC", "SQRT", "BINOM", "NUM", "EXACT", "BANG", "CUR", "MORE", "DEGREE"}
MANY_WORDS = 5
"""More words than this between the left side and the relation make its meaning doubtful."""


CRUDE = 200
"""An "≈" that is off by less than 1/200 of the value is crude, not wrong."""
REFUTED_WITHIN = 150
"""Characters after an equation in which the text may say that it does not hold: the length of two lines of a check."""
MAX_MODULI = 20


class Judge:
    """Judges the equations of one text; sides are given as parses of its tokens."""

    def __init__(self, text: str, tokens: list[Token]) -> None:
        self.text, self.tokens = text, tokens

    @cached_property
    def moduli(self) -> set[int]:
        """The numbers that the text computes modulo."""
        return {int(found[1]) for found in islice(_MODULUS.finditer(self.text), MAX_MODULI)} - {0}

    def verdict(
        self, side: range, others: list[Parse], a: Parse, b: Parse, relation: Relation, linked: bool
    ) -> tuple[Verdict, str | None]:
        """Verdict and reason for `a relation b`.

        `side` are the token indices of the left side, `others` the expressions in it before `a`; `linked` says that
        `a` is itself the right side of an equation.
        """
        if self._unclear_before(a, side) or self._unclear_after(b.last):
            return "unchecked", "variable"
        if any(is_variable(self.tokens, index) for index in range(a.last, side.stop)):
            return "unchecked", "variable"
        if a.value is None or b.value is None:
            return "unchecked", "not_computable"
        if not a.computed and not b.computed and not (linked and self._unit(a) == self._unit(b)):
            return "unchecked", "no_operation"
        if self._agree(a, b, relation):
            return ("unchecked", "units") if self._cents_for_dollars(a, b) else ("right", None)
        spelled = self.tokens[side.stop].end - self.tokens[side.stop].begin > 2
        reason = self._doubt(side, others, a, b)
        if not reason and spelled and self._is_bare(a):
            reason = "context"
        if not reason and relation == "≈" and abs(a.value - b.value) * CRUDE <= abs(a.value):
            reason = "rounding"
        return ("unchecked", reason) if reason else ("wrong", None)

    def _unclear_before(self, found: Parse, side: range) -> bool:
        if found.first <= side.start:
            return found.first > 0 and self.tokens[found.first - 1].kind == "WALL"
        token, first = self.tokens[found.first - 1], self.tokens[found.first]
        if token.kind == "WORD":
            return is_variable(self.tokens, found.first - 1) or (token.end == first.begin and first.kind != "CUR")
        return token.kind != "UNIT" or first.kind == "LP"

    def _unclear_after(self, index: int) -> bool:
        if index >= len(self.tokens):
            return False
        token = self.tokens[index]
        if token.kind in ("WORD", "UNIT"):
            return is_variable(self.tokens, index)
        if token.kind == "LP":  # an aside such as "(rounded)" is clear, a factor such as "(x - 1)" is not
            aside = self.tokens[index + 1].kind == "WORD" and not is_variable(self.tokens, index + 1)
            return not aside or token.begin == self.tokens[index - 1].end
        return token.kind in _UNCLEAR_AFTER and not is_rate(self.tokens, index)

    def _readings(self, a: Parse, b: Parse) -> Iterator[tuple[Fraction, Fraction, int | None]]:
        """Values of both sides and decimals shown by the right one: as read, then otherwise."""
        assert a.value is not None
        assert b.value is not None
        numeral = self._numeral(b)
        decimals = None if numeral is None else numeral.decimals
        yield a.value, b.value, None if decimals is None else decimals + 2 * b.percents
        if self._percent_may_drop(a, b):
            left, right = (parse(self.tokens, side.first, Reading(percent=Fraction(1))) for side in (a, b))
            if left and right and left.value is not None and right.value is not None:
                yield left.value, right.value, decimals
        if self.tokens[b.last - 1].kind == "BANG" and len(b.numbers) == 1:  # "So 4 + 4 = 8!" only exclaims
            shout = self.tokens[b.numbers[0]]
            if isinstance(shout.value, Fraction):
                yield a.value, shout.value, shout.decimals
        for asked, reading in ((a.mixed, Reading(mixed=False)), (a.doubt == "grouping", Reading(stacked=True))):
            other = parse(self.tokens, a.first, reading) if asked else None
            if other and other.value is not None:
                yield other.value, b.value, decimals

    def _percent_may_drop(self, a: Parse, b: Parse) -> bool:
        """ "5/20 * 100 = 25%", "100% - 30% = 70" and "2/17 * 100% = 11.76" mean percent on both sides."""
        if bool(a.percents) == bool(b.percents):
            return False
        additive = all(self.tokens[i].value in ("+", "-") for i in a.operators) and a.percents == len(a.numbers)
        hundred = a.percents == 1 and any(self.tokens[i].value == 100 for i in a.numbers)
        return bool(b.percents) or additive or hundred

    def _numeral(self, found: Parse) -> Token | None:
        """The numeral that a side consists of, where it is one plain numeral and nothing else."""
        if found.computed or len(found.numbers) != 1:
            return None
        token = self.tokens[found.numbers[0]]
        return token if token.kind == "NUM" else None

    def _agree(self, a: Parse, b: Parse, relation: Relation) -> bool:
        loose = relation == "≈" or self._rounded_near(b)
        for left, right, decimals in self._readings(a, b):
            if left == right:
                return True
            roundable = decimals is not None and (loose or (decimals > 0 and not representable(left, decimals)))
            if roundable and rounds_to(left, right, decimals or 0, loose):
                return True
        return False

    def _rounded_near(self, found: Parse) -> bool:
        begin, end = self.tokens[found.first].begin, self.tokens[found.last - 1].end
        return bool(_ROUNDED.search(self.text, max(0, begin - 40), min(len(self.text), end + 60)))

    def _doubt(self, side: range, others: list[Parse], a: Parse, b: Parse) -> str | None:
        """Why a mismatch is not called wrong; None where it is."""
        begin, end = self.tokens[a.first].begin, self.tokens[b.core - 1].end
        remainder = any(self._name(index).startswith("remainder") for index in b.units)
        if remainder or _REMAINDER.match(self.text, end) or self._equal_modulo(a, b):
            return "modular"
        if _REFUTED.search(self.text, end, end + REFUTED_WITHIN):
            return "refuted"
        if a.doubt or b.doubt:
            return a.doubt or b.doubt
        if self._units_unclear(a, b) or (not b.percents and _PERCENT.match(self.text, end)):
            return "units"
        if self._context_unclear(side, others, a) or self._runs_on(a, b) or _CONTINUED.match(self.text, end):
            return "context"
        if _PART_OF.search(self.text, max(0, begin - 16), begin) or self._between_inequalities(a, b):
            return "context"
        if _LISTED.match(self.text, end) and self.text[max(0, begin - 4) : begin].rstrip(" $").endswith(","):
            return "context"  # a list that equals a list
        return "rounding" if self._rounding_unclear(a, b) else None

    def _equal_modulo(self, a: Parse, b: Parse) -> bool:
        """ "addition modulo 10: 8 + 8 = 6"."""
        assert a.value is not None
        assert b.value is not None
        off = a.value - b.value
        return off.denominator == 1 and any(off % modulus == 0 for modulus in self.moduli)

    def _between_inequalities(self, a: Parse, b: Parse) -> bool:
        """ "90/123 < k < 180/123 ≈ 0.732 < k < 1.463": one inequality and its decimals, in one another."""
        ends = (a.first - 1, b.last)
        return all(
            0 <= index < len(self.tokens) and str(self.tokens[index].value).strip("\\") in _INEQUALITIES
            for index in ends
        )

    def _runs_on(self, a: Parse, b: Parse) -> bool:
        """ "2 * 3 = 6 + 1 = 7", "1 - 1/4 = 3/4 of $80": the right side goes on from the left one's value. A side in
        brackets is the whole of what the left one is said to be."""
        if any(self.tokens[index].kind == "WORD" for index in b.operators):
            return True
        first = self.tokens[b.first]
        if first.kind == "LP" and first.mate == b.last - 1:
            return False
        return bool(b.operators) and self.tokens[b.numbers[0]].value == a.value

    def _is_bare(self, found: Parse) -> bool:
        """Is it a mere quantity: nothing computed, or a lone proper fraction?"""
        if not found.computed:
            return True
        symbols = [self.tokens[index].value for index in found.operators]
        return symbols == ["/"] and len(found.numbers) == 2 and found.value is not None and abs(found.value) < 1

    def _units_unclear(self, a: Parse, b: Parse) -> bool:
        assert a.value is not None
        assert b.value is not None
        if a.percents or b.percents:
            additive = any(self.tokens[i].value in ("+", "-") for i in a.operators)
            if not a.percents or (additive and a.percents < len(a.numbers)):
                return True
        left, right = self._measures(a.units), self._measures([*b.units, b.last])
        names = {self._name(index) for index in [*a.units, *b.units]}
        if len(names) > 1 and any(self.tokens[i].kind == "FRAC" for i in [*a.operators, *b.operators]):
            return True
        if self._is_bare(a) and right and not left:
            return True
        if len(left) > 1 and self._is_sum(a):
            return True
        factor = max(abs(a.value / b.value), abs(b.value / a.value)) if a.value and b.value else Fraction(0)
        if left and right and not left & right:
            return factor in CONVERSIONS or factor.denominator == 1
        return left != right and factor in CONVERSIONS

    def _cents_for_dollars(self, a: Parse, b: Parse) -> bool:
        """ "60 cents + 40 cents = $100": equal numbers, other sums of money."""
        return self._is_sum(a) and self._measures(a.units) == {"cent"} and self._measures([*b.units, b.last]) == {"$"}

    def _measures(self, indices: list[int]) -> set[str]:
        return {name.removesuffix("s") for name in map(self._name, indices) if name in MEASURES or name == "$"}

    def _name(self, index: int) -> str:
        token = self.tokens[index] if index < len(self.tokens) else self.tokens[-1]
        if token.kind not in ("CUR", "WORD", "UNIT"):
            return ""
        if token.kind == "CUR":
            return "$"
        return str(token.value).strip().lower()

    def _unit(self, found: Parse) -> str:
        names = map(self._name, [*found.units, found.last])
        return next((name for name in names if name), "%" if found.percents else "")

    def _context_unclear(self, side: range, others: list[Parse], found: Parse) -> bool:
        words = [str(t.value).lower() for t in self.tokens[found.core : side.stop] if t.kind == "WORD"]
        if (
            len(words) > MANY_WORDS
            or not (SWAYING | CLAUSE).isdisjoint(words)
            or any(other.computed for other in others)
        ):
            return True
        before = [self.tokens[index] for index in range(found.first - 1, side.start - 1, -1)[:2]]
        if self._is_bare(found) and (before or words):
            return True
        linked = bool(before) and str(before[0].value).lower() in LINKING
        return bool(before) and self._sways(before[-1] if linked else before[0])

    @staticmethod
    def _sways(token: Token) -> bool:
        return token.kind in ("NUM", "EXACT", "PCT") or str(token.value).lower() in SWAYING

    def _rounding_unclear(self, a: Parse, b: Parse) -> bool:
        """A quotient given as a whole number, or a side computed from numbers rounded before (3.33 * 3 = 10)."""
        assert a.value is not None
        assert b.value is not None
        decimals = max((self.tokens[index].decimals for index in b.numbers), default=0) + 2 * b.percents
        exact, off = representable(a.value, decimals), abs(a.value - b.value)
        if not decimals and not exact and off < 1 and b.value.denominator == 1 and self._is_sum(b):
            return True
        left, right = (slack(side, self.tokens, marked=exact) for side in (a, b))
        if b.computed:
            return bool(right) and off <= left + right
        return bool(left) and off <= left + Fraction(1, 2 * 10**decimals)

    def _is_sum(self, found: Parse) -> bool:
        """One value, or terms added and subtracted."""
        return all(self.tokens[index].value in ("+", "-") for index in found.operators)
