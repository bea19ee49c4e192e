"""How well a locator finds the first wrong step of the solutions of one set."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lemma_steps.label_quality.calibration import calibration
from lemma_steps.label_quality.prediction import Prediction
from lemma_steps.label_quality.resampling import Figure, Resampled, figure, harmonic, proportion, share
from lemma_steps.study.difference import FEWEST

SHARES = {
    "acc_wrong": "wrong solutions whose first wrong step is found",
    "acc_right": "right solutions in which no wrong step is seen",
    "f1": "harmonic mean of the two (ProcessBench)",
    "off_by_one": "wrong solutions of which the step before or after is named",
    "earlier": "wrong solutions of which an earlier step is named",
    "later": "wrong solutions of which a later step is named",
    "missed": "wrong solutions in which no wrong step is seen",
    "answered": "solutions that got an answer",
    "right_if_answered": "answers that are the label",
}
"""The figures of a set, in words. What is not answered is not right."""
COMPARED = ("acc_wrong", "acc_right", "f1")
Draws = dict[str, NDArray[np.float64]]


def score(predictions: Sequence[Prediction], name: str, votes: int = 1) -> dict[str, Any]:
    """The figures of a set: {figure: {`value`, `low`, `high`}} for each of `SHARES`, and

    - `n`, `n_wrong`, `n_right`: solutions, and how many have a wrong step or none.
    - `unanswered`: {reason: count}.
    - `calibration`, `ece`: see `calibration`; None where fewer than two votes were asked for.

    Args:
        predictions: at least one.
        name: of the set; seeds the resampling.
        votes: asked of each solution.
    """
    wrong = sum(one.label is not None for one in predictions)
    right, answered = len(predictions) - wrong, sum(one.unanswered is None for one in predictions)
    of = {"acc_right": right, "answered": len(predictions), "right_if_answered": answered}
    questions = len({one.group for one in predictions})
    found: dict[str, Any] = {"n": len(predictions), "n_wrong": wrong, "n_right": right}
    for part, values in draws(predictions, name).items():
        found[part] = figure(values) if part == "f1" else proportion(values, min(of.get(part, wrong), questions))
    found["f1"] = _of_parts(found["f1"], found)
    found["unanswered"] = dict(Counter(one.unanswered for one in predictions if one.unanswered).most_common())
    return found | (calibration(predictions, name) if votes > 1 else {"calibration": None, "ece": None})


def draws(predictions: Sequence[Prediction], name: str) -> Draws:
    """Each of `SHARES` for the sample and every resample; nan where a set has no such solutions."""
    wrong = np.array([one.label is not None for one in predictions])
    answered = np.array([one.unanswered is None for one in predictions])
    right = np.array([one.right for one in predictions])
    label, step = (np.array([value or 0 for value in values]) for values in zip(*map(_steps, predictions), strict=True))
    named = wrong & answered & (step > 0)
    columns = {
        "acc_wrong": right & wrong,
        "acc_right": right & ~wrong,
        "off_by_one": named & (abs(step - label) == 1),
        "earlier": named & (step < label),
        "later": named & (step > label),
        "missed": wrong & answered & (step == 0),
        "answered": answered,
        "right": right,
    }
    resampled = Resampled([one.group for one in predictions], name)
    sums = resampled.sums(wrong, ~wrong, np.ones(len(predictions)), *columns.values())
    all_wrong, all_right, total = sums[:, :3].T
    counted = dict(zip(columns, sums[:, 3:].T, strict=True))
    of = {"acc_right": all_right, "answered": total}
    shares = {part: share(counted[part], of.get(part, all_wrong)) for part in columns if part != "right"}
    shares["f1"] = harmonic(shares["acc_wrong"], shares["acc_right"])
    shares["right_if_answered"] = share(counted["right"], counted["answered"])
    return {part: shares[part] for part in SHARES}


def difference(before: Sequence[Prediction], after: Sequence[Prediction], name: str) -> dict[str, Any]:
    """How much better `after` is than `before` on the solutions that both were asked about: `n`, and a figure each.

    The same questions are drawn for both, so that the interval is that of the difference. Where fewer than six questions
    differ there is none: so few can differ one way by chance.
    """
    second = {one.id: one for one in after}
    first = [one for one in before if one.id in second]
    if not first:
        return {"n": 0, **{part: figure(np.full(2, np.nan)) for part in COMPARED}}
    old, new = draws(first, name), draws([second[one.id] for one in first], name)
    differ = [one for one in first if one.right != second[one.id].right]
    questions = {
        "acc_wrong": {one.group for one in differ if one.label is not None},
        "acc_right": {one.group for one in differ if one.label is None},
        "f1": {one.group for one in differ},
    }
    found = {part: figure(new[part] - old[part]) for part in COMPARED}
    few = {part: {"low": None, "high": None} for part in COMPARED if len(questions[part]) < FEWEST}
    return {"n": len(first), **{part: found[part] | few.get(part, {}) for part in COMPARED}}


def mean_f1(sets: Sequence[tuple[str, Sequence[Prediction]]]) -> Figure:
    """The mean of F1 over sets, each weighing the same; rows are drawn again within each set."""
    found = figure(np.mean([draws(predictions, name)["f1"] for name, predictions in sets], axis=0))
    if found["low"] == found["high"] is not None:
        parts = [score(predictions, name)["f1"] for name, predictions in sets]
        found |= {end: round(float(np.mean([part[end] for part in parts])), 5) for end in ("low", "high")}
    return found


def _of_parts(f1: Figure, found: dict[str, Any]) -> Figure:
    """Where resampling gives F1 no width: from the harmonic mean of its parts' lower bounds to that of the upper ones."""
    if f1["value"] is None or f1["low"] != f1["high"]:
        return f1
    low, high = (
        float(harmonic(np.array([found["acc_wrong"][end]]), np.array([found["acc_right"][end]]))[0])
        for end in ("low", "high")
    )
    return {"value": f1["value"], "low": round(low, 5), "high": round(high, 5)}


def _steps(one: Prediction) -> tuple[int | None, int | None]:
    return one.label, one.step
