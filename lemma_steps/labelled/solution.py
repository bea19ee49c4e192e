"""One solution with its label."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LabelledSolution:
    """A solution whose first wrong step is known.

    Attributes:
        set: name of its set.
        id: hash of set, question and steps; it does not depend on the order of the rows.
        question: with its options, where it has any.
        reference: a worked solution of the question; None where the set has none.
        answer: the final answer to the question; None where the set has none.
        steps: as the set cuts them; each but the last ends with a line break, and joined they are the solution.
        error_step: the first wrong step, 1-based; None where no step is wrong.
        error_type: code of the error's type, where the set labels it.
        group: hash of the question: solutions of one question are not independent of each other.
    """

    set: str
    id: str
    question: str
    reference: str | None
    answer: str | None
    steps: list[str]
    error_step: int | None
    error_type: str | None
    group: str
