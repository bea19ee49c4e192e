"""Numbers as a solution writes them: compared by what is written, replaced in the same dress.

Here "20%" counts as 20: a solution that computes 100 - 80 = 20 and goes on with 20% means the same number.
"""

from __future__ import annotations

import re
from fractions import Fraction

from lemma_steps.arithmetic import Number

MAX_GROWTH = 25
"""A carried value further than this factor from gold's is no longer plausible."""
MAX_DECIMALS = 12
"""More than any number of a word problem has."""
_LATEX_COMMA = re.compile(r"\{,\}|,\\!")
_FRACTION = re.compile(r"(?P<sign>-?)(?:(?P<head>\\[dt]?frac)\s*\{?(\d+)\}?\s*\{?(\d+)\}?|(\d+)/(\d+))")


def raw(number: Number) -> Fraction:
    """The value of the digits alone: 20 for "20%"."""
    return number.value * 100 if number.unit == "%" else number.value


def is_fraction(number: Number) -> bool:
    """Is it written as one number over another?"""
    return "/" in number.text or "frac" in number.text


def fits(value: Fraction, like: Number) -> bool:
    """Could `value` stand where `like` stands: sign, size, wholeness, decimals of its kind?"""
    old = raw(like)
    if value == 0 or old == 0 or not Fraction(1, MAX_GROWTH) <= value / old <= MAX_GROWTH:
        return False
    if is_fraction(like):
        return bool(_FRACTION.fullmatch(like.text)) and value.denominator <= 1000 and (abs(value) < 1) == (abs(old) < 1)
    if like.unit == "%" and old <= 100 < value:
        return False
    decimals = max(like.decimals, 2) if like.decimals or is_money(like) else 0
    return (10**decimals) % value.denominator == 0


def is_money(number: Number) -> bool:
    """Is it an amount of dollars?"""
    return number.unit == "$" or number.unit.lower().startswith("dollar")


def write(value: Fraction, like: Number) -> str:
    """`value` in the dress of `like`: its decimals, thousands commas, form of fraction.

    Raises:
        ValueError: the value has endless decimals (9/11 in the place of 3).
    """
    if form := _FRACTION.fullmatch(like.text):
        over, under = abs(value.numerator), value.denominator
        sign = "-" if value < 0 else ""
        if form["head"]:
            return f"{sign}{form['head']}{{{over}}}{{{under}}}" if under > 1 else f"{sign}{over}"
        return f"{sign}{over}/{under}" if under > 1 else f"{sign}{over}"
    decimals = like.decimals
    while (10**decimals) % value.denominator:
        decimals += 1
        if decimals > MAX_DECIMALS:
            raise ValueError(f"{value} has no end of decimals; ask `fits` first")
    if not like.decimals and decimals == 1:  # only money gains decimals
        decimals = 2
    whole, part = divmod(abs(value) * 10**decimals, 10**decimals)
    text = f"{'-' * (value < 0)}{whole:{',' * (',' in like.text)}}" + f".{int(part):0{decimals}}" * bool(decimals)
    if latex := _LATEX_COMMA.search(like.text):
        text = text.replace(",", latex[0])
    return text[1:] if like.text.startswith(".") and text.startswith("0.") else text


def rounded(value: Fraction, decimals: int) -> Fraction:
    """`value` to that many decimals, halves away from zero."""
    scaled = abs(value) * 10**decimals + Fraction(1, 2)
    return Fraction(scaled.numerator // scaled.denominator, 10**decimals) * (-1 if value < 0 else 1)
