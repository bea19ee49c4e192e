"""Agreement beyond chance, with bootstrap intervals over records.

scikit-learn has Cohen's kappa for two raters, statsmodels Fleiss' for equal numbers of ratings; neither has intervals over
records, nor numbers of ratings that differ. Two formulas are not worth either library in every environment.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from lemma_steps.evaluation.results.estimate import generator

RESAMPLES = 2_000
_TAIL = 0.025
T = TypeVar("T", bound=Hashable)
Floats = NDArray[np.float64]

NOTHING = "nothing to compare"
ONE_VALUE = "no kappa: every answer is the same"
ONE_SIDED = "no kappa: one reviewer always says the same"
LEFT_OUT = "without {} of {} pairs of reviewers, in which one always says the same"
NO_DISAGREEMENT = "no interval: the records show no disagreement"
ONE_AGREED = "no interval: two agree on one answer at most, never on another"
FRAIL = "no interval: it hangs on a few records, without which there is no kappa"
TOO_FEW = "no interval: one record"


@dataclass(frozen=True)
class Kappa:
    """A kappa: 1 where all agree, 0 where they agree as often as chance would have it, below 0 where less often.

    Attributes:
        value: None where it is not defined.
        low, high: 95 % interval (percentiles of a bootstrap over records); None where the records allow none. A bootstrap
            shows only what it can draw: without any disagreement, or agreement on a second value, in the records, its
            interval would be narrow and wrong. Where kappa is not defined in more resamples than a tail holds, its bounds
            are not known either.
        note: why value or bounds are missing, or what to know about them; else None.
    """

    value: float | None
    low: float | None = None
    high: float | None = None
    note: str | None = None

    @classmethod
    def cohen(cls, records: Sequence[Mapping[Any, Sequence[tuple[str, str]]]], name: str) -> Kappa:
        """Cohen's kappa (Cohen 1960): (p_o - p_e) / (1 - p_e), p_e from how often each rater uses each category.

        It needs two raters who each use two categories: beside one who always says the same it is 0 whatever the other says.

        Args:
            records: per record, pair of raters -> the values that they gave it. A record weighs once in a pair of raters:
                each of k pairs of values counts 1/k in p_o and in how often each uses each category. Several pairs of
                raters: the mean of their kappas, weighted by how many records both rated (Light 1971); those without a
                kappa are left out, which the note says.
            name: seeds the bootstrap.
        """
        groups = list(dict.fromkeys(group for record in records for group in record))
        given = {pair for record in records for pairs in record.values() for pair in pairs}
        place = {value: number for number, value in enumerate(sorted({value for pair in given for value in pair}))}
        profiles, counts = _profiles(tuple((group, tuple(pairs)) for group, pairs in r.items()) for r in records)
        found = [dict(profile) for profile in profiles]

        def by_group(weights: Floats) -> tuple[Floats, Floats]:
            """Kappas and numbers of values, one row per pair of raters."""
            kappas, sizes = np.zeros((2, len(groups), len(weights)))
            for number, group in enumerate(groups):
                rows = [row for row, profile in enumerate(found) if group in profile]
                rated = weights[:, rows] @ np.array([_margins(found[row][group], place) for row in rows])
                kappas[number], sizes[number] = _cohen(rated), rated[:, 0]
            return kappas, sizes

        def statistic(weights: Floats) -> Floats:
            kappas, sizes = by_group(weights)
            sizes = np.where(np.isnan(kappas), 0, sizes)
            return _ratio((np.nan_to_num(kappas) * sizes).sum(axis=0), sizes.sum(axis=0))

        left = int(np.isnan(by_group(counts[None, :])[0]).sum())
        kappa = cls._of(statistic, counts, name, len({one for one, other in given if one == other}))
        if kappa.value is None and len(place) > 1:
            return cls(None, note=ONE_SIDED if len(groups) == 1 else LEFT_OUT.format(left, len(groups)))
        if kappa.value is not None and left:
            notes = (LEFT_OUT.format(left, len(groups)), kappa.note)
            return replace(kappa, note="; ".join(filter(None, notes)))
        return kappa

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

        twice = {value for record in rated for value, count in Counter(record).items() if count > 1}
        return cls._of(statistic, counts, name, len(twice))

    @classmethod
    def _of(cls, statistic: Callable[[Floats], Floats], counts: Floats, name: str, agreed: int) -> Kappa:
        """Its value and interval.

        Args:
            statistic: takes how often each profile occurs, one row per resample.
            counts: how often each occurs.
            name: seeds the bootstrap.
            agreed: values on which two agree somewhere.
        """
        size = int(counts.sum())
        if not size:
            return cls(None, note=NOTHING)
        value = float(statistic(counts[None, :])[0])
        if np.isnan(value):
            return cls(None, note=ONE_VALUE)
        if size == 1:
            return cls(value, note=TOO_FEW)
        if value > 1 - 1e-9:
            return cls(1.0, note=NO_DISAGREEMENT)
        if agreed < 2:
            return cls(value, note=ONE_AGREED)
        drawn = generator(name).multinomial(size, counts / size, size=RESAMPLES).astype(np.float64)
        draws = statistic(drawn)
        if np.isnan(draws).mean() > _TAIL:
            return cls(value, note=FRAIL)
        low, high = np.nanquantile(draws, (_TAIL, 1 - _TAIL))
        return cls(value, float(low), float(high))


def _profiles(records: Iterable[T]) -> tuple[list[T], Floats]:
    """The different records, in order of first sight, and how often each occurs: drawing from these is drawing records."""
    seen = Counter(records)
    return list(seen), np.array(list(seen.values()), dtype=np.float64)


def _margins(pairs: Sequence[tuple[str, str]], place: Mapping[str, int]) -> Floats:
    """1, the share of pairs that agree, and of those in which the one and the other rater used each category."""
    found = np.zeros(2 + 2 * len(place))
    for one, other in pairs:
        found[0] += 1
        found[1] += one == other
        found[2 + place[one]] += 1
        found[2 + len(place) + place[other]] += 1
    return found / len(pairs)


def _cohen(rated: Floats) -> Floats:
    """Kappas of rows of sums as `_margins` gives them; NaN where a rater uses one category only."""
    size, agree, margins = rated[:, 0], rated[:, 1], rated[:, 2:]
    one, other = np.split(margins, 2, axis=1)
    expected = _ratio((one * other).sum(axis=1), size**2)
    both = ((one > 0).sum(axis=1) > 1) & ((other > 0).sum(axis=1) > 1)
    return np.where(both, _ratio(_ratio(agree, size) - expected, 1 - expected), np.nan)


def _shares(values: Sequence[str], place: Mapping[str, int]) -> Floats:
    """The share of pairs that agree, and each category's share."""
    counts, size = np.zeros(len(place)), len(values)
    for value in values:
        counts[place[value]] += 1
    return np.array([(counts * (counts - 1)).sum() / (size * (size - 1)), *(counts / size)])


def _ratio(part: Floats, whole: Floats) -> Floats:
    """The ratios, NaN where there is nothing to divide by."""
    return np.divide(part, whole, out=np.full_like(part, np.nan), where=whole > 1e-12)
