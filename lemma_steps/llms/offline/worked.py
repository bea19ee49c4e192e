"""A worked solution read as a graph of quantities: steps, chains of computation, and where each number comes from."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from itertools import accumulate, groupby

from lemma_steps.arithmetic import Equation, Expression, Number, find_equations, find_number_words, find_numbers
from lemma_steps.llms.offline.conversions import factors
from lemma_steps.llms.offline.numerals import is_fraction, raw, rounded
from lemma_steps.segmentation import segment

CLOSING = "The answer is: "
_ONE_FRACTION = re.compile(r"(?:\\boxed)?[{\s]*(-?(?:\\[dt]?frac\s*\{\d+\}\s*\{\d+\}|\d+/\d+))[}\s]*")
_MATHS = re.compile(r"\$[^$\n]{1,200}[=+*/^{}][^$\n]{0,200}\$(?![\d.])")
_FUNCTION = re.compile(r"!|√|sqrt|binom")
_UNIVERSAL = frozenset(map(Fraction, (0, 1, 2, 100))) | {Fraction(1, 2)}


@dataclass(frozen=True, slots=True)
class Chain:
    """`a = b = c`: `left` is `a`, `result` the numeral `c`; `step` is 0-based, offsets are into the solution's text."""

    step: int
    terms: tuple[Expression, ...]
    result: Number
    verdict: str

    @property
    def left(self) -> Expression:
        """The expression that is computed."""
        return self.terms[0]

    @property
    def computes(self) -> bool:
        """Is there something to compute on the left, be it an implicit product, a root or a factorial?"""
        return bool(self.left.operators) or len(self.left.numbers) > 1 or bool(_FUNCTION.search(self.left.text))

    @property
    def flat(self) -> bool:
        """Is the left side free of tall fractions and roots?"""
        return "frac" not in self.left.text and "sqrt" not in self.left.text

    @property
    def regular(self) -> bool:
        """Is the left side flat, with one written operator between each two numbers?"""
        return self.flat and len(self.left.operators) == len(self.left.numbers) - 1

    @property
    def begin(self) -> int:
        """Where the left side begins."""
        return self.left.begin

    @property
    def end(self) -> int:
        """Just past the result."""
        return self.terms[-1].end

    @property
    def value(self) -> Fraction:
        """The result, as its digits are written."""
        return raw(self.result)

    @property
    def signature(self) -> tuple[tuple[Fraction, ...], tuple[str, ...]]:
        """Numbers and operators of the left side, in order."""
        return tuple(raw(n) for n in self.left.numbers), tuple(o.symbol for o in self.left.operators)

    def same_as(self, other: Chain) -> bool:
        """Does it compute the same, the order of its numbers aside?"""
        mine, theirs = self.signature, other.signature
        return (
            self.value == other.value and sorted(mine[0]) == sorted(theirs[0]) and sorted(mine[1]) == sorted(theirs[1])
        )

    def settle(self, left: Fraction) -> Fraction | None:
        """The result that a left side of value `left` gives, rounded and with or without percent as in this chain."""
        own = self.left.value
        if own is None:
            return None
        for scale in (1, 100, Fraction(1, 100)):
            if own * scale == self.value:
                return left * scale
        for scale in (1, 100):
            if abs(own * scale - self.value) * 10**self.result.decimals < 1:
                return rounded(left * scale, self.result.decimals)
        return None


@dataclass(frozen=True)
class Worked:
    """A question and its solution, cut into steps.

    `in_latex` says that the solution is written in LaTeX where its own text may be too short to show it.
    """

    question: str
    steps: tuple[str, ...]
    in_latex: bool = False

    @classmethod
    def read(cls, question: str, solution: str) -> Worked:
        """A solution cut by the project's segmentation."""
        return cls(question, tuple(segment(solution)))

    def attempt(self, steps: Sequence[str]) -> Worked:
        """Another solution of the same question, or the beginning of one."""
        return Worked(self.question, tuple(steps), self.latex)

    @cached_property
    def text(self) -> str:
        """The whole solution."""
        return "".join(self.steps)

    @cached_property
    def starts(self) -> list[int]:
        """Offset of each step, and of the end."""
        return [0, *accumulate(map(len, self.steps))]

    @cached_property
    def words(self) -> str:
        """Question and solution in lower case, for words that decide about formulas and units."""
        return f"{self.question}\n{self.text}".lower()

    @cached_property
    def asked(self) -> str:
        """The question in lower case."""
        return self.question.lower()

    @cached_property
    def latex(self) -> bool:
        """Is the solution written in LaTeX, so that `$` means maths and not money?"""
        return self.in_latex or "\\" in self.text or bool(_MATHS.search(self.text))

    @cached_property
    def equations(self) -> list[Equation]:
        """Every equation up to the closing statement."""
        return [e for e in find_equations(self.text) if e.begin < self.closing_at]

    @cached_property
    def chains(self) -> list[Chain]:
        """Every chain whose result is one numeral, checked or not."""
        found = []
        for _, group in groupby(self.equations, key=lambda e: e.chain):
            links = list(group)
            terms = (links[0].left, *(e.right for e in links))
            result = _numeral(terms[-1])
            verdicts = {e.verdict for e in links}
            verdict = "wrong" if "wrong" in verdicts else "right" if verdicts == {"right"} else "unchecked"
            if result is not None:
                found.append(Chain(self._step_at(terms[0].begin), terms, result, verdict))
        return found

    @cached_property
    def computed(self) -> list[Chain]:
        """The chains that compute something and are right."""
        right = (c for c in self.chains if c.verdict == "right" and c.computes and c.left.value is not None)
        plain_result = (c for c in right if "!" not in c.result.text)
        return [c for c in plain_result if all(side.text.count("{") == side.text.count("}") for side in c.terms)]

    @cached_property
    def false(self) -> list[Chain]:
        """The chains that are arithmetically false."""
        return [c for c in self.chains if c.verdict == "wrong"]

    @cached_property
    def broken(self) -> list[Equation]:
        """The false equations, whether or not they belong to a chain."""
        return [e for e in self.equations if e.verdict == "wrong"]

    def in_false_chain(self, equation: Equation) -> bool:
        """Does this equation belong to a false chain?"""
        return any(c.begin <= equation.begin and equation.end <= c.end for c in self.false)

    def in_step(self, step: int) -> list[Chain]:
        """The computing chains of one step, right or false."""
        return [c for c in self.chains if c.step == step and c.verdict != "unchecked" and c.computes]

    @cached_property
    def numerals(self) -> list[Number]:
        """Every numeral of the text up to the closing statement."""
        return [n for n in find_numbers(self.text) if n.begin < self.closing_at]

    @cached_property
    def number_words(self) -> list[Number]:
        """Numbers written as words, up to the closing statement."""
        return [n for n in find_number_words(self.text) if n.begin < self.closing_at]

    @cached_property
    def closing_at(self) -> int:
        """Offset of the closing statement; the end of the text where there is none."""
        at = self.text.rfind(CLOSING)
        return at if at >= 0 else len(self.text)

    @cached_property
    def answer(self) -> str:
        """What the closing statement says."""
        return self.text[self.closing_at :].removeprefix(CLOSING).strip()

    @cached_property
    def answer_number(self) -> Number | None:
        """The closing statement's only number, with offsets into the text."""
        found = find_numbers(self.answer)
        shift = self.text.find(self.answer, self.closing_at)
        only = found[0] if len(found) == 1 else None
        return replace(only, begin=only.begin + shift, end=only.end + shift) if only else None

    @cached_property
    def given(self) -> frozenset[Fraction]:
        """The question's values: digits and words, percentages with and without sign, fractions and parts."""
        values: set[Fraction] = set()
        for number in find_numbers(self.question):
            values |= {number.value, raw(number)}
            if is_fraction(number):
                values |= {Fraction(part) for part in re.findall(r"\d+", number.text)}
        for word in find_number_words(self.question):
            values |= {word.value, Fraction(word.value.numerator), Fraction(word.value.denominator)}
        return frozenset(values)

    @cached_property
    def factors(self) -> frozenset[Fraction]:
        """Conversion factors between units that question or solution name."""
        return factors(self.words)

    @cached_property
    def percentages(self) -> frozenset[Fraction]:
        """The question's percentages, without their sign."""
        return frozenset(raw(n) for n in find_numbers(self.question) if n.unit == "%")

    def results_before(self, chain: Chain) -> list[Chain]:
        """The computing chains before `chain`."""
        return [c for c in self.computed if c.end <= chain.begin]

    def is_percentage(self, number: Number) -> bool:
        """Is it written p%, or p/100 where the question has p%?"""
        return (
            0 < raw(number) < 100
            and 0 < number.value < 1
            and (number.unit == "%" or number.value * 100 in self.percentages)
        )

    def is_common(self, value: Fraction) -> bool:
        """Needs this value no source: 0, 1, 2, 100, a half, a conversion factor?"""
        return value in _UNIVERSAL or value in self.factors

    def prose(self, step: int) -> Iterator[Number]:
        """The numerals of a step outside its computing chains."""
        spans = [(c.begin, c.end) for c in self.in_step(step)]
        for number in self.numerals:
            inside = any(begin <= number.begin < end for begin, end in spans)
            if self.starts[step] <= number.begin < self.starts[step + 1] and not inside:
                yield number

    def _step_at(self, offset: int) -> int:
        return next(k for k in range(len(self.steps)) if offset < self.starts[k + 1])


def _numeral(side: Expression) -> Number | None:
    """The one numeral that `side` is, fractions included."""
    if len(side.numbers) == 1 and not side.operators and side.value == side.numbers[0].value:
        return side.numbers[0]
    fraction = _ONE_FRACTION.fullmatch(side.text)
    if fraction and side.value is not None:
        return Number(side.begin + fraction.start(1), side.begin + fraction.end(1), fraction[1], side.value)
    return None


def plain(step: str) -> str:
    """A step's words with white space evened out, for comparison."""
    return " ".join(step.split())
