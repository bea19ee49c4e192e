"""What was measured of the locator that found the first wrong steps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from lemma_steps.output.figures.canvas import Report, intervals, name
from lemma_steps.output.quoted import quoted, set_title

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FIGURES = {
    "acc_wrong": "right on wrong solutions",
    "acc_right": "right on right solutions",
    "f1": "F1",
    "right_if_answered": "right if answered",
}
_MOST = 40


def locators(report: Report) -> list[tuple[str, Mapping[str, Any]]]:
    """(set, its figures) of the measurements of the run's locator that the page quotes first."""
    return [(set_title(key), figures) for one in _shown(report) for key, figures in one["sets"].items()][:_MOST]


def draw_label_quality(figure: Figure, report: Report) -> None:
    """Accuracies with intervals, one row per measured set."""
    rows = locators(report)
    axes = figure.subplots()
    shown = {words: [_share(figures.get(key)) for _, figures in rows] for key, words in FIGURES.items()}
    intervals(axes, [label for label, _ in rows], shown)
    axes.set_title("First wrong step: how often the locator was right on labelled sets", loc="left", fontsize=11)
    figure.text(0.01, 0.015, "; ".join(map(_asked, _shown(report)))[:140], fontsize=8)


def _shown(report: Report) -> list[Mapping[str, Any]]:
    return quoted((report.get("label_quality") or {}).get("locator") or [])


def _asked(one: Mapping[str, Any]) -> str:
    how = "as in the run" if one.get("as_in_run") else "not as in the run"
    reference = "with" if one.get("with_reference") else "without"
    return f"{name(one['teacher'])} {reference} reference, votes {name(one.get('votes', 1))}, {how}"


def _share(figure: Mapping[str, Any] | None) -> dict[str, Any] | None:
    return {"share": figure["value"], "low": figure["low"], "high": figure["high"]} if figure else None
