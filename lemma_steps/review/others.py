"""The kept rows of a set while it is being changed: a row must not come to repeat another one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import closing
from functools import lru_cache
from typing import Any

from lemma_steps.contamination.normalise import normalise
from lemma_steps.duplicates import SeenRows
from lemma_steps.scratch import Scratch
from lemma_steps.seeds import digest

_PUT = """INSERT INTO kept (id, question, output, row) VALUES (?, ?, ?, ?)
ON CONFLICT (id) DO UPDATE SET question = excluded.question, output = excluded.output, row = excluded.row"""
_COMPARED = ("id", "question", "output", "erroneous_prefix", "correction", "error_begin", "error_end")


class Others(Scratch):
    """The rows as they are now, on disk; those that leave are not put in.

    Raises:
        StoppedError: the temporary folder cannot be written or is full (from every method).
    """

    def __init__(self) -> None:
        super().__init__(
            "CREATE TABLE kept (place INTEGER PRIMARY KEY, id TEXT UNIQUE, question TEXT, output TEXT, row TEXT)",
            "CREATE INDEX by_question ON kept (question)",
            "CREATE INDEX by_output ON kept (output)",
        )

    def put(self, row: Mapping[str, Any]) -> None:
        """Add the row, or put it in place of what it was."""
        compared = json.dumps({name: row[name] for name in _COMPARED})
        self.run(_PUT, (row["id"], _question(row["question"]), _output(row), compared))

    def repeated(self, row: Mapping[str, Any]) -> tuple[str, str] | None:
        """Reason code and evidence if the row repeats any other one, before or after it in the set."""
        same = "SELECT id FROM kept WHERE output = ? AND id <> ? ORDER BY place LIMIT 1"
        if found := self.run(same, (_output(row), row["id"])):
            return "exact_duplicate", f"of {found[0][0]}"
        alike = "SELECT row FROM kept WHERE question = ? AND id <> ? ORDER BY place"
        with closing(SeenRows()) as seen:
            for (other,) in self.run(alike, (_question(row["question"]), row["id"])):
                seen.check(json.loads(other))
            return seen.check(row)


@lru_cache(maxsize=16)  # rows of one question mostly follow each other
def _question(question: str) -> str:
    return digest(normalise(question))


def _output(row: Mapping[str, Any]) -> str:
    return digest(" ".join(row["output"].split()))
