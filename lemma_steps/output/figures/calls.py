"""What the steps asked of the models."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lemma_steps.output.figures.canvas import BLUE, ORANGE, Report, bars

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def draw_calls(figure: Figure, report: Report) -> None:
    """Tokens in and out, one bar per step."""
    calls = report["calls"][:60]
    parts = {
        "tokens in": (BLUE, [call["tokens_in"] for call in calls]),
        "tokens out": (ORANGE, [call["tokens_out"] for call in calls]),
    }
    axes = figure.subplots()
    labels = [f"{call['step']}, {call['calls']:,} calls" for call in calls]
    bars(axes, labels, parts, "tokens")
    axes.set_title("Model calls", loc="left", fontsize=11)
