"""A count as a share of a larger one, with its 95 % interval."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import fsum, sqrt

_Z = 1.959964


@dataclass(frozen=True, slots=True)
class Share:
    """`count` of `of`. `low` and `high` are the bounds of the share, between 0 and 1; None where `of` is 0.

    Wilson's interval, which stays honest at 0 and at 1 where a bootstrap has no width. Several replies to one problem are
    not independent: `of` is divided by the design effect that the counts by problem show (Kish 1965), and where every
    reply agrees, the problems alone are counted. Where the problems are drawn from a set that is not much larger, its
    size narrows the interval (finite population correction): to nothing where every problem of the set was looked at.
    """

    count: float
    of: int
    low: float | None
    high: float | None

    @classmethod
    def of_independent(cls, count: int, of: int) -> Share:
        """The share of counts that have nothing to do with each other."""
        return cls(count, of, *_wilson(count / of, of)) if of else cls(0, 0, None, None)

    @classmethod
    def by_row(cls, pairs: Sequence[tuple[float, int]], population: int | None = None) -> Share:
        """The share over (count, of) pairs, one per problem, drawn from so many; None: from endlessly many."""
        pairs = [(count, of) for count, of in pairs if of]
        count, of = sum(count for count, _ in pairs), sum(of for _, of in pairs)
        if not of:
            return cls(0, 0, None, None)
        share = count / of
        return cls(count, of, *_bounds(share, _effective(pairs, share, of), len(pairs), population))

    @classmethod
    def by_record(cls, pairs: Sequence[tuple[float, int]], population: int | None = None) -> Share:
        """The mean over records of count / of, so that each weighs once, however often it was asked about.

        `count` is the sum of these shares m_i and `of` the number n of records. Wilson's interval for as many independent
        replies as give the mean its variance, s^2 / n with s^2 the sample variance of the m_i: share * (1 - share) * n / s^2,
        no fewer than there are records, no more than there are replies. With one reply each it is that of `by_row`.

        Args:
            pairs: (count, of), one per record.
            population: how many records they were drawn from; None: endlessly many.
        """
        pairs = [(count, of) for count, of in pairs if of]
        if not pairs:
            return cls(0, 0, None, None)
        rows, shares = len(pairs), [count / of for count, of in pairs]
        share = fsum(shares) / rows
        spread = fsum((one - share) ** 2 for one in shares) / (rows - 1) / rows if rows > 1 else 0.0
        worth = min(max(share * (1 - share) / spread, rows), sum(of for _, of in pairs)) if spread else rows
        return cls(fsum(shares), rows, *_bounds(share, worth, rows, population))

    @property
    def value(self) -> float | None:
        """The share, between 0 and 1; None of nothing."""
        return self.count / self.of if self.of else None


def _effective(pairs: Sequence[tuple[float, int]], share: float, of: int) -> float:
    """As many independent replies as would make the share vary like that."""
    rows = len(pairs)
    if rows == of:
        return of
    single = share * (1 - share) / of
    if rows < 2 or not single:
        return rows
    between = sum((count - share * size) ** 2 for count, size in pairs) / of**2 * rows / (rows - 1)
    return of / max(between / single, 1.0)


def _bounds(share: float, worth: float, rows: int, population: int | None) -> tuple[float, float]:
    """The interval of a share that is worth so many independent replies, from so many rows of the population."""
    if population is not None:
        if rows >= population:
            return share, share
        worth *= (population - 1) / (population - rows)
    return _wilson(share, worth)


def _wilson(share: float, n: float) -> tuple[float, float]:
    middle = (share + _Z**2 / (2 * n)) / (1 + _Z**2 / n)
    half = _Z / (1 + _Z**2 / n) * sqrt(share * (1 - share) / n + _Z**2 / (4 * n**2))
    return max(0.0, min(middle - half, share)), min(1.0, max(middle + half, share))
