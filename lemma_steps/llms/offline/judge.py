"""Finds the first wrong step of a solution and names its type, as far as arithmetic and the gold solution decide it."""

from __future__ import annotations

from collections.abc import Sequence

from lemma_steps.llms.offline.decline import DeclineError
from lemma_steps.llms.offline.diagnose import first_error
from lemma_steps.llms.offline.numerals import raw
from lemma_steps.llms.offline.revise import explain, slip
from lemma_steps.llms.offline.worked import Worked


def locate(question: str, reference: str | None, steps: Sequence[str]) -> tuple[int | None, str]:
    """The 1-based number of the first wrong step, or None where there is no error, and the reason.

    Raises:
        DeclineError: neither arithmetic nor the reference decides.
    """
    if reference is None:
        return _by_arithmetic(question, steps)
    gold = Worked.read(question, reference)
    found = first_error(gold, steps)
    if found is not None:
        number, diagnosis = found
        return number, explain(gold, gold.attempt(steps[:number]), diagnosis)
    tried = gold.attempt(steps)
    asked, given = gold.answer_number, tried.answer_number
    if not tried.false and asked and given and raw(asked) == raw(given):
        return None, "Every equation holds and the final answer is right."
    return _by_arithmetic(question, steps)


def classify(question: str, reference: str, steps: Sequence[str]) -> tuple[str, str]:
    """The code of the error type of a wrong solution, and the reason.

    Raises:
        DeclineError: the error is none that arithmetic and the reference prove.
    """
    gold = Worked.read(question, reference)
    found = first_error(gold, steps)
    if found is None:
        number, _ = _by_arithmetic(question, steps)
        found = number, slip(gold, steps[:number])
    number, diagnosis = found
    return diagnosis.code, explain(gold, gold.attempt(steps[:number]), diagnosis)


def _by_arithmetic(question: str, steps: Sequence[str]) -> tuple[int, str]:
    tried = Worked(question, tuple(steps))
    if not tried.false:
        raise DeclineError("not_decidable", "every equation that can be checked is right")
    chain = tried.false[0]
    return chain.step + 1, f"{tried.text[chain.begin : chain.end]} is not right."
