"""A score in percent with its bootstrap interval."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

RESAMPLES = 10_000
SEED = 2503


@dataclass(frozen=True)
class Estimate:
    """A score, and between what it would lie if the rows were drawn again.

    Attributes:
        score: in percent.
        low, high: bounds of the 95 % interval, in percent; None for a number without one.
        size: rows behind it; None for a number of somebody else.
        draws: the score of every resample, from which the interval of a mean over sets is computed.
    """

    score: float
    low: float | None = None
    high: float | None = None
    size: int | None = None
    draws: NDArray[np.float64] | None = field(default=None, repr=False, compare=False)

    @classmethod
    def of_rows(cls, scores: NDArray[np.float64], name: str) -> Estimate:
        """The mean of scores between 0 and 1, one per row. The name seeds the resampling: same rows, same interval."""
        # Drawing n rows with replacement is drawing how often each of the few distinct scores comes up.
        values, counts = np.unique(scores, return_counts=True)
        drawn = generator(name).multinomial(len(scores), counts / len(scores), size=RESAMPLES)
        return cls._of(float(scores.mean()), drawn @ values / len(scores), len(scores))

    @classmethod
    def of_share(cls, share: float, size: int, name: str) -> Estimate:
        """A share of rows whose own scores are not known: each row counts as right or wrong (binomial)."""
        return cls._of(share, generator(name).binomial(size, share, size=RESAMPLES) / size, size)

    @classmethod
    def mean(cls, parts: Sequence[Estimate]) -> Estimate:
        """The macro mean over sets; rows are drawn again within each set. Without an interval where a part has none."""
        score = sum(part.score for part in parts) / len(parts)
        draws = [part.draws for part in parts if part.draws is not None]
        sizes = [part.size for part in parts if part.size is not None]
        if len(draws) < len(parts):
            return cls(score, size=sum(sizes) or None)
        return cls._of(score / 100, np.mean(draws, axis=0), sum(sizes))

    @classmethod
    def _of(cls, score: float, draws: NDArray[np.float64], size: int) -> Estimate:
        low, high = np.quantile(draws, (0.025, 0.975))
        return cls(100 * score, 100 * float(low), 100 * float(high), size, draws)


def generator(name: str) -> np.random.Generator:
    """The draws of a name: same name, same draws."""
    return np.random.default_rng([SEED, crc32(name.encode())])
