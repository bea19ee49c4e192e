"""CA: a result that does not come out as written."""

from __future__ import annotations

import random
from collections.abc import Iterator
from fractions import Fraction

from lemma_steps.llms.offline.changes import Change
from lemma_steps.llms.offline.makers.draws import shuffled, swapped_digits
from lemma_steps.llms.offline.numerals import is_fraction, raw
from lemma_steps.llms.offline.worked import Chain, Worked

TRIES = 12
"""Slips tried per chain, since not every one can be carried through later divisions."""


def result_miscalculated(worked: Worked, rng: random.Random) -> Iterator[Change]:
    """Each chain with results that a slip of hand gives."""
    for chain in shuffled(worked.computed, rng):
        for result in shuffled(_slips(chain), rng)[:TRIES]:
            yield Change(chain, result=result)


def _slips(chain: Chain) -> list[Fraction]:
    """Wrong results near the right one: a carry lost, a row of the multiplication table missed, digits swapped."""
    value, grain = chain.value, Fraction(1, 10**chain.result.decimals)
    if is_fraction(chain.result):
        over, under = value.numerator, value.denominator
        near = [Fraction(over + off, under) for off in (-1, 1)] + [
            Fraction(over, under + off) for off in (-1, 1) if under > 2
        ]
        return sorted(set(near))
    near = [value + grain * off for off in (-2, -1, 1, 2, 10, -10)]
    near += [value + off for off in (-100, 100) if abs(value) > 300]
    near += [value + sign * raw(n) for n in chain.left.numbers if "*" in chain.signature[1] for sign in (1, -1)]
    near += [Fraction(swapped) for swapped in swapped_digits(chain.result.text)]
    return sorted({slip for slip in near if slip != value and slip != chain.left.value})
