"""The project's own layout of recorded samples (design, "Files that cross parts")."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import inf
from typing import Any

from lemma_steps.error_analysis.recorded_sample import RecordedSample
from lemma_steps.sources import question_key
from lemma_steps.trajectory import student_solution

MOST = 2**63 - 1
"""Largest number of a sample; files hold 64 bits."""


def read(record: Mapping[str, Any], file: str) -> Iterator[RecordedSample]:
    """One sample: `{problem_id or question, sample, solution, student, sampling, finish_reason}`; the last two may be absent.

    Raises:
        KeyError, TypeError, ValueError, OverflowError: it is none.
    """
    key = str(record.get("problem_id") or question_key(record["question"]))
    number = int(record["sample"])
    if isinstance(record["sample"], bool) or (isinstance(record["sample"], float) and number != record["sample"]):
        raise ValueError("sample is no whole number")
    if abs(number) > MOST:
        raise ValueError("sample has more than 64 bits")
    sampling = record.get("sampling")
    temperature = sampling.get("temperature") if isinstance(sampling, Mapping) else None
    yield RecordedSample(
        key,
        number,
        student_solution(str(record["solution"])),
        str(record["student"]),
        question=_text(record, "question"),
        gold_solution=_text(record, "gold_solution"),
        gold_answer=_text(record, "gold_answer"),
        source=_text(record, "source"),
        temperature=finite(temperature),
        truncated=record["finish_reason"] == "length" if record.get("finish_reason") else None,
    )


def finite(value: Any) -> float | None:
    """The number that a record holds; None where it holds something else, such as NaN."""
    known = isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < inf
    return float(value) if known else None


def _text(record: Mapping[str, Any], name: str) -> str | None:
    value = record.get(name)
    return value if isinstance(value, str) and value else None
