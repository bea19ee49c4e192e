"""MS and QM: a step that is not taken, a question that is not the one asked."""

from __future__ import annotations

import random
from collections.abc import Iterator
from fractions import Fraction
from itertools import product

from lemma_steps.arithmetic import Number
from lemma_steps.llms.offline import wording
from lemma_steps.llms.offline.carry import Carry, CarryError, Edit
from lemma_steps.llms.offline.changes import Draft, cut
from lemma_steps.llms.offline.labels import amount
from lemma_steps.llms.offline.makers.draws import shuffled
from lemma_steps.llms.offline.numerals import fits, raw
from lemma_steps.llms.offline.worked import CLOSING, Chain, Worked
from lemma_steps.segmentation import segment


def step_left_out(worked: Worked, rng: random.Random) -> Iterator[Draft]:
    """A computing step dropped; what uses its result takes a number that went into it instead (MS)."""
    for chain in shuffled(worked.computed, rng):
        if len(worked.in_step(chain.step)) != 1:
            continue
        for operand in shuffled({raw(n) for n in chain.left.numbers}, rng):
            if operand != chain.value and fits(operand, chain.result):
                try:
                    yield _without(worked, chain, operand)
                except CarryError:
                    continue


def _without(worked: Worked, chain: Chain, operand: Fraction) -> Draft:
    begin, end = worked.starts[chain.step], worked.starts[chain.step + 1]
    dropped = Edit(begin, end, "")
    known = [c.value for c in worked.results_before(chain)]
    known += [raw(n) for n in worked.numerals if n.begin < end and not chain.result.begin <= n.begin < chain.result.end]
    carry = Carry(worked, [], known)
    carry.changed[chain.value] = operand
    carry.run(chain.step + 1, end)
    first = min(edit.begin for edit in carry.edits)
    steps = cut(worked, [*carry.edits, dropped])
    error = next(k for k in range(len(worked.steps)) if first < worked.starts[k + 1]) - 1
    return Draft(steps, error)


def question_misread(worked: Worked, rng: random.Random) -> Iterator[Draft]:
    """The solution stops early and gives a value on the way as the one that is asked for (QM)."""
    stops = [c for c in worked.computed if raw(c.result) != _asked_value(worked)]
    last = max((c.step for c in worked.computed), default=-1)
    for chain in shuffled((c for c in stops if c.step < last), rng):
        later = [c for c in worked.computed if c.step == chain.step and c.begin > chain.begin]
        if not later:
            yield from _stopped(worked, chain.step + 1, chain.result, rng)
    for chain in filter(lambda c: c.flat and "^" not in c.signature[1], worked.computed[:1]):
        numbers = [n for n in chain.left.numbers if raw(n) != _asked_value(worked) and raw(n).denominator == 1]
        for number in sorted(numbers, key=raw, reverse=True):
            yield from _stopped(worked, chain.step, number, rng)


def _asked_value(worked: Worked) -> Fraction | None:
    return raw(worked.answer_number) if worked.answer_number else None


def _stopped(worked: Worked, steps: int, number: Number, rng: random.Random) -> Iterator[Draft]:
    if worked.answer_number is None or "!" in number.text or " " in number.text:
        return  # LaTeX's spaces inside a number
    words = wording.say(rng, "misread", amount=amount(worked, number))
    head = "".join(worked.steps[:steps])
    gaps = ("",) if not head or head[-1].isspace() else ("\n", " ")
    for gap, end in product(gaps, ("\n", "\n\n")):
        text = f"{head}{gap}{words}{end}{CLOSING}{number.text}"
        cut_again = segment(text)
        if len(cut_again) == steps + 2:
            yield Draft(tuple(cut_again), steps)
            return
