"""The four checks of an injected solution, and what of them is hard evidence."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from lemma_steps.injections.answer import answer
from lemma_steps.injections.divergence import divergence
from lemma_steps.injections.finding import Finding
from lemma_steps.injections.injection import Injection
from lemma_steps.injections.single_error import single_error


def declared_type(injection: Injection) -> Finding:
    """Whether the declared type is among those whose recomputable sentence (`taxonomy.yaml`) holds of the solution.

    The sentences know errors made in the gold solution's own text; of an error in other words they say nothing. Where the
    steps have several lines, it is enough that the sentence holds of them read line by line.
    """
    if injection.declared_type is None:
        return Finding("not_computable", "no type is declared")
    if why := injection.too_many_chains:
        return Finding("not_computable", why)
    found = injection.codes
    if injection.declared_type not in found:
        found = found | injection.codes_by_line
    if not found:
        return Finding("not_computable", "no type's sentence holds")
    if injection.declared_type in found:
        return Finding("pass")
    return Finding("fail", f"declared {injection.declared_type}, found {', '.join(sorted(found))}")


CHECKS: dict[str, Callable[[Injection], Finding]] = {
    "divergence": divergence,
    "answer": answer,
    "single_error": single_error,
    "type": declared_type,
}


@lru_cache(256)
def check_injection(injection: Injection) -> dict[str, Finding]:
    """What each check comes to; the strategies of one injection, which follow one another, share it."""
    if why := injection.unreadable:
        return dict.fromkeys(CHECKS, Finding("not_computable", why))
    return {name: check(injection) for name, check in CHECKS.items()}
