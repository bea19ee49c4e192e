"""Shares and what is made of them, with 95 % intervals by resampling questions."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from lemma_steps.evaluation.results.estimate import generator
from lemma_steps.share import Share

RESAMPLES = 2_000
Figure = dict[str, float | None]
"""`value`, `low`, `high`; all None where there is nothing to count."""
Sums = NDArray[np.float64]
"""One row per resample (the first is the sample itself), one column per counted quantity."""


class Resampled:
    """Counts over the rows of a sample and of 2,000 resamples of it.

    Questions are drawn with replacement, each with all of its rows: several solutions of one question are not
    independent of each other. Same name and same questions, same draws.

    Args:
        groups: the question of each row.
        name: seeds the draws.
    """

    def __init__(self, groups: Sequence[str], name: str) -> None:
        self._names, self._places = np.unique(np.array(groups, dtype=object).astype(str), return_inverse=True)
        self._seed = name
        self.questions = len(self._names)

    def sums(self, *columns: Sequence[float] | NDArray[np.float64]) -> Sums:
        """The sums of columns, each with one number per row."""
        by_group = np.zeros((len(self._names), len(columns)))
        for number, column in enumerate(columns):
            np.add.at(by_group[:, number], self._places, np.asarray(column, dtype=float))
        return np.vstack([by_group.sum(axis=0), _draws(self._seed, len(self._names)) @ by_group])


@lru_cache(maxsize=24)  # one of 1,000 questions takes 8 MB and a tenth of a second; a set is scored a dozen times
def _draws(name: str, size: int) -> NDArray[np.float32]:
    return generator(name).multinomial(size, np.full(size, 1 / size), size=RESAMPLES).astype(np.float32)


def share(part: NDArray[np.float64], of: NDArray[np.float64]) -> NDArray[np.float64]:
    """part / of for the sample and every resample; nan where there is nothing."""
    return np.divide(part, of, out=np.full(np.shape(of), np.nan), where=of != 0)


def harmonic(one: NDArray[np.float64], other: NDArray[np.float64]) -> NDArray[np.float64]:
    """The harmonic mean; 0 where one of the two is 0, as in ProcessBench's `run_eval.py`."""
    total = one + other
    return np.where(total == 0, 0.0, np.divide(2 * one * other, total, out=np.zeros_like(total), where=total != 0))


def figure(values: NDArray[np.float64]) -> Figure:
    """The value of the sample, between the 2.5th and 97.5th percentile of its resamples."""
    drawn = values[1:][~np.isnan(values[1:])]
    if np.isnan(values[0]) or not len(drawn):
        return {"value": None, "low": None, "high": None}
    low, high = np.quantile(drawn, (0.025, 0.975))
    return {name: round(float(number), 5) for name, number in (("value", values[0]), ("low", low), ("high", high))}


def proportion(values: NDArray[np.float64], questions: float) -> Figure:
    """`figure` of a share. What is 0 or 1 in the whole sample gets Wilson's interval: resampling would give it no width.

    Args:
        values: of the sample and every resample.
        questions: how many independent ones stand behind it.
    """
    found = figure(values)
    if found["value"] not in (0.0, 1.0):
        return found
    bounds = Share.by_row([(found["value"], 1)] * max(1, round(questions)))
    return {"value": found["value"], "low": round(bounds.low or 0.0, 5), "high": round(bounds.high or 0.0, 5)}
