"""Check `divergence`: the declared step is the first in which the wrong solution departs from the gold solution."""

from __future__ import annotations

from fractions import Fraction

from lemma_steps.injections.finding import Finding, shown
from lemma_steps.injections.injection import Injection, key_of
from lemma_steps.injections.reading import Chain, Step, numbers_in


def divergence(injection: Injection) -> Finding:
    """Whether the declared step is the first that is neither gold's, white space aside, nor gold's in other words.

    A step in other words is gold's where it computes something, nothing in it is false, every computation is one of
    gold's, and every number is one of the question or of gold. An earlier step departs where it has a false equation,
    gold's words around another computation, the numbers of a gold computation with another operator or result, or a
    gold computation with a number more that neither question nor gold has. An earlier step that shows none of these may
    say the same in another way, or go another way to the same end: then the steps cannot be aligned.

    Where all steps before are gold's own, the first that is not is the declared one. Elsewhere that has to show in the
    declared step itself: of a step that has nothing to do with the gold solution nothing is said.
    """
    gold = {step.text for step in injection.gold}
    number, declared = injection.declared_step, injection.declared
    if declared.text in gold:
        return Finding("fail", f"step {number} is a step of the gold solution: {shown(declared.text)}")
    proven = not injection.too_many_chains and injection.codes  # the classifier looks at this very step
    if _rephrased(injection, declared) and not proven:
        return Finding("fail", f"step {number} computes what the gold solution does: {shown(declared.text)}")
    others = [(k, step) for k, step in enumerate(injection.steps[: number - 1], 1) if step.text not in gold]
    unclear = None
    for earlier, step in others:
        if _rephrased(injection, step):
            continue
        if departure := _departure(injection, step):
            return Finding("fail", f"step {earlier} departs before step {number}: {departure}")
        unclear = unclear or earlier
    if unclear:
        return Finding("not_computable", f"step {unclear} is in other words than the gold solution's")
    if number > 1 and not others:
        return Finding("pass")
    if _departure(injection, declared) or proven:
        return Finding("pass")
    before = "the steps before are rephrased" if others else "no step is before"
    return Finding("not_computable", f"{before}, and the declared one shows nothing that is other than gold's")


def _rephrased(injection: Injection, step: Step) -> bool:
    """Does the step compute what gold computes, and nothing else? Without a computation: gold's words, equal numbers."""
    if not step.chains:
        return any(step.outline == own.outline and _values(step) == _values(own) for own in injection.gold)
    known = {key_of(chain) for own in injection.gold for chain in own.chains}
    return all(not chain.false and key_of(chain) in known for chain in step.chains) and (
        set(_values(step)) <= injection.about.mentioned | {value for own in injection.gold for value in _values(own)}
    )


def _departure(injection: Injection, step: Step) -> str | None:
    """What in the step gold cannot have, in words; None where nothing shows."""
    for chain in step.chains:
        equation = shown(step.text[chain.begin : chain.end])
        if chain.false:
            return f"{equation} is false"
        for own in (own for own_step in injection.gold for own in own_step.chains):
            same = chain.numbers == own.numbers and chain.shape == own.shape
            other = same and (chain.operators, chain.result.value) != (own.operators, own.result.value)
            if other or _with_more(chain, own, injection.about.mentioned):
                return f"{equation}, where gold has {shown(f'{own.left.text} = {own.result.text}')}"
    for own_step in injection.gold:
        if own_step.outline == step.outline:
            return f"{shown(step.text)}, where gold has {shown(own_step.text)}"
    return None


def _with_more(chain: Chain, own: Chain, mentioned: set[Fraction]) -> bool:
    """Is it gold's computation, and then a number that nobody mentioned?"""
    begins = chain.numbers[: len(own.numbers)] == own.numbers and chain.operators[: len(own.operators)] == own.operators
    return begins and not set(chain.numbers[len(own.numbers) :]) <= mentioned


def _values(step: Step) -> list[Fraction]:
    return [value for _, _, value in numbers_in(step.text)]
