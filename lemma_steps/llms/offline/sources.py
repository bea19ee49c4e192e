"""Where a number of an expression comes from."""

from __future__ import annotations

import re
from enum import Enum, auto
from fractions import Fraction

from lemma_steps.arithmetic import Number
from lemma_steps.llms.offline.numerals import is_fraction, raw
from lemma_steps.llms.offline.worked import Chain, Worked

_AVERAGE = re.compile(r"\b(?:average|mean)\b")


class Source(Enum):
    """The five origins that the taxonomy's definitions tell apart; a number with two of them has none."""

    QUESTION = auto()
    RESULT = auto()
    FACTOR = auto()
    COUNT = auto()
    UNCLEAR = auto()


def averages(worked: Worked) -> bool:
    """Does the question name an average?"""
    return bool(_AVERAGE.search(worked.asked))


def is_divisor(worked: Worked, number: Number) -> bool:
    """Does the number follow a division sign?"""
    return worked.text[: number.begin].rstrip(" $({").endswith(("/", "÷", "\\div"))


def source(worked: Worked, chain: Chain, number: Number) -> Source:
    """The only origin that the number of `chain`'s left side can have."""
    value = raw(number)
    inside_fraction = any(is_fraction(f) and f.begin <= number.begin < f.end for f in worked.numerals)
    if inside_fraction or (averages(worked) and is_divisor(worked, number) and value >= 3):
        return Source.UNCLEAR
    result = any(c.value == value for c in worked.results_before(chain))
    if not result and any(c.value == value and c.end <= chain.begin for c in worked.chains):
        return Source.UNCLEAR
    given = value in worked.given or number.value in worked.given
    if result and given:
        return Source.UNCLEAR
    if result:
        return Source.RESULT
    if given:
        return Source.QUESTION
    if value in worked.factors:
        return Source.FACTOR
    counts = value.denominator == 1 and value >= 3 and not worked.latex and not _part_of_percentage(worked, number)
    said_before = any(raw(n) == value for n in worked.numerals if n.end <= chain.begin)
    return Source.COUNT if counts and not said_before else Source.UNCLEAR


def _part_of_percentage(worked: Worked, number: Number) -> bool:
    return number.unit == "%" or raw(number) == Fraction(100) or raw(number) in worked.percentages
