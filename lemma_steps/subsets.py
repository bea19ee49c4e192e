"""Parts of a training set for comparisons at equal size: of equally many rows, or of equally many trained tokens."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import yaml

from lemma_steps.errors import RefusedError
from lemma_steps.output import write_result
from lemma_steps.output.record import REQUIRED
from lemma_steps.run_directory import run_directory
from lemma_steps.scratch import Scratch
from lemma_steps.seeds import digest
from lemma_steps.sources.files import read_file
from lemma_steps.training.dataset import TrainingSet, open_dataset
from lemma_steps.training.encoding import IGNORED, Encoder

Row = dict[str, Any]
_BATCH = 1000
_TABLE = "CREATE TABLE drawn (place INTEGER PRIMARY KEY, problem TEXT NOT NULL, row BLOB NOT NULL)"


class Subset:
    """Draws rows of one set in the order of the hash of their ids.

    That order depends on ids and seed alone, not on the order of the rows: whatever it is, the same rows are drawn, in
    the same order, and a smaller subset is the beginning of a larger one.

    Args:
        parent: a folder that a recipe wrote, or its train.parquet or train.jsonl.
        seed: another seed, another order.

    Raises:
        RefusedError: the set cannot be read, is empty, or has no ids.
    """

    def __init__(self, parent: Path, seed: int = 0) -> None:
        if not parent.exists():
            raise RefusedError(f"{parent}: no such folder or file; give what a recipe wrote, or its train.parquet")
        self._set: TrainingSet = open_dataset(str(parent), "lemma_steps.training.response")
        self._path, self._seed = Path(self._set.path), seed
        self._order = np.argsort(np.fromiter(self._hashes(), dtype=np.uint64), kind="stable")

    def write(
        self,
        output: Path,
        command: str,
        *,
        rows: int | None = None,
        tokens: int | None = None,
        tokenizer: str | None = None,
    ) -> dict[str, Any]:
        """Write so many rows, or as many as come nearest to so many trained tokens; returns the content of `report.json`.

        Args:
            output: the folder for the subset, new, empty or written by the same command.
            command: the command that makes the subset again.
            rows: how many rows.
            tokens: how many tokens with a loss, end tokens included, per epoch.
            tokenizer: whose tokens; a folder or Hub id for transformers.

        Raises:
            RefusedError: not exactly one of `rows` and `tokens` is given, the set is too small, or the tokenizer
                cannot be had.
            StoppedError: a file cannot be written.
        """
        if (rows is None) == (tokens is None) or (tokens is None) != (tokenizer is None):
            raise RefusedError(f"subset of {self._path}: give either --rows, or --tokens with --tokenizer")
        count, trained = (rows, None) if rows else self._nearest(tokens or 0, tokenizer or "")
        there = len(self._order)
        if count > there:
            raise RefusedError(
                f"{self._path}: has {there:,} rows, {count - there:,} fewer than {count:,}; ask for fewer"
            )
        asked = {"rows": rows} if rows else {"tokens": tokens, "tokenizer": tokenizer}
        parent = {"id": self._set.id, "rows": there, "seed": self._seed}
        settings = {**self._settings(), "subset": {**parent, **asked}}
        facts = {"path": str(self._path), **parent, "trained_tokens": trained, "tokenizer": tokenizer}
        with (
            run_directory(output, yaml.safe_dump(settings, sort_keys=False, allow_unicode=True)) as directory,
            Scratch(_TABLE) as drawn,
        ):
            self._draw(count, drawn)
            writing = write_result(
                _in_order(drawn),
                ["subset"],
                directory,
                settings,
                command,
                about=lambda: {"subset_of": facts},
                by_problem=lambda: _rows_of(drawn, "problem, place"),
            )
            return asyncio.run(writing)

    def _hashes(self) -> Iterator[int]:
        for number, row in self._rows():
            if missing := [name for name in REQUIRED if row.get(name) is None]:
                raise RefusedError(
                    f"{self._path}, row {number + 1}: no {', '.join(missing)}; give what recipes/lemma.py or "
                    "recipes/baselines.py wrote"
                )
            yield int(digest(self._seed, row["id"]), 16)

    def _rows(self, wanted: np.ndarray | None = None) -> Iterator[tuple[int, Row]]:
        """Rows and their places in the file: all, or those whose place is `wanted`."""
        if self._path.suffix != ".parquet":
            rows = ((place, row) for place, (_, row) in enumerate(read_file(self._path)))
            yield from (found for found in rows if wanted is None or wanted[found[0]])
            return
        begin = 0
        with pq.ParquetFile(self._path) as table:
            for batch in table.iter_batches(_BATCH):
                places = np.arange(begin, begin := begin + len(batch))
                if wanted is not None:
                    batch, places = batch.filter(pa.array(wanted[places])), places[wanted[places]]
                yield from zip(places.tolist(), batch.to_pylist(), strict=True)

    def _nearest(self, wanted: int, tokenizer: str) -> tuple[int, int]:
        """How many rows come nearest to `wanted` trained tokens, at least one, and how many they have."""
        total = np.cumsum(self._lengths(tokenizer)[self._order])
        if total[-1] < wanted:
            short = wanted - int(total[-1])
            raise RefusedError(
                f"{self._path}: has {total[-1]:,} trained tokens of {tokenizer}, {short:,} fewer than {wanted:,}; "
                "ask for fewer, or train for more epochs"
            )
        at = int(np.argmin(np.abs(total - wanted)))
        return at + 1, int(total[at])

    def _lengths(self, tokenizer: str) -> np.ndarray:
        encode, lengths = Encoder(_load(tokenizer)), []
        examples = iter(self._set.examples)
        while batch := list(islice(examples, _BATCH)):
            lengths += [len(labels) - labels.count(IGNORED) for labels in encode(batch)["labels"]]
        return np.array(lengths, dtype=np.int64)

    def _settings(self) -> dict[str, Any]:
        """What the parent's report says of how it was made; without one, the method of its first row."""
        report = self._path.parent / "report.json"
        try:
            return json.loads(report.read_text(encoding="utf-8"))["settings"]
        except (OSError, ValueError, KeyError, TypeError):
            _, first = next(self._rows())
            return {"method": first["method"]}

    def _draw(self, count: int, drawn: Scratch) -> None:
        """Put the first `count` rows of the order on disk."""
        places = np.empty_like(self._order)
        places[self._order] = np.arange(len(places))
        rows = (
            (int(places[at]), digest(row["problem_id"]), json.dumps(row).encode())
            for at, row in self._rows(places < count)
        )
        drawn.add("INSERT INTO drawn VALUES (?, ?, ?)", rows)


def _rows_of(drawn: Scratch, order: str) -> Iterator[Row]:
    for (place,) in drawn.run(f"SELECT place FROM drawn ORDER BY {order}"):
        yield json.loads(drawn.run("SELECT row FROM drawn WHERE place = ?", (place,))[0][0])


async def _in_order(drawn: Scratch) -> AsyncIterator[Row]:
    for row in _rows_of(drawn, "place"):
        yield row


def _load(tokenizer: str) -> Any:
    try:
        from transformers import AutoTokenizer
    except ImportError:
        raise RefusedError(
            f"--tokenizer {tokenizer}: transformers is not in this environment; begin the command with "
            "UV_PROJECT_ENVIRONMENT=.venv-train uv run --python 3.12 --extra train"
        ) from None
    try:
        return AutoTokenizer.from_pretrained(tokenizer)
    except (OSError, ValueError) as error:
        why = str(error).strip().split("\n", 1)[0][:200]
        raise RefusedError(
            f"--tokenizer {tokenizer}: cannot be loaded ({why}); give a model's folder or Hub id"
        ) from None
