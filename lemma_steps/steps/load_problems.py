"""Step: problems from named sets, the Hub or files."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from distilabel.mixins.runtime_parameters import RuntimeParameter
from distilabel.steps import GeneratorStep
from pydantic import Field

from lemma_steps.sources import Source
from lemma_steps.steps.base import Row, reject

if TYPE_CHECKING:
    from distilabel.typing import GeneratorStepOutput


class LoadProblems(GeneratorStep):
    """Loads problems with known answers and gives each a stable id.

    The gold answer is what follows `####`, else the last balanced box of the solution, else the answer column. A row that
    is no problem, and a question that occurred before in the same set, leave as rejected rows with file, row and reason.

    Attributes:
        problems: `starter`, `gsm8k`, `math`, `metamath`, `ORG/NAME[:CONFIG]` on the Hub, or paths of
            `.jsonl`, `.jsonl.gz`, `.parquet`, `.csv` files.
        columns: names of `question`, `solution`, `answer` in sets that call them otherwise.
        licence: licence of the sets that have no name here, for the dataset card.

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
    limit: RuntimeParameter[int] | None = Field(default=None, description="First rows of each source.")

    @property
    def outputs(self) -> list[str]:
        """Columns made."""
        return ["problem_id", "source", "split", "licence", "question", "gold_solution", "gold_answer", "style"]

    def process(self, offset: int = 0) -> GeneratorStepOutput:
        """Yield the problems in batches.

        Yields:
            Rows, and whether they are the last ones.
        """
        batch: list[Row] = []
        for row in self._rows():
            if len(batch) == self.batch_size:
                yield batch, False
                batch = []
            batch.append(row)
        yield batch, True

    def _rows(self) -> Iterator[Row]:
        seen: dict[str, str] = {}
        for source in (Source(spec, self.columns, self.licence) for spec in self.problems):
            for row in source.rows(self.limit):
                row.pop("malformed", None)
                where, reason, detail = row.pop("where"), row.pop("reason", None), row.pop("detail", None)
                first = seen.setdefault(row["problem_id"], where)
                if reason is None and first != where:
                    reason, detail = "duplicate_problem", f"{where}: same question as {first}"
                yield reject(row, self.name or "load_problems", reason, detail) if reason else row
