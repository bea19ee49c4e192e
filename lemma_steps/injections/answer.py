"""Check `answer`: the final answer is wrong because of the declared step."""

from __future__ import annotations

from fractions import Fraction

from lemma_steps.injections.finding import Finding, shown
from lemma_steps.injections.injection import Injection
from lemma_steps.injections.reading import numbers_in
from lemma_steps.injections.trace import Trace, repaired
from lemma_steps.trajectory import closing


def answer(injection: Injection) -> Finding:
    """Whether the final answer follows from the declared step, and would be right without its error.

    Where the classifier finds a type, that is proven: all later steps, the closing statement included, are gold's with
    the numbers that follow from the wrong one. Elsewhere the values of the declared step are traced through the right
    computations after it to the number that the solution ends with; then the declared step's value is replaced by each of
    gold's in turn and everything is computed again: one of them must lead to the gold answer. An answer that is only
    repeated from the declared step shows that where the step is in the place of the one by which gold comes to its answer.
    """
    if not injection.too_many_chains and injection.codes:
        return Finding("pass")
    said, right = injection.answer, injection.right_answer
    if said is None or right is None:
        if injection.solution.rstrip().endswith(closing(injection.gold_answer)):
            return Finding("fail", f"the final answer is right: {shown(injection.gold_answer)}")
        return Finding("not_computable", "the final answer is not one number")
    if said == right:
        return Finding("fail", f"the final answer is right: {shown(injection.gold_answer)}")
    if why := injection.too_many_chains:
        return Finding("not_computable", why)
    if injection.declared.text in {step.text for step in injection.gold}:
        return Finding("not_computable", f"step {injection.declared_step} is a step of the gold solution")
    trace = Trace(injection)
    if said in trace.carried:
        if repaired(injection, trace, right):
            return Finding("pass")
        if second := trace.own_departure():
            return Finding("fail", f"repairing step {injection.declared_step} would not do: {second}")
        return Finding("not_computable", "no value of gold's in the declared step leads to the gold answer")
    return _from_elsewhere(injection, trace, said)


def _from_elsewhere(injection: Injection, trace: Trace, said: Fraction) -> Finding:
    """What to make of an answer that the traced computations do not lead to."""
    number = injection.declared_step
    if said in trace.false:
        return Finding("fail", f"the answer comes from {shown(trace.false[said])}, which is false")
    if trace.computed and said in trace.apart:
        return Finding("fail", f"the answer comes from {shown(trace.apart[said])}, which uses nothing of step {number}")
    if any(abs(said - value) < 1 and value.denominator > 1 for value in trace.carried):
        return Finding("not_computable", "the answer may be rounded from what the declared step leads to")
    body = injection.solution.rpartition(closing(""))[0]
    if trace.computed and body and said not in {value for _, _, value in numbers_in(body)}:
        return Finding("fail", f"the answer stands in no step; step {number} leads to {shown(trace.last)}")
    return Finding("not_computable", f"no computation leads from step {number} to the answer")
