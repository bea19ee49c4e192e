"""Recorded solutions of a student, by problem (design, "Files that cross parts")."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from lemma_steps.error_analysis.reading import read_samples
from lemma_steps.errors import RefusedError
from lemma_steps.scratch import Scratch
from lemma_steps.sources import question_key

Sample = dict[str, Any]


class StudentSamples:
    """Samples by problem, found by `problem_id` or else by the normalised question.

    A file of any size: its samples are on disk while they are in use, and memory stays flat. Call `close` at the end.
    """

    def __init__(self, found: Scratch) -> None:
        self._found = found

    @classmethod
    def read(cls, spec: str) -> StudentSamples:
        """The samples of a file or an lm-eval run, in any layout of `read_samples`; `starter` for the bundled ones.

        Raises:
            RefusedError: the file is missing, or a line is not a sample.
            StoppedError: the temporary folder cannot be written or is full.
        """
        found = Scratch("CREATE TABLE sample (key BLOB, number INTEGER, solution BLOB, student BLOB)")
        try:
            if found.add("INSERT INTO sample VALUES (?, ?, ?, ?)", _rows(spec)) <= 0:
                raise RefusedError(f"{spec}: holds no student samples; leave out --student-samples")
            found.run("CREATE INDEX of_problem ON sample (key, number)")
        except BaseException:
            found.close()
            raise
        return cls(found)

    def of(self, problem_id: str, question: str) -> list[Sample]:
        """The samples of one problem, by sample number; empty when there are none."""
        return self._samples(problem_id) or self._samples(question_key(question))

    def _samples(self, key: str) -> list[Sample]:
        rows = self._found.run(
            "SELECT number, solution, student FROM sample WHERE key = ? ORDER BY number, rowid", (_stored(key),)
        )
        return [{"sample": number, "solution": _text(text), "student": _text(name)} for number, text, name in rows]

    def close(self) -> None:
        """Let go of the samples, and of their space on the disk."""
        self._found.close()


def _rows(spec: str) -> Iterator[tuple[bytes, int, bytes, bytes]]:
    for sample in read_samples(spec, "--student-samples"):
        yield _stored(sample.key), sample.sample, _stored(sample.solution), _stored(sample.student)


def _stored(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _text(stored: bytes) -> str:
    return stored.decode("utf-8", "surrogatepass")
