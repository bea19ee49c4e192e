"""Audits by recomputing: is the wrong step wrong, and does what comes after it compute rightly?"""

from __future__ import annotations

import re
from collections import Counter

from lemma_steps.arithmetic import Equation, find_equations, find_numbers
from lemma_steps.audits.records import Failure, Limits, Row, excerpt
from lemma_steps.segmentation import segment
from lemma_steps.trajectory import gold_trajectory

_Computation = tuple[tuple[tuple[object, int], ...], tuple[str, ...], object]
_DENIED_BEFORE = re.compile(
    r"(?i)(?:\bnot|n['’]t|\binstead of|\brather than|\b(?:wrong|incorrect|mistake|false|error)\w*)\b[^.!?\n]{0,40}\Z"
)


def step_not_wrong(row: Row, limits: Limits) -> Failure | None:
    """The wrong step is no step of the gold solution, neither word for word nor in what it computes.

    It computes the same when it holds equations, all of them right, all of them made of the same numbers, operators and
    result as one of the gold solution's, and no other number than the gold solution's. That also rejects right numbers
    in wrong words, by intent: 18 of 489 first errors that people marked in MR-GSM8K, 8 of 760 injected ones of EIC.
    """
    if not row.get("gold_solution"):
        return None
    wrong = row["output"][row["error_begin"] : row["error_end"]]
    gold = gold_trajectory(row["gold_solution"], row.get("gold_answer") or "")
    if _squeezed(wrong) in {_squeezed(step) for step in [*segment(gold), *gold.split("\n")]}:
        return Failure("step_not_wrong", f"the gold solution has the same step: {excerpt(wrong, 0, 60)}")
    equations = find_equations(wrong)
    if not equations or any(equation.verdict != "right" for equation in equations):
        return None
    known = {_computation(equation) for equation in find_equations(gold)}
    if not {_computation(equation) for equation in equations} <= known:
        return None
    if {number.value for number in find_numbers(wrong)} <= {number.value for number in find_numbers(gold)}:
        return Failure("step_not_wrong", f"the gold solution computes the same: {excerpt(wrong, 0, 60)}")
    return None


def false_arithmetic(row: Row, limits: Limits) -> Failure | None:
    """Reflection and correction hold no equation that is false.

    A reflection may repeat a false equation of the wrong solution, and either part one that it denies ("not 12*5 = 65";
    what is denied after it the arithmetic check leaves alone). That the answer is right does not make the way to it right:
    of solutions with the right answer 2.5 % (GSM8K) to 52 % (Omni-MATH) hold a wrong step in ProcessBench. The audit finds
    4 to 9 % of those of MATH and harder sets and nearly never fails one without a false equation (`benchmarks`).
    """
    reflection, prefix = row["reflection"] or "", row["erroneous_prefix"]
    written = reflection + row["correction"]
    said = {_computation(equation) for equation in find_equations(prefix) if equation.verdict == "wrong"}
    for equation in find_equations(written):
        quoted = equation.begin < len(reflection) and _computation(equation) in said
        if equation.verdict != "wrong" or quoted:
            continue
        if not _DENIED_BEFORE.search(written[max(0, equation.begin - 60) : equation.begin]):
            return Failure("false_arithmetic", excerpt(written, equation.begin, equation.end))
    return None


def _squeezed(text: str) -> str:
    return "".join(text.split())


def _computation(equation: Equation) -> _Computation:
    numbers = Counter(number.value for side in (equation.left, equation.right) for number in side.numbers)
    operators = sorted(operator.symbol for side in (equation.left, equation.right) for operator in side.operators)
    return tuple(sorted(numbers.items())), tuple(operators), equation.right.value
