"""Recorded samples by model and problem, on disk while they are in use."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from lemma_steps.error_analysis.reading import read_samples
from lemma_steps.error_analysis.recorded_sample import RecordedSample
from lemma_steps.errors import RefusedError
from lemma_steps.scratch import Scratch
from lemma_steps.sources import Source, question_key

Row = dict[str, Any]
_SCHEMA = (
    "CREATE TABLE problem (key TEXT PRIMARY KEY, body TEXT) WITHOUT ROWID",
    "CREATE TABLE sample (series TEXT, problem TEXT, number INTEGER, body TEXT)",
    "CREATE UNIQUE INDEX one ON sample (series, problem, number)",
)
_PROBLEM = ("problem_id", "source", "question", "gold_solution", "gold_answer")


class SampleIndex:
    """Samples of any layout, found again together: those of one model, source and temperature to one problem.

    A sample that stands there twice counts once. Another text under a number that is taken gets the next free number.

    Attributes:
        repeated: samples that stood there before.
    """

    def __init__(self) -> None:
        self.repeated = 0
        self._found = Scratch(*_SCHEMA)

    def add_problems(self, spec: str, columns: Mapping[str, str]) -> None:
        """Take in a problem set, whose gold answers come before those of the records.

        Raises:
            RefusedError: it cannot be read.
        """
        for row in Source(spec, columns).rows():
            if "reason" not in row:
                body = json.dumps({name: row[name] for name in _PROBLEM})
                for key in (row["problem_id"], question_key(row["question"])):
                    self._found.run("INSERT OR IGNORE INTO problem VALUES (?, ?)", (key, body))

    def add_samples(self, given: str, source: str | None = None) -> None:
        """Take in `[LABEL=]PATH` or `starter`; the label replaces the model's name.

        Args:
            given: what to read.
            source: of samples that are in no problem set and do not say theirs; the file's stem without it.

        Raises:
            RefusedError: it cannot be read, holds nothing, or holds several models under one label.
        """
        label, path = _named(given)
        models = set()
        for sample in read_samples(path):
            models.add(sample.student)
            problem = self._problem(sample, source or Path(path).name.split(".", 1)[0])
            self._add(sample, label or sample.student, problem)
        if not models:
            raise RefusedError(f"{path}: holds no samples; give another file")
        if label and len(models) > 1:
            raise RefusedError(f"{given}: holds samples of {len(models)} models; leave out the label")

    def rows(self, limit: int | None = None) -> Iterator[Row]:
        """One row per model, source, temperature and problem, in the order of their first sample.

        Args:
            limit: first problems of each model, source and temperature.
        """
        series = self._found.run("SELECT series FROM sample GROUP BY series ORDER BY min(rowid)")
        for (name,) in series:
            student, source, temperature = json.loads(name)
            problems = self._found.run(
                "SELECT problem FROM sample WHERE series = ? GROUP BY problem ORDER BY min(rowid) LIMIT ?",
                (name, -1 if limit is None else limit),
            )
            for (key,) in problems:
                [(body,)] = self._found.run("SELECT body FROM problem WHERE key = ?", (key,))
                samples = self._found.run(
                    "SELECT body FROM sample WHERE series = ? AND problem = ? ORDER BY number", (name, key)
                )
                own = {"source": source, "student": student, "temperature": temperature}
                yield {**json.loads(body), **own, "samples": [json.loads(sample) for (sample,) in samples]}

    def close(self) -> None:
        """Let go of the samples, and of their space on the disk."""
        self._found.close()

    def _problem(self, sample: RecordedSample, source: str) -> Row:
        """The problem of a sample; without a gold answer where none is known."""
        keys = (sample.key, question_key(sample.question)) if sample.question else (sample.key,)
        for key in keys:
            if found := self._found.run("SELECT body FROM problem WHERE key = ?", (key,)):
                return json.loads(found[0][0])
        source = sample.source or source
        own = sample.key if sample.key != keys[-1] or not sample.question else f"{source}-{sample.key}"
        values = (own, source, sample.question or "", sample.gold_solution or "", sample.gold_answer)
        problem = dict(zip(_PROBLEM, values, strict=True))
        self._found.run("INSERT OR IGNORE INTO problem VALUES (?, ?)", (own, json.dumps(problem)))
        return problem

    def _add(self, sample: RecordedSample, student: str, problem: Row) -> None:
        series = json.dumps([student, problem["source"], sample.temperature])
        taken = self._found.run(
            "SELECT number, body FROM sample WHERE series = ? AND problem = ?", (series, problem["problem_id"])
        )
        number = sample.sample
        for known, body in taken:
            if known == sample.sample:
                if json.loads(body)["solution"] == sample.solution:
                    self.repeated += 1
                    return
                number = 1 + max(known for known, _ in taken)
        own = {"sample": number, "solution": sample.solution, "student": student, "truncated": sample.truncated}
        self._found.run(
            "INSERT INTO sample VALUES (?, ?, ?, ?)", (series, problem["problem_id"], number, json.dumps(own))
        )


def _named(given: str) -> tuple[str | None, str]:
    label, equals, path = given.partition("=")
    return (label, path) if equals and not Path(given).exists() else (None, given)
