"""What the recomputable sentences of the taxonomy ask of a question and of its gold solution as a whole."""

from __future__ import annotations

import re
from fractions import Fraction
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any

import yaml

from lemma_steps.arithmetic import find_number_words, find_numbers
from lemma_steps.injections.reading import Chain

_FRACTION = re.compile(r"(\d+)\s*/\s*(\d+)|\\[dt]?frac\{?(\d+)\}?\{?(\d+)\}?")


class Question:
    """What the sentences ask of the question and of the gold solution as a whole."""

    def __init__(self, text: str, gold: str) -> None:
        self.text = text
        self.percents: set[Fraction] = set()
        self.values: set[Fraction] = set()
        for word in find_number_words(text):
            self.values.add(word.value)
            if word.value.denominator > 1:
                self.values.add(Fraction(word.value.denominator))
        for number in find_numbers(text):
            self.values.add(number.value)
            if number.unit == "%":
                self.percents.add(number.value)
                self.values.add(number.value * 100)
            if fraction := _FRACTION.search(number.text):
                self.values.update(Fraction(part) for part in fraction.groups() if part)
        self.mentioned = self.values | {n.value for find in (find_numbers, find_number_words) for n in find(gold)}
        both = f"{text}\n{gold}"
        self.factors = {
            Fraction(row["factor"])
            for row in _conversions()
            if any(all(_names(unit, both) for unit in pair) for pair in row["units"])
        }

    def is_percentage(self, chain: Chain, index: int) -> bool:
        """Is this number of the left side written p%, or p/100 where the question has p%?"""
        number = chain.left.numbers[index]
        return number.unit == "%" or number.value in self.percents


@lru_cache(64)
def question_of(question: str, gold: str) -> Question:
    """The question, read once for all injections into its problem."""
    return Question(question, gold)


@cache
def _conversions() -> list[dict[str, Any]]:
    return yaml.safe_load(files("lemma_steps.taxonomy").joinpath("conversions.yaml").read_text(encoding="utf-8"))


def _names(unit: str, text: str) -> bool:
    return re.search(rf"(?i)\b(?:{unit})\b", text) is not None
