"""With which words reflections begin."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lemma_steps.output.figures.canvas import BLUE, Report, bars

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def draw_reflections(figure: Figure, report: Report) -> None:
    """The most frequent openings."""
    top, facts = report["reflection_openings"]["top"], report["reflections"]
    axes = figure.subplots()
    bars(axes, [f"“{one['words']} …”" for one in top], {"": (BLUE, [one["count"] for one in top])}, "kept rows")
    title = f"{facts['openings']:,} openings of three words, the {len(top)} most frequent"
    axes.set_title(title, loc="left", fontsize=11)
