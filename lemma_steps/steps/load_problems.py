"""Step: problems from named sets, the Hub or files."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from hashlib import sha256
from typing import Any

from distilabel.mixins.runtime_parameters import RuntimeParameter
from pydantic import Field, PrivateAttr

from lemma_steps.duplicates import FirstSeen
from lemma_steps.shards.shard import Shard
from lemma_steps.sources import Source
from lemma_steps.steps.base import Row, RowGenerator, reject


class LoadProblems(RowGenerator):
    """Loads problems with known answers and gives each a stable id.

    The gold answer is what follows `####`, else the last balanced box of the solution, else the answer column. A row that
    is no problem, and a question that occurred before in the same set, leave as rejected rows with file, row and reason.

    Attributes:
        problems: `starter`, `gsm8k`, `math`, `metamath`, `ORG/NAME[:CONFIG]` on the Hub, or paths of
            `.jsonl`, `.jsonl.gz`, `.parquet`, `.csv` files.
        columns: names of `question`, `solution`, `answer` in sets that call them otherwise.
        licence: licence of the sets that have no name here, for the dataset card.
        shard: `I/N` for one of N parts. A part reads from the first row, so that it knows the questions of the parts
            before it, and gives the rows of its own block (`Shard.block`).

    Runtime parameters:
        - `limit`: first rows of each source.

    Output columns:
        - problem_id (`str`): source and hash of the normalised question.
        - source, split, licence (`str`): where it comes from.
        - question, gold_solution, gold_answer (`str`): as in the source.
        - style (`str`): `gsm8k` (`####`), `math` (box) or `mixed`.

    Categories:
        - load
    """

    problems: list[str]
    columns: dict[str, str] = Field(default_factory=dict)
    licence: str | None = None
    shard: str | None = None
    limit: RuntimeParameter[int] | None = Field(default=None, description="First rows of each source.")

    _block: dict[str, Any] = PrivateAttr(default_factory=dict)

    @property
    def outputs(self) -> list[str]:
        """Columns made."""
        return ["problem_id", "source", "split", "licence", "question", "gold_solution", "gold_answer", "style"]

    @property
    def block(self) -> dict[str, Any]:
        """What a part has read, once it has: `total`, `begin`, `end` in rows, and `before`, `after`, hashes of all rows
        up to `begin` and up to `end`. Parts of the same problems have the same `total` and fit at their hashes."""
        return dict(self._block)

    def _rows(self) -> Iterator[Row]:
        sources = [Source(spec, self.columns, self.licence) for spec in self.problems]
        block, read = None, sha256()
        if self.shard:
            total = sum(source.size(self.limit) for source in sources)
            block = Shard.parse(self.shard).block(total)
            self._block = {"total": total, "begin": block.start, "end": block.stop}
        for position, row in enumerate(self._all(sources)):
            if block is not None:
                if position == block.start:
                    self._block["before"] = read.hexdigest()
                if position >= block.stop:
                    break
                read.update(_fingerprint(row))
            if block is None or position >= block.start:
                yield row
        if block is not None:
            self._block = {"before": read.hexdigest(), **self._block, "after": read.hexdigest()}

    def _all(self, sources: list[Source]) -> Iterator[Row]:
        with FirstSeen() as seen:
            for row in itertools.chain.from_iterable(source.rows(self.limit) for source in sources):
                row.pop("malformed", None)
                where, reason, detail = row.pop("where"), row.pop("reason", None), row.pop("detail", None)
                first = seen.setdefault(row["problem_id"], where)
                if reason is None and first != where:
                    reason, detail = "duplicate_problem", f"{where}: same question as {first}"
                yield reject(row, self.name or "load_problems", reason, detail) if reason else row


def _fingerprint(row: Row) -> bytes:
    parts = (row["problem_id"], row.get("gold_solution"), row.get("gold_answer"), row.get("reason"))
    return "\x1f".join(map(str, (*parts, "\x1e"))).encode("utf-8", "surrogatepass")
