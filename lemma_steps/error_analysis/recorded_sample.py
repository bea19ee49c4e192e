"""One recorded solution of a model, whatever file it lay in."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RecordedSample:
    """A solution that a model wrote to a problem.

    Attributes:
        key: the `problem_id`, or else the hash of the normalised question: what its problem is found by.
        sample: its number among the solutions of the same model to the same problem.
        solution: the text as an output: calculator marks removed, one leading space.
        student: whose solution it is; any text.
        question, gold_solution, gold_answer: the problem, as far as the record holds it.
        source: the set of problems, where the record or its file says so.
        temperature: at which it was sampled; None where that is not known.
        truncated: whether it was cut at the token limit; None where that is not known.
    """

    key: str
    sample: int
    solution: str
    student: str
    question: str | None = None
    gold_solution: str | None = None
    gold_answer: str | None = None
    source: str | None = None
    temperature: float | None = None
    truncated: bool | None = None
