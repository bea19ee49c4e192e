"""The tables of characters, functions and units (`tables.json`), read once."""

from __future__ import annotations

import json
from fractions import Fraction
from importlib.resources import files
from typing import Any

_RAW: dict[str, Any] = json.loads(files(__package__).joinpath("tables.json").read_text(encoding="utf-8"))

CHARACTERS: dict[int, str] = str.maketrans(_RAW["characters"])
FUNCTIONS: list[str] = _RAW["functions"]
CURRENCY: dict[str, str] = _RAW["currency"]
SCALES: dict[str, int] = _RAW["scales"]
NOT_UNITS: frozenset[str] = frozenset(_RAW["not_units"])
"""Words after a number that change its value, and so are no unit that carries no weight: 3 tenths are not 3."""
NUMBER_WORDS: dict[str, int] = {word: value for value, word in enumerate(_RAW["number_words"])}
UNITS: dict[str, tuple[str, Fraction]] = {
    alias: (dimension, Fraction(factor))
    for dimension, sizes in _RAW["dimensions"].items()
    for factor, aliases in sizes.items()
    for alias in aliases
}
"""Alias -> (dimension, size in the dimension's base unit)."""
