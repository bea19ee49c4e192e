"""One `--problems SPEC`: a named set, a Hub id, or a file."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml

from lemma_steps.duplicates import FirstSeen
from lemma_steps.errors import RefusedError
from lemma_steps.sources.files import SUFFIXES, is_file_spec, read_file
from lemma_steps.sources.problem import BadRow, Columns, find_columns, question_key, to_problem

Row = dict[str, Any]
Read = Callable[[Mapping[str, Any], Columns], Mapping[str, str]]
"""What makes a row of a set what it is to be: `to_problem` or `to_solution`."""
ID_COLUMNS = ("problem_id", "id")


@cache
def registry() -> dict[str, dict[str, Any]]:
    """The sets that have a name."""
    return yaml.safe_load((files("lemma_steps.sources") / "registry.yaml").read_text(encoding="utf-8"))


class Source:
    """Problems of one SPEC, row by row.

    Args:
        spec: `starter`, `gsm8k`, `math`, `metamath`, `ORG/NAME[:CONFIG]` on the Hub, or a path.
        columns: names of question, solution and answer in a set that calls them otherwise.
        licence: what the user states of a set that has no name here.

    Raises:
        RefusedError: the spec names nothing that can be read.
    """

    def __init__(self, spec: str, columns: Mapping[str, str] | None = None, licence: str | None = None) -> None:
        self.spec = spec
        known = registry().get(spec, {})
        self._columns = {**known.get("columns", {}), **(columns or {})}
        self.path: Path | None = None
        if is_file_spec(spec) or Path(spec).is_file():
            if not is_file_spec(spec):
                raise RefusedError(f"{spec}: unknown kind of file; give one of {', '.join(SUFFIXES)}")
            self.path = Path(spec)
            self.name = self.path.name.split(".", 1)[0]
        elif bundled := known.get("bundled"):
            self.path = Path(str(files("lemma_steps") / bundled))
            self.name = spec
        elif known or spec.count("/") == 1:
            hub, _, config = spec.partition(":")
            self.name = spec if known else hub
            self._hub = known or {"hub": hub, "configs": [config or None], "split": "train"}
        else:
            raise RefusedError(
                f"--problems {spec}: no such set or file; use {', '.join(registry())}, a Hub id or a path"
            )
        self.split = "train" if self.path is None or spec in registry() else "local"
        self.licence = known.get("licence") or licence or "not stated"

    def rows(self, limit: int | None = None, read: Read = to_problem) -> Iterator[Row]:
        """Problems and rejected rows in order; a row that is no problem carries `reason` and `detail`.

        With `read=to_solution` the rows are solutions, of which several may belong to one question.

        Raises:
            RefusedError: the set cannot be read, or lacks the columns.
        """
        for position, (number, record) in enumerate(itertools.islice(self._records(), limit)):
            columns = find_columns(record, self._columns)
            if columns is None and position == 0:
                raise RefusedError(self._wrong_columns(record))
            where = f"{self.path or self.spec}, row {number}"
            base = {
                "source": self.name,
                "split": str(record.get("split") or self.split),
                "licence": self.licence,
                "where": where,
            }
            try:
                if columns is None:
                    raise BadRow("wrong_columns", f"columns {', '.join(map(str, record))}", malformed=True)
                found = read(record, columns)
                yield {**base, **found, "problem_id": f"{self.name}-{question_key(found['question'])}"}
            except BadRow as bad:
                question = (
                    str(record.get(columns.question) or "" if columns else "")[:1000]
                    .encode("utf-8", "replace")
                    .decode()
                )
                yield {
                    **base,
                    "problem_id": f"{self.name}-row-{number}",
                    "question": question,
                    "reason": bad.reason,
                    "detail": f"{where}: {bad.detail}",
                    "malformed": bad.malformed,
                }

    def check(self, limit: int | None = None, read: Read = to_problem, *, refuse_bad_rows: bool = True) -> int | None:
        """Read a local file through once, before any work; the number of its rows, `None` for a set on the Hub.

        Raises:
            RefusedError: the file cannot be read; or, if so wanted, a row of it is malformed or an id occurs twice.
        """
        if self.path is None:
            return None
        count = 0
        for row in self.rows(limit, read):
            count += 1
            if row.get("malformed") and refuse_bad_rows:
                raise RefusedError(f"{row['detail']}; mend or drop the row, or pass --reject-bad-rows")
        if refuse_bad_rows and read is to_problem:
            self._refuse_repeated_ids(limit)
        return count

    def size(self, limit: int | None = None) -> int:
        """Number of rows that `rows` gives, problems and rejected ones; a file is read through, a set of the Hub is not.

        Raises:
            RefusedError: the set cannot be read.
        """
        if self.path is not None:
            return sum(1 for _ in itertools.islice(self._records(), limit))
        rows = sum(len(self._load(config)) for config in self._hub["configs"])
        return rows if limit is None else min(rows, limit)

    def _refuse_repeated_ids(self, limit: int | None) -> None:
        with FirstSeen() as seen:
            for number, record in itertools.islice(self._records(), limit):
                given = next((record[name] for name in ID_COLUMNS if record.get(name) not in (None, "")), None)
                if not isinstance(given, str | int):
                    continue
                first = seen.setdefault(f"{type(given).__name__} {given}", str(number))
                if first != str(number):
                    raise RefusedError(
                        f"{self.path}, row {number}: id {str(given)[:80]!r} was row {first}'s already; "
                        "give every row its own id, or pass --reject-bad-rows"
                    )

    def _wrong_columns(self, record: Mapping[str, Any]) -> str:
        return (
            f"{self.path or self.spec}: columns {', '.join(map(str, record)) or 'none'}; needs question or problem, "
            "and answer or solution; name others with --column question=NAME, solution=NAME or answer=NAME"
        )

    def _records(self) -> Iterator[tuple[int, Mapping[str, Any]]]:
        if self.path is not None:
            yield from read_file(self.path)
            return
        numbers = itertools.count(1)
        for config in self._hub["configs"]:
            for record in self._load(config):
                yield next(numbers), record

    def _load(self, config: str | None) -> Any:
        from datasets import load_dataset

        try:
            return load_dataset(self._hub["hub"], config, split=self._hub["split"])
        except Exception as error:  # the Hub client raises errors of a dozen unrelated classes
            why = str(error).strip().split("\n", 1)[0][:200]
            raise RefusedError(
                f"--problems {self.spec}: {self._hub['hub']} cannot be loaded from the Hub ({why}); "
                "check the id and the network, or give a local file"
            ) from None
