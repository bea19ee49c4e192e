"""Finds the numerals and the number words of a text, with offsets."""

from __future__ import annotations

import re
from fractions import Fraction

from .records import Number
from .tokens import MAX_TEXT, NUMERAL, numeral
from .vocabulary import CARDINALS, MULTIPLIERS

_INT = r"\d{1,9}"
_NUMERAL = re.compile(
    rf"""
    (?:(?P<whole>{_INT})[ ]?)? \\[dtc]?frac \s* (?:\{{\s*(?P<a>{_INT})\s*\}}|(?P<b>\d))
        \s* (?:\{{\s*(?P<c>{_INT})\s*\}}|(?P<d>\d))
  | (?:(?P<units>{_INT})[ ])? (?<![\d/.]) (?P<over>{_INT})/(?P<under>{_INT}) (?![\d/]|\.\d)
  | (?P<plain>{NUMERAL})
    """,
    re.VERBOSE,
)
_PLAIN = re.compile(NUMERAL)
_UNIT = re.compile(r"(?:\\?%|[ ]percent\b)|[ ]?-?([^\W\d_]{2,30})")
_CURRENCY = re.compile(r"\\?[$€£]\s?$")
_NO_SIGN_AFTER = re.compile(r"[\w)\]}%$.]\s*$")


def _fraction(match: re.Match[str]) -> tuple[Fraction | None, int]:
    """The value of a proper fraction or mixed number and where it ends; (None, 0) where the text is neither."""
    group = match.groupdict()
    whole = group["whole"] or group["units"]
    over, under = group["a"] or group["b"] or group["over"], group["c"] or group["d"] or group["under"]
    if over is None or under is None:
        return None, 0
    proper = 0 < int(over) < int(under)
    if not proper and (whole or group["over"]):
        return None, 0
    return (int(whole or 0) + Fraction(int(over), int(under)) if int(under) else None), match.end()


def find_numbers(text: str) -> list[Number]:
    """Every numeral of a text: money, percent, thousands, decimals, negatives, "3/4", "2 1/2", `\\frac{3}{4}`.

    `begin`, `end` and `text` are those of the numeral and its sign, without currency and percent sign. A quotient of
    two numerals is one number only where it is a proper fraction ("3/4", not "48/2").
    """
    found, position, text = [], 0, text[:MAX_TEXT]
    while match := _NUMERAL.search(text, position):
        begin = match.start()
        value, position = _fraction(match)
        if value is None:
            plain = _PLAIN.match(text, begin)
            if plain is None:  # a \frac that is not a number: go on inside it
                position = begin + 1
                continue
            value, position = numeral(plain[0]), plain.end()
            if value is None:
                continue
        end, digits = position, text[begin:position]
        before = text[max(0, begin - 8) : begin]
        currency = _CURRENCY.search(before)
        before = before[: currency.start()] if currency else before
        if not currency and before[-1:] in ("-", "−") and not _NO_SIGN_AFTER.search(before[:-1]):
            begin, value = begin - 1, -value
        after = _UNIT.match(text, end)
        unit = "$" if currency else ""
        if after and not unit:
            unit = after[1] or "%"
        if unit == "%":
            value /= 100
        decimals = len(digits.partition(".")[2])
        found.append(Number(begin, end, text[begin:end], value, unit, decimals))
    return found


_ANY = "|".join(sorted([*CARDINALS, *MULTIPLIERS], key=len, reverse=True))
_CARDINAL = "|".join(sorted(CARDINALS, key=len, reverse=True))
_SPELLED = re.compile(rf"(?i)\b(?:(?:{_CARDINAL})(?:[- ](?:and )?(?:{_ANY}))*|(?:{_ANY}))\b")


def find_number_words(text: str) -> list[Number]:
    """Numbers written as words: "three", "twenty-five", "two hundred", "half", "twice", "a dozen"."""
    found = []
    for match in _SPELLED.finditer(text[:MAX_TEXT]):
        total = current = Fraction(0)
        for word in re.findall(r"[a-z]+", match[0].lower()):
            value = CARDINALS.get(word)
            if value is not None and value < 100:
                current += value
            elif word != "and":
                current = (current or 1) * (value or MULTIPLIERS[word])
                if value and value >= 1000:
                    total, current = total + current, Fraction(0)
        found.append(Number(match.start(), match.end(), match[0], total + current))
    return found
