"""Step: recorded samples of models, in any layout."""

from __future__ import annotations

from collections.abc import Iterator

from distilabel.mixins.runtime_parameters import RuntimeParameter
from pydantic import Field, PrivateAttr

from lemma_steps.error_analysis.sample_index import SampleIndex
from lemma_steps.steps.base import Row, RowGenerator, reject


class LoadSamples(RowGenerator):
    """Loads recorded samples: one row per model, source, temperature and problem, in the order of their first sample.

    The gold answer is that of the problem sets, else the record's own; samples without either leave as a rejected row.
    Samples that are known to be cut at the token limit are only counted: nobody knows what they would have come to. A
    problem that has no others leaves as a rejected row.

    Attributes:
        samples: `[LABEL=]PATH` each, or `starter`; the label replaces the model's name.
        problems: SPECs of problem sets.
        columns: names of `question`, `solution`, `answer` in sets that call them otherwise.
        source: of samples that are in no problem set and do not say theirs; the file's stem without it.

    Runtime parameters:
        - `limit`: first problems of each model, source and temperature.

    Output columns:
        - problem_id, source, question, gold_solution, gold_answer (`str`): the problem.
        - student (`str`), temperature (`float`): the model, and how it was sampled, where that is known.
        - samples (`list[dict]`): `{sample, solution, student, truncated}` per solution; `truncated` null if unknown.
        - truncated (`int`): how many more were cut.

    Categories:
        - load
    """

    samples: list[str]
    problems: list[str] = Field(default_factory=list)
    columns: dict[str, str] = Field(default_factory=dict)
    source: str | None = None
    limit: RuntimeParameter[int] | None = Field(default=None, description="First problems of each model and source.")

    _index: SampleIndex | None = PrivateAttr(default=None)

    @property
    def outputs(self) -> list[str]:
        """Columns made."""
        gold = ["question", "gold_solution", "gold_answer"]
        return ["problem_id", "source", *gold, "student", "temperature", "samples", "truncated"]

    @property
    def repeated(self) -> int:
        """Samples that stood there twice, once they are loaded."""
        return self._index.repeated if self._index else 0

    def load(self) -> None:
        """Read problems and samples, to disk."""
        super().load()
        self._index = SampleIndex()
        for spec in self.problems:
            self._index.add_problems(spec, self.columns)
        for given in self.samples:
            self._index.add_samples(given, self.source)

    def unload(self) -> None:
        """Let go of the samples."""
        if self._index is not None:
            self._index.close()
            self._index = None
        super().unload()

    def _rows(self) -> Iterator[Row]:
        assert self._index is not None, "load() first"
        name = self.name or "load_samples"
        for row in self._index.rows(self.limit):
            whole = [sample for sample in row["samples"] if not sample["truncated"]]
            row = {**row, "samples": whole, "truncated": len(row["samples"]) - len(whole)}
            if row["gold_answer"] is None:
                yield reject(row, name, "unknown_problem", "no gold answer")
            elif not whole:
                yield reject(row, name, "reply_truncated", "all samples were cut at the token limit")
            else:
                yield row
