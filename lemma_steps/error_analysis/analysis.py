"""All series of an analysis: which there are, which of them compare, what a reader has to know."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from lemma_steps.error_analysis.error_shift import ErrorShift
from lemma_steps.error_analysis.series import FEW, Series
from lemma_steps.evaluation.results.labels import short_name


class Analysis:
    """Series by model, source and temperature, in the order in which they came."""

    def __init__(self) -> None:
        self._series: dict[tuple[str, str, float | None], Series] = {}

    def add(self, row: Mapping[str, Any], asked: int | None = None) -> Iterator[dict[str, Any]]:
        """Count a row; the lines of `classified.jsonl` that it makes.

        Args:
            row: of the chain; `student` and `temperature` say whose it is.
            asked: how many samples the student was asked for; None where they were recorded.

        Yields:
            One line per wrong sample.
        """
        key = row["student"], row["source"], row.get("temperature")
        series = self._series.setdefault(key, Series(*key))
        series.add(row, asked)
        if row.get("rejected_by"):
            return
        for sample, verdict, label in zip(row["samples"], row["sample_verdicts"], row["sample_types"], strict=True):
            if verdict == "wrong":
                yield {
                    **{name: row[name] for name in ("problem_id", "question", "source")},
                    "model": row["student"],
                    "temperature": row.get("temperature"),
                    "sample": sample["sample"],
                    "error_type": label["code"],
                    "reason": label["reason"],
                    "detail": label["detail"],
                    "solution": sample["solution"],
                }

    @property
    def series(self) -> list[Series]:
        """All of them."""
        return list(self._series.values())

    def by_source(self) -> dict[str, list[Series]]:
        """Those with samples to known problems, by source."""
        found: dict[str, list[Series]] = {}
        for one in self.series:
            if one.answers:
                found.setdefault(one.source, []).append(one)
        return found

    @staticmethod
    def title(series: Sequence[Series]) -> str:
        """What series of one source show together; of one model alone, it is named here and not in the labels."""
        of = f" of {short_name(series[0].model)}" if len({one.model for one in series}) == 1 else ""
        return f"Error types{of} on {short_name(series[0].source)}"

    @staticmethod
    def labels(series: Sequence[Series]) -> list[str]:
        """A different label for each: the model, its temperature where a model has several; equal ones are numbered."""
        models = Counter(one.model for one in series)
        labels = []
        for one in series:
            at = "" if one.temperature is None or models[one.model] == 1 else f"T = {one.temperature:g}"
            labels.append(", ".join(filter(None, [short_name(one.model) if len(models) > 1 or not at else "", at])))
        return [f"{label} ({n + 1})" if labels.count(label) > 1 else label for n, label in enumerate(labels)]

    def studies(self) -> list[list[Series]]:
        """The series of one model and source at several temperatures, by rising temperature."""
        found: dict[tuple[str, str], list[Series]] = {}
        for one in self.series:
            if one.answers and one.temperature is not None:
                found.setdefault((one.model, one.source), []).append(one)
        return [sorted(study, key=lambda one: one.temperature or 0.0) for study in found.values() if len(study) > 1]

    def shifts(self) -> list[ErrorShift]:
        """Two or more models on the problems that all of them were asked, the first one as the base; one per source.

        None where a model has several temperatures: the paper compares models, and so a study of temperature stands alone.
        """
        found = []
        for series in self.by_source().values():
            models = [one.model for one in series]
            if len(set(models)) < 2 or len(set(models)) < len(models):
                continue
            common = frozenset.intersection(*(frozenset(one.answers) for one in series))
            counts = [one.on(common).error_counts() for one in series]
            if common and any(one.errors for one in counts):
                found.append(ErrorShift(counts[0], counts[1:]))
        return found

    def warnings(self) -> list[str]:
        """What must not be overlooked, in words."""
        said = []
        for one in self.series:
            name = f"{short_name(one.model)} on {short_name(one.source)}"
            if one.temperature is not None:
                name += f", T = {one.temperature:g}"
            share = one.coverage.value
            if share is not None and share < FEW:
                said.append(
                    f"{name}: {one.typed:,} of {one.wrong:,} wrong samples have a type ({100 * share:.0f} %). Shares of "
                    "types are of these alone, and say nothing about the others."
                )
            if left := one.left_out.total():
                said.append(
                    f"{name}: {left:,} samples are left out, their problem's answer is not known; see --problems."
                )
        return said

    def report(self) -> dict[str, Any]:
        """Everything as plain data."""
        return {
            "warnings": self.warnings(),
            "series": [one.report() for one in self.series],
            "comparisons": [shift.report() for shift in self.shifts()],
        }
