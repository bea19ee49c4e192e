"""Rows by origin of the error and strategy of the correction."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lemma_steps.output.figures.canvas import BLUE, ORANGE, Report, bars

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def draw_origin_strategy(figure: Figure, report: Report) -> None:
    """One bar per pair."""
    pairs = report["origin_strategy"][:60]
    parts = {
        "kept": (BLUE, [pair["kept"] for pair in pairs]),
        "rejected": (ORANGE, [pair["rejected"] for pair in pairs]),
    }
    axes = figure.subplots()
    bars(axes, [f"{pair['origin']}, {pair['strategy']}" for pair in pairs], parts, "candidates")
    axes.set_title("Origin and strategy", loc="left")
