"""Recomputes the type of an injected error, from the `recomputable` sentences of `taxonomy.yaml` alone.

It shares no code with the offline teacher, whose labels it checks: only the primitives that those sentences name (steps,
equations, numbers of a question) and the table of conversion factors. A code is returned only where every word of its
sentence holds: what stands before the error step, in it, and after it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cache, lru_cache
from importlib.resources import files
from itertools import groupby

import yaml

from lemma_steps.arithmetic import Equation, Expression, Number, find_equations, find_number_words, find_numbers
from lemma_steps.segmentation import segment
from lemma_steps.trajectory import closing, gold_trajectory

_FRACTION = re.compile(r"(\d+)\s*/\s*(\d+)|\\[dt]?frac\{?(\d+)\}?\{?(\d+)\}?")
_NUMERAL = re.compile(
    r"(?P<sign>(?<![^\s(:=$])-(?=[\d.\\]))?(?P<mixed>\d+(?: (?=\d+/\d)|\ ?(?=\\[dt]?frac\{\d+\}\{[1-9])))?(?:\\[dt]?frac\{(?P<a>\d+)\}\{(?P<b>\d+)\}|(?P<c>\d+)/(?P<d>[1-9]\d*)(?!\d|\.\d)"
    r"|(?P<plain>\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?|\.\d+))"
)
_AREA = re.compile(r"(?i)\b(?:areas?|perimeters?|fenc(?:e|es|ed|ing)|borders?)\b")
_TRIANGLE = re.compile(r"(?i)\btriang(?:les?|ular)\b")
_TIME_RATE = re.compile(r"(?i)\b(?:speed|mph|(?:per|an?|each|every)\s+(?:second|minute|hour|day|week|month|year))\b")
_MEAN = re.compile(r"(?i)\b(?:averages?|mean)\b")
_COMPARED = re.compile(r"(?i)\b(?:times|twice|thrice|double|triple|half|more|less|fewer|than|each|per|every|apiece)\b")
_ASKED = re.compile(r"(?i)\b(?:question|problem|ask(?:s|ed)?|wants?|wanted|sought|answer|looking for|look for)\b")
_OPPOSITE = {("+", "-"), ("-", "+"), ("*", "/"), ("/", "*")}
_CONCEPTS = {("*", "+"), ("+", "*"), ("/", "-"), ("-", "/")}
_SECOND_CHOICE = {"CV", "CS", "CO", "UC", "OP"}

Pairs = set[tuple[Fraction, Fraction]]


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


@lru_cache(4096)
def _read(text: str) -> Step:
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


def _plain(text: str) -> str:
    return " ".join(text.split())


def _numbers(text: str) -> list[tuple[int, int, Fraction]]:
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


def _numeral(number: Number) -> Fraction:
    return number.value * (100 if number.unit == "%" else 1)


def _numeral_scale(side: Expression) -> int:
    return 100 if any(number.unit == "%" for number in side.numbers) else 1


def _masked(text: str) -> str:
    for begin, end, _ in reversed(_numbers(text)):
        text = text[:begin] + "#" + text[end:]
    return _plain(text).strip("$ ")  # the left side may begin with the sign of money, or of mathematics


class Question:
    """What the sentences ask of the question and of the gold solution as a whole."""

    def __init__(self, text: str, gold: str) -> None:
        self.text = text
        self.percents: set[Fraction] = set()
        self.values: set[Fraction] = set()
        for word in find_number_words(text):
            self.values.add(word.value)
            if word.value.denominator > 1:
                self.values.add(Fraction(word.value.denominator))
        for number in find_numbers(text):
            self.values.add(number.value)
            if number.unit == "%":
                self.percents.add(number.value)
                self.values.add(number.value * 100)
            if fraction := _FRACTION.search(number.text):
                self.values.update(Fraction(part) for part in fraction.groups() if part)
        self.mentioned = self.values | {n.value for find in (find_numbers, find_number_words) for n in find(gold)}
        both = f"{text}\n{gold}"
        self.factors = {
            Fraction(row["factor"])
            for row in _conversions()
            if any(all(_names(unit, both) for unit in pair) for pair in row["units"])
        }

    def is_percentage(self, chain: Chain, index: int) -> bool:
        """Is this number of the left side written p%, or p/100 where the question has p%?"""
        number = chain.left.numbers[index]
        return number.unit == "%" or number.value in self.percents


@lru_cache(64)
def _about(question: str, gold: str) -> Question:
    return Question(question, gold)


@cache
def _conversions() -> list[dict]:
    return yaml.safe_load(files("lemma_steps.llms.offline").joinpath("conversions.yaml").read_text(encoding="utf-8"))


def _names(unit: str, text: str) -> bool:
    return re.search(rf"(?i)\b(?:{unit})\b", text) is not None


def classify(question: str, gold_solution: str, gold_answer: str, injected_solution: str, error_step: int) -> set[str]:
    """The codes of the types whose sentence holds of `injected_solution`; empty where none does.

    `error_step` is the 1-based number of the first wrong step in `segment(injected_solution)`.
    """
    trajectory = gold_trajectory(gold_solution, gold_answer)
    gold = [_read(_plain(step)) for step in segment(trajectory)]
    wrong = [_read(_plain(step)) for step in segment(injected_solution)]
    at = error_step - 1
    if not 0 <= at < len(wrong) or wrong[at].text in {step.text for step in gold}:
        return set()
    about = _about(question, trajectory)
    codes = _replaced(about, gold, wrong, at) | _missing(gold, wrong, at, about)
    if _misread(gold, wrong, at):
        codes.add("QM")
    return codes - _SECOND_CHOICE if codes & {"FC", "CC"} else codes


def _replaced(about: Question, gold: list[Step], wrong: list[Step], at: int) -> set[str]:
    """The types whose error step stands where a gold step G stood."""
    if len(gold) != len(wrong) or not _agree(gold[:at], wrong[:at]):
        return set()
    codes: set[str] = set()
    earlier = [chain for step in gold[:at] for chain in step.chains]
    for index, (old, new, changes) in enumerate(_roots(gold[at], wrong[at])):
        if old is None or new is None:
            continue
        before = _results([*earlier, *gold[at].chains[:index]])
        kinds = set(_kinds(about, before, old, new, wrong[at]))
        for kind in kinds:
            own = set(zip(old.numbers, new.numbers, strict=False)) if len(old.numbers) == len(new.numbers) else set()
            keeps = (
                _adds_words(gold[at], wrong[at]) if kind == "HA" else _same_words(gold[at], wrong[at], changes | own)
            )
            if keeps and _carried(about, gold, wrong, at, at, changes, [*earlier, *gold[at].chains[:index]]):
                codes.add(kind)
    return codes


def _results(chains: list[Chain]) -> set[Fraction]:
    """What the chains come to; a result of p% counts as p% and p, as in a question."""
    values = [(chain.result.value, _numeral_scale(chain.result)) for chain in chains]
    return {value * factor for value, scale in values if value is not None for factor in {1, scale}}


def _agree(gold: list[Step], wrong: list[Step]) -> bool:
    """Are these steps gold's own, and none of their chains false?"""
    return [step.text for step in gold] == [step.text for step in wrong] and not any(
        chain.false for step in wrong for chain in step.chains
    )


def _roots(gold: Step, wrong: Step) -> Iterator[tuple[Chain | None, Chain | None, Pairs]]:
    """For each chain: it and the wrong step's, where it alone differs for a reason of its own, with what it changes."""
    for index, (old, new) in enumerate(zip(gold.chains, wrong.chains, strict=False)):
        fits = len(gold.chains) == len(wrong.chains) and all(
            a.same_left(b) and a.result.value == b.result.value and not b.false
            for a, b in zip(gold.chains[:index], wrong.chains[:index], strict=True)
        )
        changes = _pair(old, new)
        fits = fits and all(
            _follows(a, b, changes) for a, b in zip(gold.chains[index + 1 :], wrong.chains[index + 1 :], strict=True)
        )
        yield (old, new, changes) if fits else (None, None, changes)


def _pair(old: Chain, new: Chain) -> Pairs:
    a, b = old.result.value, new.result.value
    return {(a, b)} if a is not None and b is not None and a != b else set()


def _explained(a: Fraction, b: Fraction, changes: Pairs) -> bool:
    """Is `b` what has become of `a`, as it stands or as a percentage of it?"""
    scales = (Fraction(1), Fraction(100), Fraction(1, 100))
    return a == b or any((a * scale, b * scale) in changes for scale in scales)


def _follows(old: Chain, new: Chain, changes: Pairs) -> bool:
    """Does `new` differ from gold's chain by earlier changes alone, and is it right? Adds its own result's change."""
    if new.false:
        return False
    if old.same_left(new):
        return old.result.value == new.result.value
    alike = (old.operators, old.shape) == (new.operators, new.shape) and all(
        _explained(a, b, changes) for a, b in zip(old.numbers, new.numbers, strict=True)
    )
    if not alike and not _same_text(old.left.text, new.left.text, changes):  # there \frac{1}{2} is one number
        return False
    changes |= _pair(old, new)
    return True


def _same_words(gold: Step, wrong: Step, changes: Pairs) -> bool:
    """Outside its chains, has the step gold's words, and no other number than `changes` explain?"""
    return len(gold.words) == len(wrong.words) and all(
        _same_text(a, b, changes) for a, b in zip(gold.words, wrong.words, strict=True)
    )


def _same_text(a: str, b: str, changes: Pairs) -> bool:
    """Do the texts differ in numbers alone, as `changes` explain? "4/3" is one number or two, whichever fits."""
    split = [re.sub(r"(?<=\d)/(?=\d)", " / ", text) for text in (a, b)]
    return any(
        _masked(x) == _masked(y)
        and all(_explained(m[2], n[2], changes) for m, n in zip(_numbers(x), _numbers(y), strict=True))
        for x, y in ((a, b), split)
    )


def _adds_words(gold: Step, wrong: Step) -> bool:
    """Do all words of gold's step, in order, stand among the wrong step's?"""
    words = iter(_masked(" ".join(wrong.words)).casefold().split())
    return all(word in words for word in _masked(" ".join(gold.words)).casefold().split())


def _carried(
    about: Question, gold: list[Step], wrong: list[Step], at: int, was: int, changes: Pairs, before: list[Chain]
) -> bool:
    """Do all steps after the error step (`at`; gold's is `was`) change by what follows from it, and by all of it?"""
    changes = set(changes)
    known = about.values | {c.result.value for c in before} | {n for c in before for n in c.numbers}
    later = gold[was + 1 :]
    if len(later) != len(wrong[at + 1 :]):
        return False
    for old, new in zip(later, wrong[at + 1 :], strict=True):
        if len(old.chains) != len(new.chains):
            return False
        for a, b in zip(old.chains, new.chains, strict=True):
            stale = {x for x, _ in changes} - {y for _, y in changes} - known
            if any(x == y and x in stale for x, y in zip(a.numbers, b.numbers, strict=False)):
                return False
            if not _follows(a, b, changes):
                return False
            if a.result.value == b.result.value:
                known.add(a.result.value)
        if not _same_words(old, new, changes):
            return False
    return not later or later[-1].text != wrong[-1].text


def _kinds(about: Question, before: set[Fraction], old: Chain, new: Chain, step: Step) -> Iterator[str]:
    """The types for which the one chain with a reason of its own is what their sentence says."""
    if old.same_left(new):
        if new.false and old.result.value != new.result.value:
            yield "CA"
        return
    if new.false:
        return
    if _is_made_up(about, old, new, step):
        yield "HA"
    if _other_formula(about, old, new):
        yield "FC"
    if set(old.operators) == {"+"} and set(old.shape) == {"N", "O"} and len(old.numbers) > 2 and _lost_one(old, new):
        yield "CO"
    if old.shape != new.shape:
        return
    numbers = [i for i, (a, b) in enumerate(zip(old.numbers, new.numbers, strict=True)) if a != b]
    operators = [i for i, (a, b) in enumerate(zip(old.operators, new.operators, strict=True)) if a != b]
    if (len(numbers), len(operators)) == (0, 1):
        yield from _operator_kinds(about, old, operators[0], (old.operators[operators[0]], new.operators[operators[0]]))
    if (len(numbers), len(operators)) == (1, 0):
        yield from _number_kinds(about, before, old, numbers[0], new.numbers[numbers[0]])


def _operator_kinds(about: Question, old: Chain, index: int, pair: tuple[str, str]) -> Iterator[str]:
    if pair in _OPPOSITE:
        yield "OP"
    if pair in _CONCEPTS and _COMPARED.search(about.text):
        yield "CC"
    beside = any(about.is_percentage(old, place) for place in _beside(old, index))
    if (pair == ("*", "/") and beside) or (set(pair) == {"*", "/"} and _TIME_RATE.search(about.text)):
        yield "FC"


def _beside(chain: Chain, index: int) -> Iterator[int]:
    """The numbers that stand next to an operator of the left side, no bracket between."""
    operator, base = chain.left.operators[index], chain.left.begin
    for place, number in enumerate(chain.left.numbers):
        begin, end = (number.end, operator.begin) if number.end <= operator.begin else (operator.end, number.begin)
        between = chain.left.text[begin - base : end - base]
        if not re.search(r"[()\[\]\d]", between):
            yield place


def _number_kinds(about: Question, before: set[Fraction], chain: Chain, index: int, now: Fraction) -> Iterator[str]:
    was = chain.numbers[index]
    asked, found, factor = was in about.values, was in before, was in about.factors
    if about.is_percentage(chain, index) and now == 1 - was:
        yield "CC"
    divides = chain.left.text[: chain.left.numbers[index].begin - chain.left.begin].rstrip(" $({")
    if _MEAN.search(about.text) and was >= 3 and now == 2 and divides.endswith(("/", "÷")):
        yield "FC"
    if asked and not found:
        yield "CV"
    if found and not asked:
        yield "CS"
    if not asked and not found:
        if factor:
            yield "UC"
        elif was.denominator == 1 and was >= 3 and abs(now - was) == 1:
            yield "CO"


def _lost_one(old: Chain, new: Chain) -> bool:
    shorter = {old.numbers[:index] + old.numbers[index + 1 :] for index in range(len(old.numbers))}
    return new.numbers in shorter and new.operators == old.operators[1:] and set(new.shape) <= {"N", "O"}


def _is_made_up(about: Question, old: Chain, new: Chain, step: Step) -> bool:
    if new.shape != old.shape + "ON" or new.numbers[:-1] != old.numbers or new.operators[:-1] != old.operators:
        return False
    extra = new.numbers[-1]
    named = {value for words in step.words for _, _, value in _numbers(words)}
    return new.operators[-1] in "+-" and extra not in about.mentioned and extra in named


def _other_formula(about: Question, old: Chain, new: Chain) -> bool:
    """Parts (a) and (b) of FC; (c) and (d) are changes of one operator, (e) of one number."""
    if _AREA.search(about.text):
        sides = [(_product(old), _perimeter(new)), (_perimeter(old), _product(new))]
        if any(a is not None and a == b for a, b in sides):
            return True
    if not _TRIANGLE.search(about.text) or not set(old.operators + new.operators) <= {"*", "/"}:
        return False
    if old.left.value is None or new.left.value != 2 * old.left.value:
        return False
    halves = ((Fraction(2),), (Fraction(1), Fraction(2)), (Fraction(1, 2),))
    return any(
        old.numbers[i : i + len(half)] == half and old.numbers[:i] + old.numbers[i + len(half) :] == new.numbers
        for half in halves
        for i in range(len(old.numbers))
    )


def _product(chain: Chain) -> list[Fraction] | None:
    return sorted(chain.numbers) if (chain.operators, chain.shape) == (("*",), "NON") else None


def _perimeter(chain: Chain) -> list[Fraction] | None:
    match chain.shape, "".join(chain.operators), chain.numbers:
        case ("NO(NON)", "*+", (2, a, b)) | ("N(NON)", "+", (2, a, b)) | ("NONONON", "*+*", (2, a, 2, b)):
            return sorted((a, b))
        case "NONONON", "+++", (a, b, c, d) if (a, b) == (c, d) or (a == b and c == d):
            return sorted((a, d)) if (a, b) != (c, d) else sorted((a, b))
    return None


def _missing(gold: list[Step], wrong: list[Step], at: int, about: Question) -> set[str]:
    """MS: one gold step is absent, and the first that uses its result has one of its numbers instead."""
    if len(gold) != len(wrong) + 1:
        return set()
    first = at + 1  # gold's number of the error step: one step before it is absent
    for gone in range(first):
        if not _agree(gold[:gone] + gold[gone + 1 : first], wrong[:at]):
            continue
        for source in gold[gone].chains:
            if _is_skipped(about, gold, wrong, at, gone, source):
                return {"MS"}
    return set()


def _is_skipped(about: Question, gold: list[Step], wrong: list[Step], at: int, gone: int, source: Chain) -> bool:
    result, uses = source.result.value, at + 1
    wanted = _results([source])
    if result is None or any(_uses(step, wanted) for step in gold[gone + 1 : uses]) or not _uses(gold[uses], wanted):
        return False
    before = [chain for step in gold[:uses] for chain in step.chains if step is not gold[gone]]
    # A number is put in by its value, or by its numeral alone where the place has a percent sign and it has none.
    put = {_numeral(number) / _numeral_scale(source.result) for number in source.left.numbers} | set(source.numbers)
    for number in put - {result}:
        changes: Pairs = {(result, number)}
        fits = len(gold[uses].chains) == len(wrong[at].chains) and all(
            _follows(a, b, changes) for a, b in zip(gold[uses].chains, wrong[at].chains, strict=True)
        )
        if fits and _same_words(gold[uses], wrong[at], changes):
            return _carried(about, gold, wrong, at, uses, changes, before)
    return False


def _uses(step: Step, values: set[Fraction]) -> bool:
    return any(number in values for chain in step.chains for number in chain.numbers)


def _misread(gold: list[Step], wrong: list[Step], at: int) -> bool:
    """QM: a step without a chain says of a number from gold's chains that it is what was asked for; then the close."""
    if not _agree(gold[:at], wrong[:at]) or at + 2 != len(wrong) or wrong[at].chains:
        return False
    numbers = _numbers(wrong[at].text)  # the "twice" of "3 people twice" is its unit
    said = {value for begin, _, value in numbers if not wrong[at].text[begin].isalpha()} or {n[2] for n in numbers}
    last = {value for _, _, value in _numbers(wrong[-1].text)}
    chains = [chain for step in gold for chain in step.chains]
    known = {_numeral(number) for chain in chains for number in chain.left.numbers}
    known |= _results(chains)
    ends = wrong[-1].text.startswith(closing(""))
    return ends and len(said) == 1 and said == last and said <= known and bool(_ASKED.search(wrong[at].text))
