"""Whether the agreement of votes says how likely a label is right."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from lemma_steps.label_quality.prediction import Prediction
from lemma_steps.label_quality.resampling import Resampled, figure, proportion, share

EDGES = (0.0, 0.2, 0.4, 0.6, 0.8, 0.9999, 1.0)
"""Of the bins of agreement: fifths, and a bin of its own for votes that all agree."""


def calibration(predictions: Sequence[Prediction], name: str) -> dict[str, Any]:
    """`calibration`: per bin of agreement [{`low`, `high`, `n`, `agreement` (its mean), `right` (a figure)}]; `ece`:
    the expected calibration error, the mean distance between agreement and share of right ones, a figure.

    Only predictions with votes count. Bins without any are left out; the bound between two bins is of the upper one.
    """
    voted = [one for one in predictions if one.agreement is not None]
    if not voted:
        return {"calibration": [], "ece": figure(np.full(2, np.nan))}
    agreement = np.array([one.agreement for one in voted], dtype=float)
    right = np.array([one.right for one in voted], dtype=float)
    places = np.digitize(agreement, EDGES[1:-1])
    within = [(places == number).astype(float) for number in range(len(EDGES) - 1)]
    columns = [part for inside in within for part in (inside, inside * agreement, inside * right)]
    resampled = Resampled([one.group for one in voted], name)
    sums = resampled.sums(*columns)
    counts, agreements, rights = sums[:, 0::3], sums[:, 1::3], sums[:, 2::3]
    bins = [
        {
            "low": EDGES[number],
            "high": EDGES[number + 1],
            "n": int(counts[0, number]),
            "agreement": round(float(agreements[0, number] / counts[0, number]), 5),
            "right": proportion(
                share(rights[:, number], counts[:, number]), min(counts[0, number], resampled.questions)
            ),
        }
        for number in range(len(within))
        if counts[0, number]
    ]
    return {"calibration": bins, "ece": figure(share(abs(agreements - rights).sum(axis=1), counts.sum(axis=1)))}
