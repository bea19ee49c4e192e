"""What rounding may do to a number, and to what is computed from rounded numbers."""

from __future__ import annotations

import re
from fractions import Fraction

from .reading import Parse
from .tokens import Token

_LOOKS_ROUNDED = re.compile(r"\.(?:\d*(?:33|66|67)|\d{4,})\Z")
"""A third, or more decimals than anybody measures."""


def rounds_to(exact: Fraction, shown: Fraction, decimals: int, loose: bool = False) -> bool:
    """Is `shown`, written with that many decimals, `exact` rounded or cut off? `loose` (there is an "about") takes
    rounding up too, and the zeros that end a whole number as not significant."""
    grain = Fraction(1, 10**decimals)
    off = abs(exact - shown)
    if not loose:
        return off <= grain / 2 or (off < grain and abs(shown) < abs(exact))
    while decimals == 0 and shown and (shown / grain) % 10 == 0:
        grain *= 10
    return off <= grain / 2 or off < Fraction(1, 10**decimals)


def representable(value: Fraction, decimals: int) -> bool:
    """Can `value` be written exactly with that many decimals?"""
    return 10**decimals % value.denominator == 0


def slack(side: Parse, tokens: list[Token], *, marked: bool) -> Fraction:
    """How far the value of a side may be off because its numerals with decimals were rounded by half a digit.

    Args:
        side: what is computed from the numerals; its `value` is known.
        tokens: the tokens of the text.
        marked: only numerals that look rounded count (7.33, not 1.25).
    """
    assert side.value is not None
    additive = all(tokens[index].value in ("+", "-") for index in side.operators)
    percent = 100 if side.percents else 1
    total = Fraction(0)
    for token in (tokens[index] for index in side.numbers):
        if token.decimals and isinstance(token.value, Fraction) and token.value:
            if marked and not _LOOKS_ROUNDED.search(_written(token)):
                continue
            grain = Fraction(1, 2 * 10**token.decimals)
            total += grain / percent if additive else grain / token.value * abs(side.value)
    return total


def _written(token: Token) -> str:
    """The numeral with its decimals, trailing zeros included."""
    assert isinstance(token.value, Fraction)
    whole = int(token.value * 10**token.decimals)
    return f".{whole % 10**token.decimals:0{token.decimals}d}"
