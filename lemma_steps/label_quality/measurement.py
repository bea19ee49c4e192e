"""The scores of one way to ask, as they are kept and quoted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from lemma_steps import prompts
from lemma_steps.label_quality.measured import Kind, Measurement
from lemma_steps.label_quality.of_run import ROLES
from lemma_steps.label_quality.prediction import Prediction
from lemma_steps.label_quality.scores import mean_f1, score
from lemma_steps.label_quality.settings import ScoreSettings
from lemma_steps.label_quality.type_scores import TypePrediction, score_types
from lemma_steps.labelled import Conventions, registry


def of_locator(
    predictions: Mapping[str, Sequence[Prediction]],
    teacher: str,
    settings: ScoreSettings,
    made: Mapping[str, Any],
    *,
    with_reference: bool,
    checker: str,
) -> Measurement:
    """The measurement of a locator.

    Args:
        predictions: by set, none of them empty.
        teacher: who was asked.
        settings: how.
        made: command, date and version.
        with_reference: whether the reference solution was seen.
        checker: the say that the arithmetic check had.
    """
    head = _head("locator", teacher, settings, made)
    how = {"with_reference": with_reference, "votes": settings.votes, "checker": checker}
    sets = {name: score(rows, name, settings.votes) for name, rows in predictions.items()}
    return {**head, **how, "sets": sets, "averages": averages(predictions)}


def averages(predictions: Mapping[str, Sequence[Prediction]]) -> dict[str, Any]:
    """The published means over several sets, of F1; only where every set of a mean is there."""
    found: dict[str, Any] = {}
    for average in dict.fromkeys(by.average for by in registry().values() if by.average):
        members = [name for name, by in registry().items() if by.average == average]
        if all(name in predictions for name in members):
            found[average] = {"f1": mean_f1([(name, predictions[name]) for name in members])}
    return found


def of_classifier(
    predictions: Mapping[str, Sequence[TypePrediction]],
    teacher: str,
    settings: ScoreSettings,
    made: Mapping[str, Any],
) -> Measurement:
    """The measurement of a classifier; arguments as `of_locator`."""
    sets = {name: score_types(rows, name) for name, rows in predictions.items()}
    return {**_head("classifier", teacher, settings, made), "sets": sets}


def title(name: str) -> str:
    """A set's or an average's name in prose."""
    return Conventions.of(name).title if name in registry() else f"{name}, mean"


def _head(kind: Kind, teacher: str, settings: ScoreSettings, made: Mapping[str, Any]) -> Measurement:
    return {
        "kind": kind,
        "teacher": teacher,
        "template": prompts.template_id(ROLES[kind]),
        "seed": settings.seed,
        "sampling": dict(settings.sampling),
        "limit": settings.limit,
        "made": dict(made),
    }
