"""Recomputes the type of an injected error, from the `recomputable` sentences of `taxonomy.yaml` alone.

It shares no code with the offline teacher, whose labels it checks: only the primitives that those sentences name (steps,
equations, numbers of a question) and the table of conversion factors. A code is returned only where every word of its
sentence holds: what stands before the error step, in it, and after it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from fractions import Fraction

from lemma_steps.injections.kinds import kinds
from lemma_steps.injections.question import Question, question_of
from lemma_steps.injections.reading import Chain, Step, masked, numbers_in, numeral, numeral_scale, steps_of
from lemma_steps.trajectory import closing, gold_trajectory

_ASKED = re.compile(r"(?i)\b(?:question|problem|ask(?:s|ed)?|wants?|wanted|sought|answer|looking for|look for)\b")
_SECOND_CHOICE = {"CV", "CS", "CO", "UC", "OP"}

Pairs = set[tuple[Fraction, Fraction]]


def classify(
    question: str,
    gold_solution: str,
    gold_answer: str,
    injected_solution: str,
    error_step: int,
    *,
    by_line: bool = False,
) -> set[str]:
    """The codes of the types whose sentence holds of `injected_solution`; empty where none does.

    `error_step` is the 1-based number of the first wrong step in `segment(injected_solution)`. `by_line` reads every line of
    a step for itself: in aligned LaTeX, what stands on one line after another is one chain or several, as one reads it.
    """
    trajectory = gold_trajectory(gold_solution, gold_answer)
    gold = steps_of(trajectory, by_line)
    wrong = steps_of(injected_solution, by_line)
    at = error_step - 1
    if not 0 <= at < len(wrong) or wrong[at].text in {step.text for step in gold}:
        return set()
    about = question_of(question, trajectory)
    codes = _replaced(about, gold, wrong, at) | _missing(gold, wrong, at, about)
    if _misread(gold, wrong, at):
        codes.add("QM")
    return codes - _SECOND_CHOICE if codes & {"FC", "CC"} else codes


def _replaced(about: Question, gold: list[Step], wrong: list[Step], at: int) -> set[str]:
    """The types whose error step stands where a gold step G stood."""
    if len(gold) != len(wrong) or not _agree(gold[:at], wrong[:at]):
        return set()
    codes: set[str] = set()
    earlier = [chain for step in gold[:at] for chain in step.chains]
    for index, (old, new, changes) in enumerate(_roots(gold[at], wrong[at])):
        if old is None or new is None:
            continue
        before = _results([*earlier, *gold[at].chains[:index]])
        for kind in set(kinds(about, before, old, new, wrong[at])):
            own = set(zip(old.numbers, new.numbers, strict=False)) if len(old.numbers) == len(new.numbers) else set()
            keeps = (
                _adds_words(gold[at], wrong[at]) if kind == "HA" else _same_words(gold[at], wrong[at], changes | own)
            )
            if keeps and _carried(about, gold, wrong, at, at, changes, [*earlier, *gold[at].chains[:index]]):
                codes.add(kind)
    return codes


def _results(chains: list[Chain]) -> set[Fraction]:
    """What the chains come to; a result of p% counts as p% and p, as in a question."""
    values = [(chain.result.value, numeral_scale(chain.result)) for chain in chains]
    return {value * factor for value, scale in values if value is not None for factor in {1, scale}}


def _agree(gold: list[Step], wrong: list[Step]) -> bool:
    """Are these steps gold's own, and none of their chains false?"""
    return [step.text for step in gold] == [step.text for step in wrong] and not any(
        chain.false for step in wrong for chain in step.chains
    )


def _roots(gold: Step, wrong: Step) -> Iterator[tuple[Chain | None, Chain | None, Pairs]]:
    """For each chain: it and the wrong step's, where it alone differs for a reason of its own, with what it changes."""
    for index, (old, new) in enumerate(zip(gold.chains, wrong.chains, strict=False)):
        fits = len(gold.chains) == len(wrong.chains) and all(
            a.same_left(b) and a.result.value == b.result.value and not b.false
            for a, b in zip(gold.chains[:index], wrong.chains[:index], strict=True)
        )
        changes = _pair(old, new)
        fits = fits and all(
            _follows(a, b, changes) for a, b in zip(gold.chains[index + 1 :], wrong.chains[index + 1 :], strict=True)
        )
        yield (old, new, changes) if fits else (None, None, changes)


def _pair(old: Chain, new: Chain) -> Pairs:
    a, b = old.result.value, new.result.value
    return {(a, b)} if a is not None and b is not None and a != b else set()


def _explained(a: Fraction, b: Fraction, changes: Pairs) -> bool:
    """Is `b` what has become of `a`, as it stands or as a percentage of it?"""
    scales = (Fraction(1), Fraction(100), Fraction(1, 100))
    return a == b or any((a * scale, b * scale) in changes for scale in scales)


def _follows(old: Chain, new: Chain, changes: Pairs) -> bool:
    """Does `new` differ from gold's chain by earlier changes alone, and is it right? Adds its own result's change."""
    if new.false:
        return False
    if old.same_left(new):
        return old.result.value == new.result.value
    alike = (old.operators, old.shape) == (new.operators, new.shape) and all(
        _explained(a, b, changes) for a, b in zip(old.numbers, new.numbers, strict=True)
    )
    if not alike and not _same_text(old.left.text, new.left.text, changes):  # there \frac{1}{2} is one number
        return False
    changes |= _pair(old, new)
    return True


def _same_words(gold: Step, wrong: Step, changes: Pairs) -> bool:
    """Outside its chains, has the step gold's words, and no other number than `changes` explain?"""
    return len(gold.words) == len(wrong.words) and all(
        _same_text(a, b, changes) for a, b in zip(gold.words, wrong.words, strict=True)
    )


def _same_text(a: str, b: str, changes: Pairs) -> bool:
    """Do the texts differ in numbers alone, as `changes` explain? "4/3" is one number or two, whichever fits."""
    split = [re.sub(r"(?<=\d)/(?=\d)", " / ", text) for text in (a, b)]
    return any(
        masked(x) == masked(y)
        and all(_explained(m[2], n[2], changes) for m, n in zip(numbers_in(x), numbers_in(y), strict=True))
        for x, y in ((a, b), split)
    )


def _adds_words(gold: Step, wrong: Step) -> bool:
    """Do all words of gold's step, in order, stand among the wrong step's?"""
    words = iter(masked(" ".join(wrong.words)).casefold().split())
    return all(word in words for word in masked(" ".join(gold.words)).casefold().split())


def _carried(
    about: Question, gold: list[Step], wrong: list[Step], at: int, was: int, changes: Pairs, before: list[Chain]
) -> bool:
    """Do all steps after the error step (`at`; gold's is `was`) change by what follows from it, and by all of it?"""
    changes = set(changes)
    known = about.values | {c.result.value for c in before} | {n for c in before for n in c.numbers}
    later = gold[was + 1 :]
    if len(later) != len(wrong[at + 1 :]):
        return False
    for old, new in zip(later, wrong[at + 1 :], strict=True):
        if len(old.chains) != len(new.chains):
            return False
        for a, b in zip(old.chains, new.chains, strict=True):
            stale = {x for x, _ in changes} - {y for _, y in changes} - known
            if any(x == y and x in stale for x, y in zip(a.numbers, b.numbers, strict=False)):
                return False
            if not _follows(a, b, changes):
                return False
            if a.result.value == b.result.value:
                known.add(a.result.value)
        if not _same_words(old, new, changes):
            return False
    return not later or later[-1].text != wrong[-1].text


def _missing(gold: list[Step], wrong: list[Step], at: int, about: Question) -> set[str]:
    """MS: one gold step is absent, and the first that uses its result has one of its numbers instead."""
    if len(gold) != len(wrong) + 1:
        return set()
    first = at + 1  # gold's number of the error step: one step before it is absent
    for gone in range(first):
        if not _agree(gold[:gone] + gold[gone + 1 : first], wrong[:at]):
            continue
        for source in gold[gone].chains:
            if _is_skipped(about, gold, wrong, at, gone, source):
                return {"MS"}
    return set()


def _is_skipped(about: Question, gold: list[Step], wrong: list[Step], at: int, gone: int, source: Chain) -> bool:
    result, uses = source.result.value, at + 1
    wanted = _results([source])
    if result is None or any(_uses(step, wanted) for step in gold[gone + 1 : uses]) or not _uses(gold[uses], wanted):
        return False
    before = [chain for step in gold[:uses] for chain in step.chains if step is not gold[gone]]
    # A number is put in by its value, or by its numeral alone where the place has a percent sign and it has none.
    put = {numeral(number) / numeral_scale(source.result) for number in source.left.numbers} | set(source.numbers)
    for number in put - {result}:
        changes: Pairs = {(result, number)}
        fits = len(gold[uses].chains) == len(wrong[at].chains) and all(
            _follows(a, b, changes) for a, b in zip(gold[uses].chains, wrong[at].chains, strict=True)
        )
        if fits and _same_words(gold[uses], wrong[at], changes):
            return _carried(about, gold, wrong, at, uses, changes, before)
    return False


def _uses(step: Step, values: set[Fraction]) -> bool:
    return any(number in values for chain in step.chains for number in chain.numbers)


def _misread(gold: list[Step], wrong: list[Step], at: int) -> bool:
    """QM: a step without a chain says of a number from gold's chains that it is what was asked for; then the close."""
    if not _agree(gold[:at], wrong[:at]) or at + 2 != len(wrong) or wrong[at].chains:
        return False
    numbers = numbers_in(wrong[at].text)  # the "twice" of "3 people twice" is its unit
    said = {value for begin, _, value in numbers if not wrong[at].text[begin].isalpha()} or {n[2] for n in numbers}
    last = {value for _, _, value in numbers_in(wrong[-1].text)}
    chains = [chain for step in gold for chain in step.chains]
    known = {numeral(number) for chain in chains for number in chain.left.numbers}
    known |= _results(chains)
    ends = wrong[-1].text.startswith(closing(""))
    return ends and len(said) == 1 and said == last and said <= known and bool(_ASKED.search(wrong[at].text))
