"""Recorded solutions of a student, read from JSONL (design, "Files that cross parts")."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

from lemma_steps.errors import RefusedError
from lemma_steps.scratch import Scratch
from lemma_steps.sources import question_key
from lemma_steps.trajectory import student_solution

Sample = dict[str, Any]
MOST = 2**63 - 1
"""Largest number of a sample; files hold 64 bits."""


class StudentSamples:
    """Samples by problem, found by `problem_id` or else by the normalised question.

    A file of any size: its samples are on disk while they are in use, and memory stays flat. Call `close` at the end.
    """

    def __init__(self, found: Scratch) -> None:
        self._found = found

    @classmethod
    def read(cls, spec: str) -> StudentSamples:
        """The samples of a JSONL file (gzip by its suffix), or of the bundled `starter`.

        Raises:
            RefusedError: the file is missing, or a line is not a sample.
            StoppedError: the temporary folder cannot be written or is full.
        """
        path = bundled() if spec == "starter" else Path(spec)
        found = Scratch("CREATE TABLE sample (key BLOB, number INTEGER, solution BLOB, student BLOB)")
        try:
            count = found.add("INSERT INTO sample VALUES (?, ?, ?, ?)", _samples(path))
            if count <= 0:
                raise RefusedError(f"{path}: holds no student samples; leave out --student-samples")
            found.run("CREATE INDEX of_problem ON sample (key, number)")
        except FileNotFoundError:
            found.close()
            raise RefusedError(f"{path}: no such file of student samples; check --student-samples") from None
        except (OSError, UnicodeDecodeError, EOFError, zlib.error) as error:
            found.close()
            raise RefusedError(
                f"{path}: cannot be read as JSONL ({error}); repair it or leave out --student-samples"
            ) from None
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


def _samples(path: Path) -> Iterator[tuple[bytes, int, bytes, bytes]]:
    with (gzip.open if path.suffix == ".gz" else open)(path, "rt", encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            if line.strip():
                key, sample = _parsed(line, f"{path}, line {number}")
                yield _stored(key), sample["sample"], _stored(sample["solution"]), _stored(sample["student"])


def _stored(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _text(stored: bytes) -> str:
    return stored.decode("utf-8", "surrogatepass")


def bundled() -> Path:
    """The samples that come with the starter problems."""
    return Path(str(files("lemma_steps") / "data" / "starter" / "student_samples.jsonl"))


def _parsed(line: str, where: str) -> tuple[str, Sample]:
    try:
        record = json.loads(line)
        key = str(record.get("problem_id") or question_key(record["question"]))
        sample: Sample = {
            "sample": int(record["sample"]),
            "solution": student_solution(str(record["solution"])),
            "student": str(record["student"]),
        }
        if abs(sample["sample"]) > MOST:
            raise ValueError("sample has more than 64 bits")
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        raise RefusedError(
            f"{where}: not a student sample ({type(error).__name__}: {error}); "
            "a line needs problem_id or question, sample, solution, student"
        ) from None
    return key, sample
