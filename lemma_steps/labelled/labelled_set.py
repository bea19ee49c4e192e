"""The solutions of one labelled set, from a local folder or from its public source."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lemma_steps.errors import RefusedError
from lemma_steps.evaluation.benchmarks.benchmark import from_public_sources
from lemma_steps.evaluation.benchmarks.registry import benchmark
from lemma_steps.evaluation.benchmarks.remote import read_source
from lemma_steps.labelled.conventions import Conventions
from lemma_steps.labelled.reading import to_solution
from lemma_steps.labelled.solution import LabelledSolution
from lemma_steps.seeds import digest
from lemma_steps.sources import BadRow, question_key
from lemma_steps.sources.files import read_file


@dataclass(frozen=True)
class LabelledSet:
    """What could be read of a set.

    Attributes:
        conventions: what is known of the set.
        solutions: in the order of the file; solutions that occur twice are there once.
        left_out: rows that are no labelled solution, by reason.
        no_references: why the set has no worked solutions; None where it has some.
    """

    conventions: Conventions
    solutions: list[LabelledSolution]
    left_out: Mapping[str, int]
    no_references: str | None = None

    @classmethod
    def read(cls, name: str, folder: Path | None = None) -> LabelledSet:
        """The set of that name.

        Args:
            name: a name of `sets.yaml`.
            folder: where the local files are; default `LEMMA_DATA`, and without it the public source.

        Raises:
            RefusedError: there is no such set, or it cannot be read.
        """
        by = Conventions.of(name)
        if folder is None and os.environ.get("LEMMA_DATA"):
            folder = Path(os.environ["LEMMA_DATA"]).expanduser()
        references, missing = _references(by, folder)
        found: dict[str, LabelledSolution] = {}
        left_out: Counter[str] = Counter()
        for row in _rows(by, folder):
            if any(column in row and row[column] != value for column, value in by.where.items()):
                continue
            try:
                solution = to_solution(row, by, references.get)
            except BadRow as bad:
                left_out[bad.reason] += 1
                continue
            if (first := found.setdefault(solution.id, solution)) is not solution:
                same = (first.error_step, first.error_type) == (solution.error_step, solution.error_type)
                left_out["duplicate" if same else "duplicate_with_another_label"] += 1
        if not found:
            why = ", ".join(f"{count:,} {reason}" for reason, count in left_out.items()) or "it has no rows"
            raise RefusedError(f"{name}: no row is a labelled solution ({why}); check the file")
        solutions = list(found.values())
        referenced = any(solution.reference for solution in solutions)
        return cls(by, solutions, dict(left_out), None if referenced else missing)

    def drawn(self, limit: int | None, seed: int = 0) -> list[LabelledSolution]:
        """So many solutions by the hash of their ids, wrong and right ones in the proportion of the set; None: all.

        Of one seed, a smaller draw is a part of a larger one.
        """
        if limit is None:
            return list(self.solutions)
        ordered = sorted(self.solutions, key=lambda one: digest(seed, one.id))
        wrong = [one for one in ordered if one.error_step is not None]
        right = [one for one in ordered if one.error_step is None]
        placed = [((n + 0.5) / len(part), one) for part in (wrong, right) for n, one in enumerate(part)]
        chosen = {one.id for _, one in sorted(placed, key=lambda pair: pair[0])[:limit]}
        return [one for one in self.solutions if one.id in chosen]


def _rows(by: Conventions, folder: Path | None) -> Iterable[Mapping[str, Any]]:
    if folder is not None:
        return (row for _, row in read_file(_file(by.file, folder, by.name)))
    return (row for source in by.sources for row in read_source(source)[0])


def _references(by: Conventions, folder: Path | None) -> tuple[dict[str, str], str]:
    """Worked solutions by the key of their question, and why there are none where there are none."""
    if by.reference is None:
        return {}, "the set holds no worked solutions"
    wanted, columns = benchmark(by.reference["benchmark"]), by.reference["columns"]
    try:
        if folder is not None:
            rows: Iterable[Mapping[str, Any]] = (row for _, row in read_file(_file(wanted.file, folder, by.name)))
        else:
            rows = from_public_sources(wanted).rows
        found = {question_key(row[columns["question"]]): row[columns["reference"]] for row in rows}
    except RefusedError as error:
        return {}, str(error)
    return found, f"{wanted.title} holds none of its questions"


def _file(stem: str, folder: Path, name: str) -> Path:
    paths = [folder / f"{stem}{suffix}" for suffix in (".jsonl.gz", ".jsonl")]
    for path in paths:
        if path.is_file():
            return path
    raise RefusedError(
        f"{name}: no file {paths[0]}; check --data or LEMMA_DATA, or name other sets; without a folder the Hub is read"
    )
