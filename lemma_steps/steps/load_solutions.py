"""Step: the solutions of a published set, several to a question."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from typing import Any

from lemma_steps.duplicates import Occurrences
from lemma_steps.sources import Columns, Source, to_solution
from lemma_steps.steps.base import Row, candidate, reject
from lemma_steps.steps.load_problems import LoadProblems
from lemma_steps.training.prompt_wrapper import unwrap


class LoadSolutions(LoadProblems):
    """Loads the rows of a set of solutions (MetaMathQA, DART-Math, the published LEMMA set) as candidates.

    A question may occur any number of times, anywhere in the set; its rows are numbered as they come. `columns` names
    the question and the solution. What is not a solution leaves as a rejected row with file, row and reason.

    Attributes:
        method: what the rows are, for their column `method` and their ids.
        wrapped: the question may stand in a prompt, which is taken off.

    Output columns:
        - problem_id, source, split, licence, question (`str`): as `LoadProblems`.
        - id, method (`str`), index (`int`): the row, and its number among those of its question.
        - solution (`str`): as in the set.

    Categories:
        - load
    """

    method: str
    wrapped: bool = False

    @property
    def outputs(self) -> list[str]:
        """Columns made."""
        return ["problem_id", "source", "split", "licence", "question", "id", "method", "index", "solution"]

    def _all(self, sources: list[Source]) -> Iterator[Row]:
        with Occurrences() as seen:
            for row in itertools.chain.from_iterable(source.rows(self.limit, self._read) for source in sources):
                del row["where"]
                row.pop("malformed", None)
                reason, detail = row.pop("reason", None), row.pop("detail", None)
                made = candidate(row, self.method, seen.number(row["problem_id"]), row.pop("solution", None))
                yield reject(made, self.name or "load_solutions", reason, detail or "") if reason else made

    def _read(self, record: Mapping[str, Any], columns: Columns) -> dict[str, str]:
        question = record.get(columns.question)
        if self.wrapped and isinstance(question, str):
            record = {**record, columns.question: unwrap(question)[0]}
        return to_solution(record, columns)
