"""What the strategies differ in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lemma_steps.output.figures.canvas import Report, intervals

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FIGURES = {
    "yield": "yield",
    "equations_in_gold": "equations that the gold solution has",
    "steps_in_gold": "steps that the gold solution has",
    "steps_in_prefix": "steps that the prefix has",
}
"""Key of `report["strategies"]` -> what it is a share of, in words."""


def draw_strategies(figure: Figure, report: Report) -> None:
    """Shares with intervals, one colour per strategy."""
    strategies = report["strategies"][:7]
    axes = figure.subplots()
    intervals(axes, list(FIGURES.values()), {one["strategy"]: [one[key] for key in FIGURES] for one in strategies})
    axes.set_title("Strategies: yield, and how much of a correction stands elsewhere", loc="left", fontsize=11)
