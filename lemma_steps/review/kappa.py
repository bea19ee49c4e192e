"""Agreement beyond chance, with bootstrap intervals over records.

scikit-learn has Cohen's kappa for two raters, statsmodels Fleiss' for equal numbers of ratings; neither has intervals over
records, nor numbers of ratings that differ. Two formulas are not worth either library in every environment.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from lemma_steps.evaluation.results.estimate import generator

RESAMPLES = 2_000
T = TypeVar("T", bound=Hashable)
Floats = NDArray[np.float64]

NOTHING = "nothing to compare"
ONE_VALUE = "not defined: every answer is the same"
NO_INTERVAL = "no interval: the records show no disagreement"
TOO_FEW = "no interval: one record"


@dataclass(frozen=True)
class Kappa:
    """A kappa: 1 where all agree, 0 where they agree as often as chance would have it, below 0 where less often.

    Attributes:
        value: None where it is not defined.
        low, high: 95 % interval (percentiles of a bootstrap over records); None where the records allow none.
        note: why value or bounds are missing, or what to know about them; else None.
    """

    value: float | None
    low: float | None = None
    high: float | None = None
    note: str | None = None

    @classmethod
    def cohen(cls, records: Sequence[Mapping[Any, Sequence[tuple[str, str]]]], name: str) -> Kappa:
        """Cohen's kappa (Cohen 1960): (p_o - p_e) / (1 - p_e), p_e from how often each rater uses each category.

        Args:
            records: per record, pair of raters -> the values that they gave it. Several pairs: the mean of their kappas,
                weighted by how much both rated (Light 1971); pairs without a kappa are left out.
            name: seeds the bootstrap.
        """
        groups = list(dict.fromkeys(group for record in records for group in record))
        values = {value for record in records for pairs in record.values() for pair in pairs for value in pair}
        place = {value: number for number, value in enumerate(sorted(values))}
        profiles, counts = _profiles(tuple((group, tuple(pairs)) for group, pairs in r.items()) for r in records)
        found = [dict(profile) for profile in profiles]

        def statistic(weights: Floats) -> Floats:
            total, norm = np.zeros(len(weights)), np.zeros(len(weights))
            for group in groups:
                rows = [number for number, profile in enumerate(found) if group in profile]
                rated = weights[:, rows] @ np.array([_margins(found[row][group], place) for row in rows])
                kappa, size = _cohen(rated), rated[:, 0]
                known = ~np.isnan(kappa)
                total[known] += (kappa * size)[known]
                norm[known] += size[known]
            return _ratio(total, norm)

        return cls._of(statistic, counts, name)

    @classmethod
    def fleiss(cls, records: Sequence[Sequence[str]], name: str) -> Kappa:
        """Fleiss' kappa (Fleiss 1971) over the values that each record was given, by two raters or more.

        (P - P_e) / (1 - P_e): P is the mean over records of the share of pairs of ratings that agree, P_e the sum of the
        squares of the categories' shares. Where numbers of ratings differ, a category's share is the mean over records
        of its share within the record, so that every record counts once (Gwet 2014, Handbook of Inter-Rater Reliability,
        chapter 2); with equal numbers that is Fleiss' own.
        """
        rated = [record for record in records if len(record) > 1]
        place = {value: number for number, value in enumerate(sorted({value for record in rated for value in record}))}
        profiles, counts = _profiles(tuple(sorted(record)) for record in rated)
        parts = np.array([_shares(profile, place) for profile in profiles]) if profiles else np.zeros((0, 2))

        def statistic(weights: Floats) -> Floats:
            means = weights @ parts / weights.sum(axis=1, keepdims=True)
            expected = (means[:, 1:] ** 2).sum(axis=1)
            return _ratio(means[:, 0] - expected, 1 - expected)

        return cls._of(statistic, counts, name)

    @classmethod
    def _of(cls, statistic: Callable[[Floats], Floats], counts: Floats, name: str) -> Kappa:
        """Its value and interval; `statistic` takes how often each profile occurs, one row per resample."""
        size = int(counts.sum())
        if not size:
            return cls(None, note=NOTHING)
        value = float(statistic(counts[None, :])[0])
        if np.isnan(value):
            return cls(None, note=ONE_VALUE)
        if size == 1:
            return cls(value, note=TOO_FEW)
        if value > 1 - 1e-9:
            return cls(1.0, note=NO_INTERVAL)
        drawn = generator(name).multinomial(size, counts / size, size=RESAMPLES).astype(np.float64)
        draws = statistic(drawn)
        known = draws[~np.isnan(draws)]
        low, high = np.quantile(known, (0.025, 0.975))
        lost = 1 - len(known) / RESAMPLES
        note = f"interval without the {100 * lost:.0f} % of resamples in which it is not defined"
        return cls(value, float(low), float(high), note if lost >= 0.01 else None)


def _profiles(records: Iterable[T]) -> tuple[list[T], Floats]:
    """The different records, in order of first sight, and how often each occurs: drawing from these is drawing records."""
    seen = Counter(records)
    return list(seen), np.array(list(seen.values()), dtype=np.float64)


def _margins(pairs: Sequence[tuple[str, str]], place: Mapping[str, int]) -> Floats:
    """Pairs, pairs that agree, and how often the one and the other rater used each category."""
    found = np.zeros(2 + 2 * len(place))
    for one, other in pairs:
        found[0] += 1
        found[1] += one == other
        found[2 + place[one]] += 1
        found[2 + len(place) + place[other]] += 1
    return found


def _cohen(rated: Floats) -> Floats:
    """Kappas of rows of sums as `_margins` gives them."""
    size, agree, margins = rated[:, 0], rated[:, 1], rated[:, 2:]
    one, other = np.split(margins, 2, axis=1)
    expected = _ratio((one * other).sum(axis=1), size**2)
    return _ratio(_ratio(agree, size) - expected, 1 - expected)


def _shares(values: Sequence[str], place: Mapping[str, int]) -> Floats:
    """The share of pairs that agree, and each category's share."""
    counts, size = np.zeros(len(place)), len(values)
    for value in values:
        counts[place[value]] += 1
    return np.array([(counts * (counts - 1)).sum() / (size * (size - 1)), *(counts / size)])


def _ratio(part: Floats, whole: Floats) -> Floats:
    """The ratios, NaN where there is nothing to divide by."""
    return np.divide(part, whole, out=np.full_like(part, np.nan), where=whole > 1e-12)
