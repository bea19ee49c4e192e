"""The difference between two models on the same documents."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from lemma_steps.errors import RefusedError
from lemma_steps.evaluation.results.estimate import Estimate

FEWEST = 6
"""Documents that must differ before anything is shown: by the sign test, five that all differ one way still come about by
chance once in sixteen (2 / 2^5), six once in thirty-two."""
_Z = 1.959964

Scores = Mapping[str, NDArray[np.float64]]
"""Document -> its score under each training seed, between 0 and 1."""


@dataclass(frozen=True)
class Difference:
    """How much better the first of two models is, in points of percent.

    Attributes:
        first, second: the two arms.
        estimate: the mean difference with its 95 % bootstrap interval, over documents drawn again as pairs.
        smallest: the smallest difference that as many documents, differing as much as these do, could have shown.
        differing: documents on which the two are not equal.
        by_seed: the mean difference under each training seed; empty where there is one.
    """

    first: str
    second: str
    estimate: Estimate
    smallest: float
    differing: int
    by_seed: Sequence[float] = ()

    @property
    def shown(self) -> bool:
        """Whether the interval lies on one side of 0, enough documents differ, and every seed agrees on the side."""
        low, high = self.estimate.low, self.estimate.high
        if low is None or high is None or low <= 0 <= high or self.differing < FEWEST:
            return False
        return all(one * self.estimate.score > 0 for one in self.by_seed)

    @classmethod
    def of(cls, first: str, second: str, ours: Scores, theirs: Scores, task: str) -> Difference:
        """The difference on one task.

        Raises:
            RefusedError: the two were not asked the same documents.
        """
        if ours.keys() != theirs.keys():
            raise RefusedError(
                f"{task}: {first} and {second} were asked different documents; evaluate both with one limit and one set"
            )
        pairs = np.array([ours[document].mean() - theirs[document].mean() for document in ours])
        spread = float(pairs.std(ddof=1)) if len(pairs) > 1 else 0.0
        # the untrained model has one score for all seeds
        by_seed = 100 * np.mean([ours[document] - theirs[document] for document in ours], axis=0)
        return cls(
            first,
            second,
            Estimate.of_rows(pairs, f"{task} {first} {second}"),
            100 * max(_Z * spread / sqrt(len(pairs)), min(FEWEST / len(pairs), 1.0)),
            int(np.count_nonzero(pairs)),
            tuple(float(one) for one in by_seed) if len(by_seed) > 1 else (),
        )

    @classmethod
    def mean(cls, parts: Sequence[Difference]) -> Difference:
        """The macro mean over tasks; documents are drawn again within each."""
        sizes = [part.estimate.size or 0 for part in parts]
        half = sqrt(sum(_variance(part) for part in parts)) / len(parts)
        return cls(
            parts[0].first,
            parts[0].second,
            Estimate.mean([part.estimate for part in parts]),
            100 * max(_Z * half, min(FEWEST / max(sum(sizes), 1), 1.0)),
            sum(part.differing for part in parts),
            tuple(float(one) for one in np.mean([part.by_seed for part in parts], axis=0))
            if all(part.by_seed for part in parts)
            else (),
        )


def _variance(part: Difference) -> float:
    """Of the mean of one part; its draws have it."""
    draws = part.estimate.draws
    return 0.0 if draws is None else float(np.var(draws))
