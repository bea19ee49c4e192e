"""Records with the solutions of several models side by side, as OpenAI published those to the GSM8K test set."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from lemma_steps.error_analysis.recorded_sample import RecordedSample
from lemma_steps.sources import Columns, question_key, to_problem
from lemma_steps.trajectory import student_solution

COLUMNS = frozenset({"question", "ground_truth"})


def read(record: Mapping[str, Any], file: str) -> Iterator[RecordedSample]:
    """One sample per model of `{question, ground_truth, MODEL: {solution, ...}, ...}`, numbered through.

    The ground truth ends with a line `A: X` or `#### X`.

    Raises:
        ValueError: the ground truth states no answer.
    """
    body, closing, answer = str(record["ground_truth"]).rpartition("\nA: ")
    truth = {"solution": body, "answer": answer} if closing else {"solution": answer, "answer": ""}
    problem = to_problem(truth | {"question": record["question"]}, Columns("question", "solution", "answer"))
    columns = ((name, value) for name, value in record.items() if isinstance(value, dict) and "solution" in value)
    for number, (name, value) in enumerate(columns):
        yield RecordedSample(
            question_key(problem["question"]),
            number,
            student_solution(str(value["solution"])),
            name,
            question=problem["question"],
            gold_solution=problem["gold_solution"],
            gold_answer=problem["gold_answer"],
        )
