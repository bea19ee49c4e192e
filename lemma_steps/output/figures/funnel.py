"""The yield funnel: rows that every step let through, and those that it rejected."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lemma_steps.output.figures.canvas import BLUE, ORANGE, Report, bars

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def draw_funnel(figure: Figure, report: Report) -> None:
    """One bar per step."""
    steps = report["funnel"][:60]
    passed = [step["rows_out"] for step in steps]
    lost = [sum(step["rejected"].values()) for step in steps]
    axes = figure.subplots()
    bars(axes, [step["step"] for step in steps], {"passed": (BLUE, passed), "rejected": (ORANGE, lost)}, "rows")
    axes.set_title(f"Yield: {report['kept']:,} rows kept of {report['entered']:,} that entered", loc="left")
