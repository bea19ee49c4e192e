"""Recorded samples of any layout, one after the other."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

from lemma_steps.error_analysis import lm_eval_log, published_code, side_by_side, student_lines
from lemma_steps.error_analysis.recorded_sample import RecordedSample
from lemma_steps.errors import RefusedError

BUNDLED = "starter"
_WANTED = "a line needs problem_id or question, sample, solution, student, or is of a layout of docs/error_analysis.md"


def bundled() -> Path:
    """The samples that come with the starter problems."""
    return Path(str(files("lemma_steps") / "data" / "starter" / "student_samples.jsonl"))


def read_samples(spec: str, option: str = "SAMPLES") -> Iterator[RecordedSample]:
    """The samples of a file or folder; the layout is recognised by its columns.

    A file is JSONL (gzip by its suffix): the project's own lines, the published code's records, records of several models
    side by side, or a samples_*.jsonl that lm-eval logged. A folder, or a results_*.json, is a run of lm-eval.

    Args:
        spec: a path, or `starter` for the bundled ones.
        option: what the user calls it, for messages.

    Raises:
        RefusedError: it is missing or damaged, or a line is no sample.
    """
    path = bundled() if spec == BUNDLED else Path(spec)
    if path.is_dir() or path.match("results_*.json") or (path.match("samples_*.jsonl") and _logged(path)):
        yield from lm_eval_log.samples(str(path))
        return
    try:
        with (gzip.open if path.suffix == ".gz" else open)(path, "rt", encoding="utf-8") as lines:
            for number, line in enumerate(lines, 1):
                if line.strip():
                    yield from _of_line(line, path.name.split(".", 1)[0], f"{path}, line {number}")
    except FileNotFoundError:
        raise RefusedError(f"{path}: no such file of student samples; check {option}") from None
    except (OSError, UnicodeDecodeError, EOFError, zlib.error) as error:
        raise RefusedError(f"{path}: cannot be read as JSONL ({error}); repair it or leave it out") from None


def _logged(path: Path) -> bool:
    """Whether lm-eval wrote the file: its lines hold a doc each."""
    try:
        with path.open(encoding="utf-8") as lines:
            return "doc" in json.loads(next(lines))
    except (OSError, ValueError, TypeError, StopIteration, RecursionError):
        return False  # said when it is read


def _of_line(line: str, file: str, where: str) -> list[RecordedSample]:
    try:
        record = json.loads(line)
        if not isinstance(record, dict):
            raise ValueError(f"a {type(record).__name__} where a record should be")
        columns = record.keys()
        if columns >= published_code.COLUMNS:
            return list(published_code.read(record, file))
        if columns >= side_by_side.COLUMNS:
            return list(side_by_side.read(record, file))
        return list(student_lines.read(record, file))
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        why = f"no {error}" if isinstance(error, KeyError) else error
        raise RefusedError(f"{where}: not a student sample ({why}); {_WANTED}") from None
