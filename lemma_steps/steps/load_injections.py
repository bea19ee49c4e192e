"""Step: injected errors of finished sets, or of files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from lemma_steps.answers import Verdict
from lemma_steps.duplicates import Occurrences
from lemma_steps.errors import RefusedError
from lemma_steps.sources.files import SUFFIXES, read_file
from lemma_steps.steps.base import Row, RowGenerator
from lemma_steps.taxonomy import TAXONOMY, resolve

TEXTS = ("question", "gold_solution", "gold_answer", "erroneous_solution")


class LoadInjections(RowGenerator):
    """Loads every injected error once, whatever became of its rows, as `AuditInjection` and `ClassifyErrors` take it.

    A folder is what a recipe wrote: its kept and its rejected rows. A file has a row per injection: the columns below,
    with the mark in `declared_step` or `error_step` and the type, if one is declared, in `requested_type` or
    `error_type`. Rows of students' errors, and rows in which no error was written, are left out, and in a folder those
    without a mark (sets made before marks were recorded).

    Attributes:
        paths: result folders, and .jsonl(.gz), .parquet or .csv files.

    Output columns:
        - id, problem_id (`str`), index (`int`): which injection it is; the question and its own number where not given.
        - path (`str`): where it comes from.
        - origin (`str`): `injected`.
        - question, gold_solution, gold_answer, erroneous_solution (`str`): what the injector saw and wrote.
        - declared_step (`int`): its mark; requested_type (`str`): its type, may be null.
        - samples (`list[dict]`), sample_verdicts (`list[str]`): the solution as `ClassifyErrors` takes it.

    Categories:
        - load
    """

    paths: list[str]

    @property
    def outputs(self) -> list[str]:
        """Columns made."""
        return ["id", "problem_id", "index", "path", "origin", *TEXTS, "declared_step", "samples", "sample_verdicts"]

    def check(self) -> int:
        """How many injections there are, every one looked at, so that a bad row is refused before work begins.

        Raises:
            RefusedError: a path or a row cannot be read, or there is no injection at all.
        """
        if found := sum(1 for _ in self._rows()):
            return found
        raise RefusedError(
            f"{', '.join(self.paths)}: no injected error; give what recipes/lemma.py wrote, or a file of them"
        )

    def _rows(self) -> Iterator[Row]:
        with Occurrences() as seen:
            for path in map(Path, self.paths):
                for file in _files(path):
                    for number, row in _read(file):
                        made = _injection(row, f"{file}, row {number}", number, own=path.is_dir())
                        if made and not seen.number(f"{path} {made['problem_id']} {made['index']}"):
                            yield {**made, "path": str(path)}


def _files(path: Path) -> list[Path]:
    if not path.is_dir():
        if not path.name.endswith(SUFFIXES):
            raise RefusedError(f"{path}: neither a result folder nor one of {', '.join(SUFFIXES)}")
        return [path]
    if not (path / "train.parquet").is_file():
        raise RefusedError(f"{path}: no finished result (no train.parquet); give what recipes/lemma.py wrote")
    return [found for name in ("train", "rejected") if (found := path / f"{name}.parquet").is_file()]


def _read(file: Path) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """Rows of a file; of a recipe's own, which may be large, only the columns that are needed."""
    wanted = {
        "id",
        "problem_id",
        "index",
        "origin",
        *TEXTS,
        "declared_step",
        "error_step",
        "requested_type",
        "error_type",
    }
    if file.suffix != ".parquet":
        yield from read_file(file)
        return
    try:
        with pq.ParquetFile(file) as table:
            columns = [name for name in table.schema_arrow.names if name in wanted]
            number = 0
            for batch in table.iter_batches(1000, columns=columns):
                for row in batch.to_pylist():
                    number += 1
                    yield number, row
    except (OSError, ValueError) as error:  # pyarrow's own errors are among the latter
        raise RefusedError(f"{file}: cannot be read ({str(error).splitlines()[0]}); make it again") from None


def _injection(row: Mapping[str, Any], where: str, number: int, *, own: bool) -> Row | None:
    """The row's injection; None where it has none."""
    if row.get("origin") not in (None, "injected") or row.get("erroneous_solution") is None:
        return None
    if bad := [name for name in TEXTS if not isinstance(row.get(name), str)]:
        raise RefusedError(f"{where}: no text in {', '.join(bad)}; an injection has {', '.join(TEXTS)}")
    step = row["declared_step"] if row.get("declared_step") is not None else row.get("error_step")
    if step is None and own:
        return None
    if type(step) is str and step.isdecimal() and len(step) < 9:
        step = int(step)  # of a CSV
    if type(step) is not int:
        raise RefusedError(f"{where}: no number in declared_step; write the first wrong step, from 1")
    declared = row.get("requested_type") or row.get("error_type")
    code = resolve(str(declared)) if declared else None
    if declared and code is None:
        raise RefusedError(f"{where}: {str(declared)[:40]!r} is no error type; the types are {', '.join(TAXONOMY)}")
    problem, index = str(row.get("problem_id") or row["question"]), row.get("index")
    index = number if index is None else index
    return {
        "id": row.get("id") or f"{problem[:80]} {index}",
        "problem_id": problem,
        "index": index,
        "origin": "injected",
        **{name: row[name] for name in TEXTS},
        "declared_step": step,
        "requested_type": code,
        "samples": [{"sample": index, "solution": row["erroneous_solution"], "student": None}],
        "sample_verdicts": [str(Verdict.WRONG)],
    }
