"""Recorded solutions of a student, read from JSONL (design, "Files that cross parts")."""

from __future__ import annotations

import gzip
import json
from collections import defaultdict
from importlib.resources import files
from pathlib import Path
from typing import Any

from lemma_steps.errors import RefusedError
from lemma_steps.sources import question_key
from lemma_steps.trajectory import student_solution

Sample = dict[str, Any]


class StudentSamples:
    """Samples by problem, found by `problem_id` or else by the normalised question."""

    def __init__(self, by_key: dict[str, list[Sample]]) -> None:
        self._by_key = by_key

    @classmethod
    def read(cls, spec: str) -> StudentSamples:
        """The samples of a JSONL file (gzip by its suffix), or of the bundled `starter`.

        Raises:
            RefusedError: the file is missing, or a line is not a sample.
        """
        path = bundled() if spec == "starter" else Path(spec)
        by_key: defaultdict[str, list[Sample]] = defaultdict(list)
        try:
            with (gzip.open if path.suffix == ".gz" else open)(path, "rt", encoding="utf-8") as lines:
                for number, line in enumerate(lines, 1):
                    if line.strip():
                        key, sample = _parsed(line, f"{path}, line {number}")
                        by_key[key].append(sample)
        except FileNotFoundError:
            raise RefusedError(f"{path}: no such file of student samples; check --student-samples") from None
        except (OSError, UnicodeDecodeError, EOFError) as error:
            raise RefusedError(
                f"{path}: cannot be read as JSONL ({error}); repair it or leave out --student-samples"
            ) from None
        if not by_key:
            raise RefusedError(f"{path}: holds no student samples; leave out --student-samples")
        for samples in by_key.values():
            samples.sort(key=lambda sample: sample["sample"])
        return cls(dict(by_key))

    def of(self, problem_id: str, question: str) -> list[Sample]:
        """The samples of one problem, by sample number; empty when there are none."""
        return self._by_key.get(problem_id) or self._by_key.get(question_key(question)) or []


def bundled() -> Path:
    """The samples that come with the starter problems."""
    return Path(str(files("lemma_steps") / "data" / "starter" / "student_samples.jsonl"))


def _parsed(line: str, where: str) -> tuple[str, Sample]:
    try:
        record = json.loads(line)
        key = record.get("problem_id") or question_key(record["question"])
        sample = {
            "sample": int(record["sample"]),
            "solution": student_solution(str(record["solution"])),
            "student": str(record["student"]),
        }
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise RefusedError(
            f"{where}: not a student sample ({type(error).__name__}: {error}); "
            "a line needs problem_id or question, sample, solution, student"
        ) from None
    return key, sample
