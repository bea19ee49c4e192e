"""How often a model makes each type of error, read from its classified samples or from an error distribution."""

from __future__ import annotations

import gzip
import json
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lemma_steps.errors import RefusedError
from lemma_steps.taxonomy import TAXONOMY, resolve

_LINE = "a line needs problem_id or question, sample, error_type (a code or name, or null for none), model"
_DISTRIBUTION = "write {source, student, n, counts: {CODE: int}}"


@dataclass(frozen=True)
class ErrorCounts:
    """Errors of one model.

    Attributes:
        model: the model's name; any text.
        counts: error type (code) -> how many samples show it; only types that occur.
        problems: the problems that were classified; empty where only counts are known.
        untyped: samples that no type was found for.
        source: the set of problems, where the file says so.
        asked: problem -> how many samples were looked at, right ones too; empty where that is not known.
        by_problem: problem -> its part of `counts`; of problems with errors, where `asked` is known.
    """

    model: str
    counts: Mapping[str, int]
    problems: frozenset[str] = field(default=frozenset(), repr=False)
    untyped: int = 0
    source: str | None = None
    asked: Mapping[str, int] = field(default_factory=dict, repr=False)
    by_problem: Mapping[str, Mapping[str, int]] = field(default_factory=dict, repr=False)

    @property
    def errors(self) -> int:
        """Samples with a type."""
        return sum(self.counts.values())

    @classmethod
    def read(cls, path: Path) -> ErrorCounts:
        """The counts of a file: `.json` holds a distribution, everything else JSONL (gzip by its suffix).

        Raises:
            RefusedError: the file cannot be read, or holds an unknown type, a sample twice, or several models.
        """
        try:
            if path.suffix == ".json":
                return _distribution(json.loads(path.read_text(encoding="utf-8")), path)
            with (gzip.open if path.suffix == ".gz" else open)(path, "rt", encoding="utf-8") as lines:
                return _samples(lines, path)
        except (OSError, UnicodeDecodeError, EOFError, zlib.error, json.JSONDecodeError, RecursionError) as error:
            raise RefusedError(f"{path}: cannot be read ({error}); give classified samples (JSONL) or counts") from None


def _code(spelling: Any, where: str) -> str:
    code = resolve(spelling) if isinstance(spelling, str) else None
    if code is None:
        raise RefusedError(f"{where}: unknown error type {ascii(spelling)[:60]}; the types are {', '.join(TAXONOMY)}")
    return code


def _distribution(record: Any, path: Path) -> ErrorCounts:
    if not isinstance(record, dict) or not isinstance(record.get("counts"), dict):
        raise RefusedError(f"{path}: not an error distribution; {_DISTRIBUTION}")
    counts: Counter[str] = Counter()
    for spelling, count in record["counts"].items():
        if not isinstance(count, int) or isinstance(count, bool) or count < 0:
            raise RefusedError(f"{path}: {ascii(count)[:40]} is not a count of {ascii(spelling)[:40]}; {_DISTRIBUTION}")
        counts[_code(spelling, str(path))] += count
    n = record.get("n")
    untyped = max(0, n - counts.total()) if isinstance(n, int) else 0
    source = str(record["source"]) if record.get("source") else None
    return ErrorCounts(str(record.get("student") or path.stem), +counts, untyped=untyped, source=source)


def _samples(lines: Iterator[str], path: Path) -> ErrorCounts:
    counts: Counter[str | None] = Counter()
    models: dict[str, None] = {}
    seen: set[tuple[str, str]] = set()
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        where = f"{path}, line {number}"
        record = json.loads(line)
        if not isinstance(record, dict) or not {"sample", "error_type", "model"} <= record.keys():
            raise RefusedError(f"{where}: not a classified sample; {_LINE}")
        problem = record.get("problem_id") or record.get("question")
        if not isinstance(problem, str):
            raise RefusedError(f"{where}: not a classified sample; {_LINE}")
        if (key := (problem, str(record["sample"]))) in seen:
            raise RefusedError(f"{where}: this sample stands there twice and would count twice; remove one")
        seen.add(key)
        models[str(record["model"])] = None
        counts[_code(record["error_type"], where) if record["error_type"] else None] += 1
    if len(models) != 1:
        raise RefusedError(f"{path}: holds samples of {len(models)} models; give one file per model")
    typed = {code: count for code, count in counts.items() if code is not None}
    return ErrorCounts(next(iter(models)), typed, frozenset(problem for problem, _ in seen), counts[None])
