"""The student's samples of a problem as candidates of a method, one row each."""

from __future__ import annotations

from collections.abc import Iterator

from lemma_steps.steps.base import Row, candidate, reject

_OF_PROBLEM = ("samples", "sample_verdicts", "failure_rate")


def sample_candidates(row: Row, method: str) -> Iterator[tuple[str, Row]]:
    """The verdict on every sample, and the sample as a row of `method`: its number is the `index`, its call the provenance.

    A sample that failed has a call and no solution: then the calls of the problem stand for its rows.
    """
    problem = {column: value for column, value in row.items() if column not in _OF_PROBLEM}
    calls = row.get("provenance") or []
    own_calls = len(calls) == len(row["samples"])
    for at, (sample, verdict) in enumerate(zip(row["samples"], row["sample_verdicts"], strict=True)):
        yield (
            verdict,
            {
                **candidate(problem, method, sample["sample"], sample["solution"]),
                "student": sample["student"],
                "verdict": verdict,
                "provenance": [calls[at]] if own_calls else calls,
            },
        )


def without_samples(row: Row, name: str) -> Row:
    """The row of a problem that the student has no sample of."""
    return reject(row, name, "no_samples", "no sample of the student belongs to the problem")


def of_answer(row: Row) -> str:
    """What a rejection for the answer of a sample shows."""
    return f"gold {row['gold_answer']!r}, ends {row['solution'][-80:]!r}"
