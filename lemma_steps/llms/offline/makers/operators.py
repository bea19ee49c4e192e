"""OP, and the operator changes that are a confused formula (FC) or concept (CC) instead."""

from __future__ import annotations

import random
from collections.abc import Iterator

from lemma_steps.arithmetic import Operator
from lemma_steps.llms.offline.changes import Change, operator_edit
from lemma_steps.llms.offline.makers.draws import shuffled
from lemma_steps.llms.offline.numerals import is_fraction
from lemma_steps.llms.offline.rules import swap_type
from lemma_steps.llms.offline.worked import Worked


def swaps(worked: Worked, rng: random.Random, wanted: str) -> Iterator[Change]:
    """Every change of one operator for another that is an error of type `wanted`."""
    for chain in shuffled(filter(lambda c: c.regular, worked.computed), rng):
        for index, operator in shuffled(enumerate(chain.left.operators), rng):
            if _in_fraction(worked, operator):
                continue
            for symbol in shuffled("+-*/", rng):
                is_wanted = symbol != operator.symbol and swap_type(worked, chain, index, symbol) == wanted
                if is_wanted and (edit := operator_edit(worked, operator, symbol)):
                    yield Change(chain, left=(edit,))


def _in_fraction(worked: Worked, operator: Operator) -> bool:
    return any(is_fraction(n) and n.begin <= operator.begin < n.end for n in worked.numerals)


def operator_changed(worked: Worked, rng: random.Random) -> Iterator[Change]:
    """One operator taken for its opposite (OP)."""
    return swaps(worked, rng, "OP")
