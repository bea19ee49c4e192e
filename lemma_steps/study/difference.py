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
_T = (12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262)
"""Student's t at 97.5 % for 1 to 9 degrees of freedom, of 2 to 10 training seeds; the last for more."""

Scores = Mapping[str, NDArray[np.float64]]
"""Document -> its score under each training seed, between 0 and 1."""


@dataclass(frozen=True)
class Difference:
    """How much better the first of two models is, in points of percent.

    Attributes:
        first, second: the two arms.
        estimate: the mean difference with its 95 % bootstrap interval, over documents drawn again as pairs.
        smallest: the smallest difference that as many documents and seeds, differing as much as these, could have shown.
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
        """Whether the intervals over documents and over seeds lie on one side of 0 and enough documents differ."""
        low, high = self.estimate.low, self.estimate.high
        if low is None or high is None or low <= 0 <= high or self.differing < FEWEST:
            return False
        return abs(self.estimate.score) > _over_seeds(self.by_seed)

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
            max(
                100 * _Z * spread / sqrt(len(pairs)), 100 * min(FEWEST / len(pairs), 1.0), _over_seeds(by_seed.tolist())
            ),
            int(np.count_nonzero(pairs)),
            tuple(by_seed.tolist()) if len(by_seed) > 1 else (),
        )

    @classmethod
    def mean(cls, parts: Sequence[Difference]) -> Difference:
        """The macro mean over tasks; documents are drawn again within each."""
        sizes = [part.estimate.size or 0 for part in parts]
        half = sqrt(sum(_variance(part) for part in parts)) / len(parts)
        seeded = all(part.by_seed for part in parts)
        by_seed = np.mean([part.by_seed for part in parts], axis=0).tolist() if seeded else []
        return cls(
            parts[0].first,
            parts[0].second,
            Estimate.mean([part.estimate for part in parts]),
            max(100 * _Z * half, 100 * min(FEWEST / max(sum(sizes), 1), 1.0), _over_seeds(by_seed)),
            sum(part.differing for part in parts),
            tuple(by_seed),
        )


def _over_seeds(differences: Sequence[float]) -> float:
    """Half the 95 % interval of the mean over training seeds (Student's t); 0 where there is but one."""
    if len(differences) < 2:
        return 0.0
    spread = float(np.std(differences, ddof=1))
    return _T[min(len(differences), len(_T) + 1) - 2] * spread / sqrt(len(differences))


def _variance(part: Difference) -> float:
    """Of the mean of one part; its draws have it."""
    draws = part.estimate.draws
    return 0.0 if draws is None else float(np.var(draws))
