"""How well a classifier names the types of errors of one set."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lemma_steps.label_quality.prediction import NO_ERROR
from lemma_steps.label_quality.resampling import Figure, Resampled, figure, proportion, share
from lemma_steps.taxonomy import TAXONOMY

NONE, UNANSWERED = "none", "unanswered"
"""Besides the codes: no error is seen; there is no answer."""
PREDICTED = (*TAXONOMY, NONE, UNANSWERED)


@dataclass(frozen=True, slots=True)
class TypePrediction:
    """The labelled type of an error, and what was predicted: a code, `none` or `unanswered`, then with a reason."""

    id: str
    group: str
    label: str
    predicted: str
    reason: str | None = None

    @classmethod
    def of_row(cls, row: Mapping[str, Any]) -> TypePrediction:
        """That of a row of `LoadLabelled` that went through `ClassifyErrors`."""
        [said] = row["sample_types"]
        code, reason = said["code"], said["reason"]
        predicted = code or (NONE if reason == NO_ERROR else UNANSWERED)
        return cls(
            row["problem_id"],
            row["group"],
            row["labelled_type"],
            predicted,
            reason if predicted == UNANSWERED else None,
        )


def score_types(predictions: Sequence[TypePrediction], name: str) -> dict[str, Any]:
    """The figures of a set.

    - `n`, `labels`: solutions; the types that occur as labels, in the order of the taxonomy.
    - `accuracy`, `macro_f1` (mean over the labels), `answered`, `largest_type` (what naming the most frequent label
      every time would get): figures.
    - `recall`, `precision`: {code: figure} per label.
    - `confusion`: {label: {predicted: count}}; `unanswered`: {reason: count}.

    Args:
        predictions: at least one.
        name: of the set; seeds the resampling.
    """
    labels = [code for code in TAXONOMY if any(one.label == code for one in predictions)]
    label = np.array([one.label for one in predictions])
    predicted = np.array([one.predicted for one in predictions])
    columns = [
        column
        for code in labels
        for column in ((label == code) & (predicted == code), label == code, predicted == code)
    ]
    resampled = Resampled([one.group for one in predictions], name)
    sums = resampled.sums(*columns, np.ones(len(predictions)), predicted != UNANSWERED)
    right, of_label, of_predicted = (sums[:, start : 3 * len(labels) : 3] for start in range(3))
    total, answered = sums[:, -2], sums[:, -1]
    questions = resampled.questions
    f1 = share(2 * right, of_label + of_predicted)
    occurring = ~np.isnan(f1)  # a rare type may be in no row of a resample
    confusion = {code: Counter(one.predicted for one in predictions if one.label == code) for code in labels}
    return {
        "n": len(predictions),
        "labels": labels,
        "accuracy": proportion(share(right.sum(axis=1), total), questions),
        "macro_f1": figure(share(np.nansum(f1, axis=1), occurring.sum(axis=1))),
        "answered": proportion(share(answered, total), questions),
        "largest_type": figure(share(of_label.max(axis=1), total)),
        "recall": {code: _share(right[:, n], of_label[:, n], questions) for n, code in enumerate(labels)},
        "precision": {code: _share(right[:, n], of_predicted[:, n], questions) for n, code in enumerate(labels)},
        "confusion": {
            code: {said: counts[said] for said in PREDICTED if counts[said]} for code, counts in confusion.items()
        },
        "unanswered": dict(Counter(one.reason for one in predictions if one.reason).most_common()),
    }


def _share(part: NDArray[np.float64], of: NDArray[np.float64], questions: int) -> Figure:
    return proportion(share(part, of), min(of[0], questions))
