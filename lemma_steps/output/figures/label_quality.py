"""What was measured of the locator that found the first wrong steps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from lemma_steps.output.figures.canvas import Report, intervals

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FIGURES = {"acc_wrong": "right on wrong solutions", "acc_right": "right on right solutions", "f1": "F1"}
_MOST = 12


def locators(report: Report) -> list[tuple[str, Mapping[str, Any]]]:
    """(set and how it was asked, its figures) of every measurement of the run's locator."""
    found = (report.get("label_quality") or {}).get("locator") or []
    return [
        (f"{name}, {'with' if one.get('with_reference') else 'no'} reference, votes {one.get('votes', 1)}", figures)
        for one in found
        for name, figures in one["sets"].items()
    ][:_MOST]


def draw_label_quality(figure: Figure, report: Report) -> None:
    """Accuracies with intervals, one row per measured set."""
    rows = locators(report)
    axes = figure.subplots()
    shown = {words: [_share(figures.get(key)) for _, figures in rows] for key, words in FIGURES.items()}
    intervals(axes, [label for label, _ in rows], shown)
    axes.set_title("First wrong step: how often the locator was right on labelled sets", loc="left", fontsize=11)


def _share(figure: Mapping[str, Any] | None) -> dict[str, Any] | None:
    return {"share": figure["value"], "low": figure["low"], "high": figure["high"]} if figure else None
