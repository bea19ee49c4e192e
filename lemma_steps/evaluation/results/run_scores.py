"""The scores of a run, with intervals from its logged samples where there are any."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from lemma_steps.errors import RefusedError
from lemma_steps.evaluation.results.estimate import Estimate
from lemma_steps.evaluation.runs.run import Run

_SAME = 1e-6
"""Largest difference between a score and the mean of its samples."""


class RunScores:
    """Estimates of a run's metrics. The samples of a task are read once, and only their scores are kept."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self._rows: dict[str, dict[str, NDArray[np.float64]]] = {}

    def estimate(self, task: str, metric: str) -> Estimate | None:
        """A metric with its interval; None where the task was not run or the metric not measured.

        Raises:
            RefusedError: the samples are not those that the score was computed from.
        """
        score = self.run.score(task, metric)
        if score is None or task not in self.run.tasks:
            return None
        name = f"{task} {metric}"
        if self.run.samples_file(task) is None:
            return Estimate.of_share(min(max(score, 0.0), 1.0), self.run.size(task), name)
        rows = self._of_task(task).get(metric)
        if rows is None or abs(rows.mean() - score) > _SAME:
            told = "no such metric" if rows is None else f"{100 * rows.mean():.2f} %"
            raise RefusedError(
                f"{self.run.samples_file(task)}: {metric} is {100 * score:.2f} % in the results and {told} in the samples;"
                " the files are not of one run, evaluate again"
            )
        return Estimate.of_rows(rows, name)

    def share(self, task: str, metric: str) -> Estimate | None:
        """A metric without interval; None where the task was not run or the metric not measured."""
        score = self.run.score(task, metric)
        return None if score is None or task not in self.run.tasks else Estimate(100 * score, size=self.run.size(task))

    def _of_task(self, task: str) -> dict[str, NDArray[np.float64]]:
        """Metric -> scores of the rows on which it was measured."""
        if task not in self._rows:
            found: dict[str, list[float]] = {}
            lines = 0
            for sample in self.run.samples(task):
                lines += 1
                for metric in sample.get("metrics", ()):
                    value = sample.get(metric)
                    if isinstance(value, int | float) and math.isfinite(value):
                        found.setdefault(metric, []).append(float(value))
            if lines != self.run.size(task):
                raise RefusedError(
                    f"{self.run.samples_file(task)}: {lines:,} samples of {self.run.size(task):,}; cut off, evaluate again"
                )
            self._rows[task] = {metric: np.array(values) for metric, values in found.items()}
        return self._rows[task]
