"""How long outputs and their parts are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lemma_steps.output.figures.canvas import BLUE, GREEN, GREY, ORANGE, Report, margins, plain

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_COLOURS = {"prefix": ORANGE, "reflection": BLUE, "correction": GREEN, "output": GREY}


def draw_lengths(figure: Figure, report: Report) -> None:
    """One histogram per part, with its median."""
    shown = {part: found for part in _COLOURS if (found := report["lengths"].get(part)) and found["histogram"]}
    for axes, (part, found) in zip(figure.subplots(1, len(shown), squeeze=False)[0], shown.items(), strict=True):
        bins = found["histogram"]
        width = bins[0]["to"] - bins[0]["from"]
        places, counts = [one["from"] for one in bins], [one["count"] for one in bins]
        axes.bar(places, counts, width=0.94 * width, align="edge", color=_COLOURS[part])
        axes.axvline(found["median"], color="black", linewidth=1)
        axes.set_title(f"{part}\nmedian {found['median']:,}", loc="left", fontsize=10)
        axes.set_xlabel("tokens (estimate)")
        plain(axes, grid="y")
    margins(figure, top=0.6)
    figure.subplots_adjust(wspace=0.32)
    figure.axes[0].set_ylabel("kept rows")
