"""CV, CS, UC: one number of an expression is taken for another."""

from __future__ import annotations

import random
from collections.abc import Iterator
from fractions import Fraction

from lemma_steps.arithmetic import Number, find_numbers
from lemma_steps.llms.offline.changes import Change, number_edits
from lemma_steps.llms.offline.conversions import mistaken_for
from lemma_steps.llms.offline.makers.draws import shuffled, swapped_digits
from lemma_steps.llms.offline.numerals import fits, is_fraction, raw
from lemma_steps.llms.offline.sources import Source, source
from lemma_steps.llms.offline.worked import Chain, Worked


def replaced(worked: Worked, chain: Chain, number: Number, value: Fraction) -> Change | None:
    """`number` of `chain` read as `value`, where that is another number of the same kind."""
    if value == raw(number) or not fits(value, number):
        return None
    edits = number_edits(worked, chain, number, value)
    return Change(chain, left=(edits[0],), prose=edits[1]) if edits else None


def operands(worked: Worked, wanted: Source, rng: random.Random) -> Iterator[tuple[Chain, Number]]:
    """The numbers of left sides that come from `wanted`."""
    for chain in shuffled(filter(lambda c: c.regular, worked.computed), rng):
        for number in shuffled(chain.left.numbers, rng):
            if source(worked, chain, number) is wanted:
                yield chain, number


def _misread(number: Number) -> list[Fraction]:
    """What the digits of `number` are easily read as."""
    value, grain = raw(number), Fraction(1, 10**number.decimals)
    near = [Fraction(text) for text in swapped_digits(number.text)]
    near += [value + off * grain for off in (2, 3, -2, 10, -10)] if value >= 4 * grain else []
    return near


def _proposed(
    worked: Worked, chain: Chain, number: Number, values: list[Fraction], rng: random.Random
) -> Iterator[Change]:
    for value in shuffled(sorted(set(values)), rng)[:8]:
        if change := replaced(worked, chain, number, value):
            yield change


def value_misread(worked: Worked, rng: random.Random) -> Iterator[Change]:
    """A value of the question read as another of its numbers, or with other digits (CV)."""
    written = [raw(n) for n in find_numbers(worked.question) if not is_fraction(n)]
    for chain, number in operands(worked, Source.QUESTION, rng):
        if raw(number) in written or number.value * 100 in written:
            near = {100 - raw(number), 1 - raw(number)} | {raw(n) for n in chain.left.numbers}
            below = (1 if raw(number) < 1 else 100) if worked.is_percentage(number) else None
            values = [v for v in [*written, *_misread(number)] if v not in near and (below is None or v < below)]
            yield from _proposed(worked, chain, number, values, rng)


def result_misused(worked: Worked, rng: random.Random) -> Iterator[Change]:
    """An earlier result taken for another, for a value from which it was made, or remembered wrongly (CS)."""
    for chain, number in operands(worked, Source.RESULT, rng):
        before = worked.results_before(chain)
        values = [c.value for c in before]
        values += [raw(n) for c in before if c.value == raw(number) for n in c.left.numbers]
        values = [v for v in values if v not in {raw(n) for n in chain.left.numbers}]
        yield from _proposed(worked, chain, number, values + _misread(number), rng)


def factor_mistaken(worked: Worked, rng: random.Random) -> Iterator[Change]:
    """A conversion factor taken for another (UC)."""
    for chain, number in operands(worked, Source.FACTOR, rng):
        yield from _proposed(worked, chain, number, mistaken_for(raw(number)), rng)
