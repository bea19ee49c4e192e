"""Where the values of a wrong step go: through the computations after it, to the answer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction

from lemma_steps.arithmetic import Expression, evaluate
from lemma_steps.injections.finding import shown
from lemma_steps.injections.injection import Injection, key_of
from lemma_steps.injections.reading import Chain, numbers_in, numeral

_COMMON = frozenset(map(Fraction, (0, 1, 2, 10, 100))) | {Fraction(1, 2), Fraction(1, 100)}
"""Numbers that need no source."""


class Trace:
    """One walk from the declared step to the end.

    A value is known by its number alone. One that could come from the declared step or from elsewhere counts as the
    declared step's: what is not carried is then surely not.

    Attributes:
        roots: the values that the declared step brings in or puts in, each with the computations that may use it, in order.
        carried: what it brings in, and the values that follow from that by right computations.
        reached: the same from what it puts in too, which may have been right at its own place.
        false: results of false computations after the declared step, with their equations.
        apart: results of right computations after it all of whose numbers come from elsewhere, with their equations;
            nothing counts as apart once words have taken up a carried value.
        computed: whether a computation stands in the declared step or uses its value.
        last: the last equation that carries the value.
    """

    def __init__(self, injection: Injection) -> None:
        self._injection = injection
        brought = list(_brought(injection))
        self.roots = [*brought, *_put_in(injection)]
        self.carried = {value for value, _ in brought}
        self.reached = {value for value, _ in self.roots}
        self.false: dict[Fraction, str] = {}
        self.apart: dict[Fraction, str] = {}
        self.computed = bool(injection.declared.chains and self.roots)
        self.last = injection.declared.text
        before = [chain for step in injection.steps[: injection.declared_step - 1] for chain in step.chains]
        known = injection.about.mentioned | _COMMON | {value for chain in before for value in values_of(chain.result)}
        in_words = False
        for step in injection.steps[injection.declared_step :]:
            in_words = in_words or any(v in self.carried for words in step.words for _, _, v in numbers_in(words))
            for chain in step.chains:
                equation, results = step.text[chain.begin : chain.end], values_of(chain.result)
                used = operands(chain)
                if used & self.reached:
                    self.reached |= results
                if chain.false:
                    self.false |= dict.fromkeys(results - self.carried, equation)
                elif used & self.carried:
                    self.carried |= results
                    self.computed, self.last = True, equation
                elif not in_words and all({number.value, numeral(number)} & known for number in chain.left.numbers):
                    self.apart |= dict.fromkeys(results - self.carried, equation)
                    known |= results

    def own_departure(self) -> str | None:
        """The first later step that has gold's words and a computation that gold's does not become, in words.

        None where the plan is another than gold's: as many steps in gold's words must follow.
        """
        at = self._injection.declared_step
        later = self._injection.steps[at:]
        own = self._injection.gold[len(self._injection.gold) - len(later) :]
        if len(own) != len(later) or any(a.outline != b.outline for a, b in zip(own, later, strict=True)):
            return None
        for number, (old, new) in enumerate(zip(own, later, strict=True), at + 1):
            for a, b in zip(old.chains, new.chains, strict=True):
                if self._departs(a, b):
                    return (
                        f"step {number} has {shown(new.text[b.begin : b.end])} for {shown(old.text[a.begin : a.end])}"
                    )
        return None

    def _departs(self, own: Chain, new: Chain) -> bool:
        """Has the computation a number that does not follow from the declared step, or on as many numbers other operators?

        One term more with such a number is what a made-up quantity leads to.
        """
        more = Counter(new.numbers) - Counter(own.numbers)
        other = len(new.numbers) == len(own.numbers) and new.operators != own.operators
        return other or not set(more) <= self.reached


def repaired(injection: Injection, trace: Trace, right: Fraction) -> bool:
    """Does a value of gold's, or none at all, in place of one that the declared step brings in, lead to the right answer?

    The right answer itself is a value of gold's for the declared step only where that step is in the place of the one by
    which gold comes to it: else whatever is repeated as the answer could be repaired.
    """
    assert injection.answer is not None
    own = [chain for step in injection.gold for chain in step.chains]
    found = [value for chain in own for value in values_of(chain.result)]
    tried = dict.fromkeys([*found, right, *_numerals(own), Fraction(0)])
    if not _in_place_of(injection, right):
        del tried[right]
    rounded = {chain.left.value: chain.result.value for chain in own if chain.result.value is not None}
    return any(
        _answer_after(following, {value: other}, injection.answer, rounded) == right
        for value, following in trace.roots
        for other in tried
        if other != value
    )


def _in_place_of(injection: Injection, right: Fraction) -> bool:
    """Has the declared step the words of a step of gold's that comes to this value, or a number that it comes from?"""
    declared = injection.declared
    used = {value for _, _, value in numbers_in(declared.text)} - _COMMON
    return any(
        (step.outline == declared.outline and right in {value for _, _, value in numbers_in(step.text)})
        or any(right in values_of(chain.result) and used & (operands(chain) - {right}) for chain in step.chains)
        for step in injection.gold
    )


def _answer_after(
    chains: Sequence[Chain], new: dict[Fraction, Fraction], said: Fraction, rounded: dict[Fraction | None, Fraction]
) -> Fraction | None:
    """What the answer becomes where values become `new`; results are written as gold writes them (`rounded`)."""
    for chain in chains:
        text, was = _replaced(chain.left, new), chain.result.value
        if text is None or was is None:
            continue
        value = evaluate(text)
        if value is None:
            return None
        value = rounded.get(value, value)
        new[was] = value
        if (scale := 100 if "%" in chain.result.text else 1) != 1:
            new[was * scale] = value * scale
    return new.get(said)


def _replaced(side: Expression, new: dict[Fraction, Fraction]) -> str | None:
    """The side with new values in the place of old ones; None where it has none of them. Fractions come before their parts."""
    spans: list[tuple[int, int, Fraction]] = [(b, e, new[v]) for b, e, v in numbers_in(side.text) if v in new]
    for number in side.numbers:
        begin, end = number.begin - side.begin, number.end - side.begin
        if any(b < end and begin < e for b, e, _ in spans):
            continue
        if number.value in new:
            spans.append((begin, end, new[number.value] * (100 if number.unit == "%" else 1)))
    text = side.text
    for begin, end, value in sorted(spans, reverse=True):
        text = f"{text[:begin]}({value}){text[end:]}"
    return text if spans else None


def operands(chain: Chain) -> set[Fraction]:
    """The values on the left side in every reading: with signs, of fractions and of their parts, of percentages."""
    return {*chain.numbers, *values_of(chain.left), *(value for _, _, value in numbers_in(chain.left.text))}


def values_of(side: Expression) -> set[Fraction]:
    """The values of a side's numbers and, for a result, of the side; p% counts as p% and p."""
    values = {value for number in side.numbers for value in (number.value, numeral(number))}
    if not side.operators or all(operator.symbol == "/" for operator in side.operators):
        values |= set() if side.value is None else {side.value}
    return values


def _own(injection: Injection) -> list[tuple[Chain, list[Chain]]]:
    """The declared step's computations that are none of gold's, each with all that come after it."""
    declared = injection.declared.chains
    later = [chain for step in injection.steps[injection.declared_step :] for chain in step.chains]
    known = {key_of(chain) for step in injection.gold for chain in step.chains}
    own = [(k, chain) for k, chain in enumerate(declared, 1) if chain.false or key_of(chain) not in known]
    return [(chain, [*declared[place:], *later]) for place, chain in own]


def _brought(injection: Injection) -> Iterator[tuple[Fraction, list[Chain]]]:
    """What the declared step comes to: the results of its own computations, or else the numbers in its words."""
    own = _own(injection)
    for chain, following in own:
        yield from ((value, following) for value in values_of(chain.result))
    if not own:
        later = [chain for step in injection.steps[injection.declared_step :] for chain in step.chains]
        yield from ((value, later) for value in {value for _, _, value in numbers_in(injection.declared.text)})


def _put_in(injection: Injection) -> Iterator[tuple[Fraction, list[Chain]]]:
    """What the declared step computes with: a wrong value there may be used again (a step left out, a value misread)."""
    for chain, following in _own(injection):
        yield from ((value, [chain, *following]) for value in operands(chain))


def _numerals(chains: Iterable[Chain]) -> Iterator[Fraction]:
    return (numeral(number) for chain in chains for number in chain.left.numbers)
