"""The records of the published LEMMA code, which are those of the Qwen2.5-Math evaluation: all samples of a problem in one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from lemma_steps.error_analysis.recorded_sample import RecordedSample
from lemma_steps.sources import question_key
from lemma_steps.trajectory import student_solution

COLUMNS = frozenset({"question", "gt", "code"})


def read(record: Mapping[str, Any], file: str) -> Iterator[RecordedSample]:
    """All samples of a record `{question, gt_cot, gt, code: [solution, ...]}`; the model is named after the file.

    `pred` and `score` are what the published grader said; samples are checked again by ours.

    Raises:
        TypeError: `code` holds no texts.
    """
    question, solutions = str(record["question"]), record["code"]
    if not isinstance(solutions, list) or not all(isinstance(solution, str) for solution in solutions):
        raise TypeError("code is no list of texts")
    for number, solution in enumerate(solutions):
        yield RecordedSample(
            question_key(question),
            number,
            student_solution(solution),
            file,
            question=question,
            gold_solution=str(record.get("gt_cot") or ""),
            gold_answer=str(record["gt"]),
        )
