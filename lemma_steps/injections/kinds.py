"""Which types one changed chain may be, by the recomputable sentences of `taxonomy.yaml`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from fractions import Fraction

from lemma_steps.injections.question import Question
from lemma_steps.injections.reading import Chain, Step, numbers_in

_AREA = re.compile(r"(?i)\b(?:areas?|perimeters?|fenc(?:e|es|ed|ing)|borders?)\b")
_TRIANGLE = re.compile(r"(?i)\btriang(?:les?|ular)\b")
_TIME_RATE = re.compile(r"(?i)\b(?:speed|mph|(?:per|an?|each|every)\s+(?:second|minute|hour|day|week|month|year))\b")
_MEAN = re.compile(r"(?i)\b(?:averages?|mean)\b")
_COMPARED = re.compile(r"(?i)\b(?:times|twice|thrice|double|triple|half|more|less|fewer|than|each|per|every|apiece)\b")
_OPPOSITE = {("+", "-"), ("-", "+"), ("*", "/"), ("/", "*")}
_CONCEPTS = {("*", "+"), ("+", "*"), ("/", "-"), ("-", "/")}


def kinds(about: Question, before: set[Fraction], old: Chain, new: Chain, step: Step) -> Iterator[str]:
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
    named = {value for words in step.words for _, _, value in numbers_in(words)}
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
