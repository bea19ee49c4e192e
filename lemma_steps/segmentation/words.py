"""The word lists of `words.toml`, read once."""

from __future__ import annotations

import tomllib
from importlib.resources import files

_LISTS: dict[str, list[str]] = tomllib.loads(files(__package__).joinpath("words.toml").read_text(encoding="utf-8"))

NEVER = frozenset(_LISTS["never"])
REFERENCE = frozenset(_LISTS["reference"])
UNIT = frozenset(_LISTS["unit"])
NAME = frozenset(_LISTS["name"])
ABBREVIATIONS = NEVER | REFERENCE | UNIT | NAME
STARTERS = frozenset(_LISTS["starters"])
LOWER_STARTERS = frozenset(_LISTS["lower_starters"])
LABELS: tuple[str, ...] = tuple(_LISTS["label"])
TEXT_ENVIRONMENTS = frozenset(_LISTS["text_environments"])
