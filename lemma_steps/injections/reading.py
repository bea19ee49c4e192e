"""A solution as steps, and its steps as chains of computation and words: what the checks of an injection look at."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from itertools import groupby

from lemma_steps.arithmetic import Equation, Expression, Number, find_equations, find_number_words
from lemma_steps.segmentation import segment

_NUMERAL = re.compile(
    r"(?P<sign>(?<![^\s(:=$])-(?=[\d.\\]))?"
    r"(?P<mixed>\d+(?: (?=\d+/\d)|\ ?(?=\\[dt]?frac\{\d+\}\{[1-9])))?"
    r"(?:\\[dt]?frac\{(?P<a>\d+)\}\{(?P<b>\d+)\}|(?P<c>\d+)/(?P<d>[1-9]\d*)(?!\d|\.\d)"
    r"|(?P<plain>\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?|\.\d+))"
)


@dataclass(frozen=True)
class Chain:
    """`a = b = c`: where it stands in its step, its left side `a`, its result `c`, and whether it holds."""

    begin: int
    end: int
    left: Expression
    result: Expression
    false: bool

    @property
    def numbers(self) -> tuple[Fraction, ...]:
        """The values of the left side's numbers, in order, each with its sign: the second of `2 - (-3)` is -3."""
        signs = {operator.begin for operator in self.left.operators}
        text, base = self.left.text, self.left.begin
        return tuple(
            -n.value if n.begin - 1 not in signs and n.begin > base and text[n.begin - 1 - base] == "-" else n.value
            for n in self.left.numbers
        )

    @property
    def operators(self) -> tuple[str, ...]:
        """The left side's operators, in order."""
        return tuple(operator.symbol for operator in self.left.operators)

    @property
    def shape(self) -> str:
        """The left side with N for a number and O for an operator: only brackets and signs are left beside them."""
        text, base = list(self.left.text), self.left.begin
        for mark, things in (("N", self.left.numbers), ("O", self.left.operators)):
            for thing in things:
                for index in range(thing.begin - base, thing.end - base):
                    text[index] = ""
                text[thing.begin - base] = f"\0{mark}"
        return "".join(re.findall(r"\0[NO]|[()\[\]{}!^-]", "".join(text))).replace("\0", "")

    def same_left(self, other: Chain) -> bool:
        """Are numbers, operators and brackets those of `other`?"""
        return (self.numbers, self.operators, self.shape) == (other.numbers, other.operators, other.shape)


@dataclass(frozen=True)
class Step:
    """One step: its chains and the pieces of text before, between and after them."""

    text: str
    chains: list[Chain]
    words: list[str]

    @property
    def outline(self) -> tuple[str, int]:
        """What is left where only numbers and computations change: the words outside computations, and how many these are."""
        return masked(" ".join(self.words)), len(self.chains)


def steps_of(solution: str, by_line: bool = False) -> list[Step]:
    """The steps of a solution, white space evened out; `by_line` as they are laid out: no equation runs over a line's end."""
    return [read(step.strip() if by_line else plain(step)) for step in segment(solution)]


@lru_cache(4096)
def read(text: str) -> Step:
    """One step's text, as it stands or with white space evened out."""
    groups = [list(found) for _, found in groupby(find_equations(text), lambda equation: equation.chain)]
    computed = ([equation for equation in found if _is_computed(equation)] for found in groups)
    chains = [_chain(found) for found in computed if found]
    bounds = [0, *(edge for chain in chains for edge in (chain.begin, chain.end)), len(text)]
    return Step(text, chains, [text[begin:end] for begin, end in zip(bounds[::2], bounds[1::2], strict=True)])


def _is_computed(equation: Equation) -> bool:
    """Is anything computed here? Else "1 hour = 60 minutes", "2/3 of the tank equals 16 litres" and "3x = 6" are words."""
    left, right = equation.left, equation.right
    return equation.verdict != "unchecked" or (bool(left.operators) and left.value == right.value is not None)


def _chain(equations: list[Equation]) -> Chain:
    first, last = equations[0], equations[-1]
    false = any(equation.verdict == "wrong" for equation in equations)
    return Chain(first.begin, last.end, first.left, last.right, false)


def plain(text: str) -> str:
    """The text with single spaces for all white space."""
    return " ".join(text.split())


def numbers_in(text: str) -> list[tuple[int, int, Fraction]]:
    """Numerals and number words of a text, as (begin, end, value); "%" is not looked at."""
    found = []
    for match in _NUMERAL.finditer(text):
        over, under = match["a"] or match["c"], match["b"] or match["d"]
        value = Fraction(int(over), int(under) or 1) if over else Fraction(match["plain"].replace(",", ""))
        value += int(match["mixed"] or 0)
        found.append((match.start(), match.end(), -value if match["sign"] else value))
    ends = {end + 1 for _, end, _ in found}  # the "million" of "2 million" is its unit
    found += [(word.begin, word.end, word.value) for word in find_number_words(text) if word.begin not in ends]
    return sorted(found)


def numeral(number: Number) -> Fraction:
    """The number as written: 20 of "20%"."""
    return number.value * (100 if number.unit == "%" else 1)


def numeral_scale(side: Expression) -> int:
    """100 where a number of the side is a percentage."""
    return 100 if any(number.unit == "%" for number in side.numbers) else 1


def masked(text: str) -> str:
    """The text with "#" for every number."""
    for begin, end, _ in reversed(numbers_in(text)):
        text = text[:begin] + "#" + text[end:]
    return plain(text).strip("$ ")  # the left side may begin with the sign of money, or of mathematics
