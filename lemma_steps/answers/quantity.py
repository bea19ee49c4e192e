r"""Plain numbers, exactly: integers, decimals, fractions, mixed numbers, money, percent, units, clock times.

Everything here is exact rational arithmetic on at most `bounds.MAX_DIGITS` digits, so it needs no time limit.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

from lemma_steps.answers import tables

_INT = r"(?:\d{1,3}(?:,\d{3})+(?!\d)|\d{1,3}(?:[ ]\d{3})+(?![ ]?\d)|\d+)"
_DEC = rf"(?:{_INT}(?:\.\d*)?|\.\d+)"
_CURRENCY = "|".join(map(re.escape, sorted(tables.CURRENCY, key=len, reverse=True)))
_NUMBER = re.compile(
    rf"""(?P<sign>[-+]?)\s*(?P<currency>{_CURRENCY})?\s*(?P<sign2>-?)\s*
    (?:\\frac\{{\s*(?P<n1>-?{_DEC})\s*\}}\{{\s*(?P<d1>-?{_DEC})\s*\}}
     | (?P<whole>{_INT})\s*
       (?:\\frac\{{\s*(?P<n2>\d+)\s*\}}\{{\s*(?P<d2>\d+)\s*\}} | (?:\ |-|\ \+\ )(?P<n3>\d+)/(?P<d3>\d+))
     | (?P<n4>{_DEC})\s*/\s*(?P<d4>{_DEC})
     | (?P<decimal>{_DEC}))
    (?:\s*\*\s*10\^\{{?\s*(?P<power>-?\d{{1,3}})\s*\}}?|[eE](?P<exponent>[-+]?\d{{1,3}})(?![\w.]))?""",
    re.VERBOSE,
)
_UNKNOWN_UNIT = re.compile(r"[A-Za-z][A-Za-z'\- /.,]*")
_POWER = re.compile(r"(?P<name>.+?)\s*(?:\^\s*\{?(?P<digit>[23])\}?|\s(?P<word>squared|cubed))")
_TIME = re.compile(r"(\d{1,2}):([0-5]\d)(?::([0-5]\d))?\s*(?:([ap])\.?\s*m?\.{0,2})?", re.IGNORECASE)
_FLOAT_DIGITS, _ROUNDED_DIGITS = 12, 6


@dataclass(frozen=True)
class Unit:
    """`dimension` is None for words without a known size ("apples"), which carry no weight in a comparison."""

    dimension: str | None = None
    size: Fraction = Fraction(1)


@dataclass(frozen=True)
class Quantity:
    """A number as written: `places` counts the digits after a decimal point (None for fractions), `digits` all."""

    value: Fraction
    places: int | None = None
    digits: int = 0
    percent: bool = False
    unit: Unit | None = None


def _number(text: str) -> Fraction:
    return Fraction(re.sub("[, ]", "", text))


@lru_cache(maxsize=4096)
def find_unit(text: str) -> Unit | None:
    """The unit that a text after a number names, or None when it is no unit (a variable, an operator)."""
    name = re.sub(r"\s+", " ", text.replace('"', " ").replace("( ", "(")).strip(" .")
    if name.startswith("(") and name.endswith(")"):
        name, text = name[1:-1], f'"{name[1:-1]}"'
    power = 1
    if prefix := re.match(r"(?i:(sq\.?|square|cu\.?|cubic) )(?=\w)", name):
        power, name = (3 if prefix[1].lower().startswith("cu") else 2), name[prefix.end() :]
    elif (suffix := _POWER.fullmatch(name)) is not None:
        power, name = (3 if "3" in (suffix["digit"] or "") or suffix["word"] == "cubed" else 2), suffix["name"]
    name = name.strip(" .")
    quoted = '"' in text
    known = tables.UNITS.get(name) or tables.UNITS.get(name.lower())
    if known and (quoted or len(name) > 1 or not name.isalpha()):
        return Unit(known[0] if power == 1 else f"{known[0]}^{power}", known[1] ** power)
    if not _UNKNOWN_UNIT.fullmatch(name) or len(name.split()) > 12:
        return None
    first = re.split(r"\W", name)[0]
    if name.partition(" of ")[0] in tables.NOT_UNITS:
        return None
    readable = len(first) > 2 and re.search("[aeiouyAEIOUY]", first) and first not in tables.FUNCTIONS
    return (
        Unit()
        if quoted or (readable and text[0] == " ") or re.match(r"\s*(?:in|of|at|a|an|to|by|on)\b ", text)
        else None
    )


def leading_number(text: str) -> tuple[Quantity, str, str | None] | None:
    """The number that `text` starts with, what follows it, and its currency; None where there is no number."""
    match = _NUMBER.match(text)
    if match is None:
        return None
    get = match.groupdict()
    places, digits = None, 0
    if get["decimal"]:
        value = _number(get["decimal"])
        places = len(get["decimal"].partition(".")[2])
        digits = len(re.sub(r"\D", "", get["decimal"]).lstrip("0"))
    else:
        i = next(i for i in "1234" if get[f"d{i}"])
        denominator = _number(get[f"d{i}"])
        if not denominator:
            return None
        value = _number(get[f"n{i}"]) / denominator + (_number(get["whole"]) if get["whole"] else 0)
    if power := get["power"] or get["exponent"]:
        value *= Fraction(10) ** int(power)
    if (get["sign"] == "-") != (get["sign2"] == "-"):
        value = -value
    return Quantity(value, places, digits), text[match.end() :], get["currency"]


@lru_cache(maxsize=4096)
def parse_quantity(text: str) -> Quantity | None:
    """The whole of a dressed answer as one number with an optional percent sign or unit, else None."""
    if (word := text.strip('"').lower()) in tables.NUMBER_WORDS:
        return Quantity(Fraction(tables.NUMBER_WORDS[word]))
    if (spelt := re.fullmatch(r"([a-z]+)( [a-z]+)", text)) and spelt[1] in tables.NUMBER_WORDS:
        text = f"{tables.NUMBER_WORDS[spelt[1]]}{spelt[2]}"
    found = leading_number(text)
    if found is None:
        return None
    number, rest, currency = found
    value, unit, percent = number.value, None, False
    if scale := re.match(rf'\s*"?\s*({"|".join(tables.SCALES)})\b', rest):
        value *= tables.SCALES[scale[1]]
        number = Quantity(value)
        rest = ('"' if scale[0].strip().startswith('"') else "") + rest[scale.end() :]
    if rest.lstrip().startswith("%"):
        percent, rest = True, rest.lstrip()[1:]
    elif currency:
        unit = Unit(*tables.UNITS[tables.CURRENCY[currency]])
    elif rest.strip(' "') in tables.CURRENCY:
        unit, rest = Unit(*tables.UNITS[tables.CURRENCY[rest.strip(' "')]]), ""
    if rest.strip(' "'):
        named = find_unit(rest) or (_remainder(rest) if not percent else None)
        if named is None:
            return None
        if isinstance(named, tuple):
            return Quantity(value + named[1], unit=named[0])
        unit = unit or named
    return Quantity(value, number.places, number.digits, percent, unit)


def _remainder(text: str) -> tuple[Unit, Fraction] | None:
    """The unit and the rest of a compound such as "3 hours and 20 minutes", in that unit; None where there is none."""
    split = re.match(r'(\D+?)[\s",]*(?=\d)', text)
    unit = find_unit(split[1].rstrip(' ,"') + ('"' if '"' in split[1] else "")) if split else None
    small = parse_quantity(text[split.end() :]) if split and unit and unit.dimension else None
    if unit is None or small is None or small.unit is None or small.unit.dimension != unit.dimension:
        return None
    return (unit, small.value * small.unit.size / unit.size) if small.unit.size < unit.size else None


def is_rounding(exact: Fraction, decimal: Quantity) -> bool:
    """Whether `decimal` is a long decimal of `exact`: six places of a value that has no end, or a float's last digit.

    Shorter decimals are other numbers: 0.33 is not 1/3.
    """
    if decimal.places is None or decimal.places < _ROUNDED_DIGITS or decimal.digits < _ROUNDED_DIGITS:
        return False
    last_place = Fraction(1, 10**decimal.places)
    endless = (exact / last_place).denominator != 1
    return (endless or decimal.digits >= _FLOAT_DIGITS) and abs(exact - decimal.value) <= last_place


def same_value(gold: Quantity, prediction: Quantity) -> bool:
    """Equal as written, or one a long decimal of the other."""
    a, b = gold.value, prediction.value
    return a == b or is_rounding(a, prediction) or is_rounding(b, gold)


def same(gold: Quantity, prediction: Quantity) -> bool:
    """Equality of two quantities.

    A percent sign on one side only: 5% is 0.05 exactly, and 5 too (golds of "what percent" questions often lack the
    sign), never 500. A known unit on both sides must be the same quantity (2 hours are 120 minutes, 5 m are not 5 cm);
    a unit on one side, or words without a known size, carry no weight.
    """
    if gold.percent != prediction.percent:
        scaled = [Quantity(q.value / 100) if q.percent else q for q in (gold, prediction)]
        return gold.value == prediction.value or same_value(*scaled)
    one, two = gold.unit, prediction.unit
    if one and two and one.dimension and two.dimension and one != two:
        return one.dimension == two.dimension and gold.value * one.size == prediction.value * two.size
    return same_value(gold, prediction)


def clock(text: str) -> tuple[int, str | None] | None:
    """Seconds since the last midnight or noon and `a` or `p`, for "4:30 p.m."; an hour over 12 says `p` itself."""
    match = _TIME.fullmatch(text.replace('"', " ").replace(" ", ""))
    if match is None:
        return None
    hours, minutes, seconds = int(match[1]), int(match[2]), int(match[3] or 0)
    half = match[4].lower() if match[4] else ("p" if hours > 12 else None)
    return (hours % 12) * 3600 + minutes * 60 + seconds, half
