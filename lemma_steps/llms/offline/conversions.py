"""Conversion factors between units, from `lemma_steps/taxonomy/conversions.yaml`."""

from __future__ import annotations

import re
from fractions import Fraction
from functools import cache
from importlib.resources import files

import yaml


@cache
def _table() -> dict[Fraction, tuple[list[list[re.Pattern[str]]], list[Fraction]]]:
    entries = yaml.safe_load(files("lemma_steps.taxonomy").joinpath("conversions.yaml").read_text("utf-8"))
    return {
        Fraction(entry["factor"]): (
            [[re.compile(rf"\b(?:{unit})\b") for unit in pair] for pair in entry["units"]],
            [Fraction(wrong) for wrong in entry["wrong"]],
        )
        for entry in entries
    }


def factors(words: str) -> frozenset[Fraction]:
    """The factors between units that `words` (lower case) name."""
    return frozenset(
        factor
        for factor, (pairs, _) in _table().items()
        if any(all(unit.search(words) for unit in pair) for pair in pairs)
    )


def mistaken_for(factor: Fraction) -> list[Fraction]:
    """The factors that people take for `factor`."""
    return _table()[factor][1]
