"""Says whether two sides are equal: a match is "right"; a mismatch is "wrong" only where nothing is doubtful."""

from __future__ import annotations

from fractions import Fraction

REASONS = {
    "variable": "a side holds a variable, a function, a subscript or a symbol that is not arithmetic",
    "no_operation": "two bare values with nothing computed (1 hour = 60 minutes, week 2 = 5)",
    "not_computable": "a side is irrational, too large or divides by zero",
    "units": "the sides differ by a unit conversion or a percent sign",
    "rounding": "the sides agree up to a rounding that is not marked",
    "context": "the words around may change what the left side means (half of 3 + 5 = 4)",
    "grouping": "an implicit product after a slash, or a bracket that may be an aside",
    "modular": "equality modulo a number, in another base, or with a remainder",
}


def _unit_of_last_digit(value: Fraction, decimals: int) -> Fraction:
    return Fraction(1, 10**decimals)


def rounds_to(exact: Fraction, shown: Fraction, decimals: int, loose: bool) -> bool:
    """Is `shown`, written with that many decimals, `exact` rounded or cut off? `loose` (an "about") also takes
    rounding up and trailing zeros of a whole number as not significant."""
    grain = Fraction(1, 10**decimals)
    if loose and decimals == 0 and shown:
        while (shown / grain) % 10 == 0:
            grain *= 10
    off = abs(exact - shown)
    if loose:
        return off <= grain / 2 or off < Fraction(1, 10**decimals)
    cut_off = off < grain and abs(shown) < abs(exact)
    return off <= grain / 2 or cut_off


def representable(value: Fraction, decimals: int) -> bool:
    """Can `value` be written exactly with that many decimals?"""
    return (10**decimals) % value.denominator == 0
