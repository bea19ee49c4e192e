"""HA and CO: a term too many, a term too few, a count off by one."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator

from lemma_steps.arithmetic import find_numbers
from lemma_steps.llms.offline import wording
from lemma_steps.llms.offline.carry import Edit
from lemma_steps.llms.offline.changes import Change
from lemma_steps.llms.offline.makers.draws import shuffled
from lemma_steps.llms.offline.makers.values import operands, replaced
from lemma_steps.llms.offline.numerals import is_fraction, raw
from lemma_steps.llms.offline.sources import Source
from lemma_steps.llms.offline.worked import Chain, Worked

TRIES = 12
"""Invented quantities tried per chain, since not every one can be carried through later divisions."""
_UNIT = re.compile(r"[A-Za-z/ ]{0,60}?(?=\s*[=≈])")


def count_off(worked: Worked, rng: random.Random) -> Iterator[Change]:
    """A count of things one too high or too low, or one of three or more addends forgotten (CO)."""
    for chain, number in operands(worked, Source.COUNT, rng):
        for off in shuffled((-1, 1), rng):
            if change := replaced(worked, chain, number, raw(number) + off):
                yield change
    for chain in shuffled(worked.computed, rng):
        if (
            chain.regular
            and len(chain.left.numbers) >= 3
            and set(chain.signature[1]) == {"+"}
            and "(" not in chain.left.text
        ):
            unit_follows = worked.text[chain.left.end : chain.left.end + 2].strip() not in ("", "=")
            for index in shuffled(range(1, len(chain.left.numbers) - unit_follows), rng):
                edit = _without_addend(chain, index)
                if "-" not in worked.text[edit.begin : edit.end]:  # a hyphenated unit can be read as a minus
                    yield Change(chain, left=(edit,))


def _without_addend(chain: Chain, index: int) -> Edit:
    """Leave out addend `index` with the sign before it and the words after it."""
    operators = chain.left.operators
    begin = operators[index - 1].begin
    end = operators[index].begin if index < len(operators) else chain.left.end
    return Edit(begin, end, "")


def term_invented(worked: Worked, rng: random.Random) -> Iterator[Change]:
    """A quantity that nobody mentioned, added to or taken from an expression and said in words (HA)."""
    if worked.latex:  # its steps are paragraphs, in which the words would stand far from their expression
        return
    taken = {raw(n) for n in [*worked.numerals, *find_numbers(worked.question)]} | worked.given
    taken |= {word.value for word in worked.number_words}
    for chain in shuffled(worked.computed, rng):
        if is_fraction(chain.result) or chain.result.unit == "%" or set(chain.signature[1]) - {"+", "-", "*"}:
            continue
        size = int(abs(chain.value))
        invented = [n for n in range(2, max(10, min(size // 3, 60))) if n not in taken]
        for amount in shuffled(invented, rng)[:TRIES]:
            sign = rng.choice("+-")
            money = chain.result.unit == "$"
            words = wording.say(rng, "invented", "money" if money else "things", sign, amount=amount)
            begin = worked.starts[chain.step]
            begin += len(worked.steps[chain.step]) - len(worked.steps[chain.step].lstrip())
            mark = "$" if money and "$" in chain.left.text else ""
            unit = _UNIT.match(worked.text, chain.left.end)
            at = unit.end() if unit else chain.left.end
            yield Change(
                chain,
                left=(Edit(at, at, f" {sign} {mark}{amount}"),),
                prose=(Edit(begin, begin, f"{words} "),),
            )
