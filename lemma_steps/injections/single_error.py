"""Check `single_error`: no equation outside the declared step is false."""

from __future__ import annotations

from collections.abc import Iterator

from lemma_steps.injections.finding import Finding, shown
from lemma_steps.injections.injection import Injection, lines_read


def single_error(injection: Injection) -> Finding:
    """Whether the arithmetic check finds every equation true but the one that is the error, if the error is one.

    It reads what is written as an equation and can be computed exactly; of what it calls false at least 97 % is (see
    benchmarks/README.md, "Arithmetic"). A second error in words, or in a right computation with a wrong number, it
    does not see: `answer` sees some of these.
    """
    number, own = injection.declared_step, lines_read(injection.raw_steps[injection.declared_step - 1])
    found = [f"step {k}: {shown(text)} is false" for k, text in _false(injection)]
    if found:
        return Finding("fail", "; ".join(found[:3]))
    if len(wrong := {_squeezed(own.text[c.begin : c.end]) for c in own.chains if c.false}) > 1:
        return Finding(
            "fail", f"step {number} has {len(wrong)} false equations: {', '.join(map(shown, sorted(wrong)[:3]))}"
        )
    if not sum(len(lines_read(step).chains) for step in injection.raw_steps) - bool(own.chains):
        return Finding("not_computable", "no equation beside the error can be computed")
    return Finding("pass")


def earlier_false_equation(injection: Injection) -> str | None:
    """The first false equation before the declared step, in words; None without one."""
    return next(
        (f"step {k}: {shown(text)} is false" for k, text in _false(injection) if k < injection.declared_step), None
    )


def _false(injection: Injection) -> Iterator[tuple[int, str]]:
    """False equations outside the declared step, with its number.

    What stands in gold too is no injected error; what says the declared step's false equation again is no second one.
    """
    known = {_squeezed(step.text[c.begin : c.end]) for step in injection.gold for c in step.chains if c.false}
    for number, raw in enumerate(injection.raw_steps, 1):
        if number == injection.declared_step:
            known |= {_squeezed(injection.declared.text[c.begin : c.end]) for c in injection.declared.chains}
            continue
        step = lines_read(raw)
        for chain in step.chains:
            text = step.text[chain.begin : chain.end]
            if chain.false and _squeezed(text) not in known:
                yield number, text


def _squeezed(text: str) -> str:
    return "".join(text.split())
