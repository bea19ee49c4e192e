"""Exact rational arithmetic that stays small: None stands for irrational, undefined or too large."""

from __future__ import annotations

from fractions import Fraction
from math import comb, isqrt
from math import factorial as _factorial

MAX_BITS = 2048
"""Numerator and denominator of every value stay below this many bits."""
MAX_FACTORIAL = 200


def bounded(value: Fraction | None) -> Fraction | None:
    """`value` itself, or None where it is too large."""
    if value is None or value.numerator.bit_length() > MAX_BITS or value.denominator.bit_length() > MAX_BITS:
        return None
    return value


def quotient(over: Fraction | None, under: Fraction | None) -> Fraction | None:
    """`over / under`; None for a division by zero."""
    return None if over is None or not under else bounded(over / under)


def power(base: Fraction | None, exponent: Fraction | None) -> Fraction | None:
    """`base ** exponent` for whole and half exponents; the size is known before anything is computed."""
    if base is None or exponent is None:
        return None
    if exponent.denominator == 2 and abs(exponent) < 20:
        base, exponent = root(base, 2), exponent * 2
        if base is None:
            return None
    if exponent.denominator != 1 or (base == 0 and exponent <= 0):
        return None
    bits = max(base.numerator.bit_length(), base.denominator.bit_length())
    return base ** int(exponent) if bits * abs(exponent) <= MAX_BITS else None


def _whole_root(number: int, degree: int) -> int | None:
    root = isqrt(number) if degree == 2 else round(number ** (1 / degree)) if number < 1 << 50 else 0
    return root if root**degree == number else None


def root(value: Fraction | None, degree: int) -> Fraction | None:
    """The root of a perfect power; None for any other number."""
    if value is None or value < 0:
        return None
    over, under = _whole_root(value.numerator, degree), _whole_root(value.denominator, degree)
    return None if over is None or under is None else Fraction(over, under)


def factorial(value: Fraction | None) -> Fraction | None:
    """`value!` of a small whole number."""
    small = value is not None and value.denominator == 1 and 0 <= value <= MAX_FACTORIAL
    return Fraction(_factorial(int(value))) if small and value is not None else None


def binomial(n: Fraction | None, k: Fraction | None) -> Fraction | None:
    """`n` choose `k` for small whole numbers."""
    if n is None or k is None or n.denominator != 1 or k.denominator != 1 or not 0 <= k <= n <= MAX_FACTORIAL:
        return None
    return Fraction(comb(int(n), int(k)))
