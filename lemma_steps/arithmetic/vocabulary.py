"""The words of `words.yaml`, read once."""

from __future__ import annotations

from fractions import Fraction
from importlib.resources import files

import yaml

_TABLE = yaml.safe_load(files(__package__).joinpath("words.yaml").read_text(encoding="utf-8"))

CARDINALS: dict[str, Fraction] = {word: Fraction(value) for word, value in _TABLE["cardinals"].items()}
MULTIPLIERS: dict[str, Fraction] = {word: Fraction(str(value)) for word, value in _TABLE["singles"].items()}
MEASURES = frozenset(_TABLE["measures"].split())
CONVERSIONS = frozenset(map(Fraction, _TABLE["conversions"]))
SWAYING = frozenset(_TABLE["swaying"].split())
CLAUSE = frozenset(_TABLE["clause"].split())
LINKING = frozenset(_TABLE["linking"].split())
SHORT = frozenset(_TABLE["short"].split())
