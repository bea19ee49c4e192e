"""FC and CC: a wrong formula, or one concept for its neighbour."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from fractions import Fraction
from itertools import chain as joined

from lemma_steps.llms.offline.carry import Edit
from lemma_steps.llms.offline.changes import Change
from lemma_steps.llms.offline.makers.draws import shuffled
from lemma_steps.llms.offline.makers.operators import swaps
from lemma_steps.llms.offline.makers.values import replaced
from lemma_steps.llms.offline.numerals import raw
from lemma_steps.llms.offline.rules import rectangle, speaks_of_rectangle, speaks_of_triangle
from lemma_steps.llms.offline.sources import averages, is_divisor
from lemma_steps.llms.offline.worked import Chain, Worked

_HALF_FIRST = re.compile(r"(?:\(?1/2\)?|\\[dt]?frac\{?1\}?\{?2\}?|0?\.5)\s*(?:\*|x|×|\\times|\\cdot)?\s*(?=[\d(])")
_HALF_LAST = re.compile(r"\s*(?:/|÷)\s*2$")


def formula_confused(worked: Worked, rng: random.Random) -> Iterator[Change]:
    """Another formula on the same numbers (FC)."""
    named = joined(_rectangles(worked), _triangles(worked), _averages(worked, rng))
    yield from shuffled(named, rng)
    yield from swaps(worked, rng, "FC")


def _rectangles(worked: Worked) -> Iterator[Change]:
    if not speaks_of_rectangle(worked):
        return
    for chain in worked.computed:
        if form := rectangle(chain.signature):
            kind, a, b = form
            first, second = (_written(worked, chain, value) for value in (a, b))
            latex = "\\" in worked.text
            times = r" \times " if latex else " * "
            new = f"2{times}({first} + {second})" if kind == "area" else f"{first}{times}{second}"
            yield Change(chain, left=(Edit(chain.left.numbers[0].begin, chain.left.end, new),))


def _written(worked: Worked, chain: Chain, value: Fraction) -> str:
    number = next(n for n in chain.left.numbers if raw(n) == value)
    return worked.text[number.begin : number.end]


def _triangles(worked: Worked) -> Iterator[Change]:
    if worked.latex or not speaks_of_triangle(worked):
        return
    for chain in worked.computed:
        text = worked.text[chain.left.begin : chain.left.end]
        if half := _HALF_FIRST.match(text) or _HALF_LAST.search(text):
            begin = chain.left.begin + half.start()
            if len(chain.left.numbers) >= 3 and set(chain.signature[1]) <= {"*", "/"}:
                yield Change(chain, left=(Edit(begin, begin + len(half[0]), ""),))


def _averages(worked: Worked, rng: random.Random) -> Iterator[Change]:
    if not averages(worked):
        return
    for chain in worked.computed:
        for number in chain.left.numbers:
            is_count = raw(number) >= 3 and is_divisor(worked, number)
            if is_count and (change := replaced(worked, chain, number, Fraction(2))):
                yield change


def concept_confused(worked: Worked, rng: random.Random) -> Iterator[Change]:
    """ "n more" for "n times", an amount for a rate, or the part that is left for the part taken off (CC)."""
    for chain in shuffled(worked.computed, rng):
        for number in chain.left.numbers:
            if worked.is_percentage(number):
                whole = 1 if raw(number) < 1 else 100
                if change := replaced(worked, chain, number, whole - raw(number)):
                    yield change
    yield from swaps(worked, rng, "CC")
