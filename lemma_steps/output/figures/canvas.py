"""What all figures share: size, colours, names that are shown as they are, and bytes without the time."""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from lemma_steps.evaluation.results.labels import printable
from lemma_steps.evaluation.results.picture import COLOURS

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Report = Mapping[str, Any]
BLUE, ORANGE, GREEN = COLOURS[:3]
GREY = "#9a9a9a"
LONGEST_NAME = 36
_DPI = 110


def png(draw: Callable[[Figure, Report], None], report: Report, width: float, height: float) -> bytes:
    """The figure that `draw` draws of the report, as a PNG of so many inches (110 dots each)."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    with mpl.rc_context({"text.parse_math": False, "font.size": 10}), warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # a sign that the font lacks is drawn as a box
        figure = Figure(figsize=(width, height))
        margins(figure)
        draw(figure, report)
        file = io.BytesIO()
        figure.savefig(file, format="png", dpi=_DPI, metadata={"Software": None})
    return file.getvalue()


def margins(figure: Figure, left: float = 0.75, right: float = 0.25, top: float = 0.4, bottom: float = 0.55) -> None:
    """Set the margins in inches. A layout engine would find them by drawing everything twice."""
    width, height = figure.get_size_inches()
    figure.subplots_adjust(left / width, bottom / height, 1 - right / width, 1 - top / height)


def _beside(axes: Any, labels: Sequence[str], right: float = 0.25) -> list[str]:
    """The names of the rows, for which room is made on the left."""
    names = [name(label) for label in labels]
    margins(axes.figure, left=0.3 + 0.082 * max(map(len, names), default=0), right=right)
    return names


def name(text: Any) -> str:
    """A name as a label: one line without control characters, cut."""
    shown = " ".join(printable(str(text)[: 4 * LONGEST_NAME]).split())
    # matplotlib leaves a label that begins with an underscore out of the legend
    shown = f" {shown}" if shown.startswith("_") else shown
    return shown if len(shown) <= LONGEST_NAME else f"{shown[: LONGEST_NAME - 1]}…"


def bars(axes: Any, labels: Sequence[str], parts: Mapping[str, tuple[str, Sequence[float]]], unit: str) -> None:
    """Horizontal bars, the first on top, each of parts side by side: name -> (colour, values).

    The sum stands at the end of each bar.
    """
    begin = [0.0] * len(labels)
    for part, (colour, values) in parts.items():
        axes.barh(range(len(labels)), values, left=begin, color=colour, label=part, height=0.72)
        begin = [old + value for old, value in zip(begin, values, strict=True)]
    axes.set_yticks(range(len(labels)), _beside(axes, labels))
    axes.invert_yaxis()
    for place, total in enumerate(begin):
        axes.annotate(f"{total:,.0f}", (total, place), (4, 0), textcoords="offset points", va="center", fontsize=8)
    axes.set_xlim(0, max([*begin, 1]) * 1.12)
    axes.set_xlabel(unit)
    axes.xaxis.set_major_formatter("{x:,.0f}")
    axes.locator_params(axis="x", nbins=6, integer=True)
    plain(axes, grid="x")
    if len(parts) > 1:
        where = {"loc": "lower right", "bbox_to_anchor": (1.0, 1.0), "ncols": len(parts)}
        axes.legend(frameon=False, fontsize=9, borderaxespad=0.2, columnspacing=1.2, **where)


def intervals(axes: Any, labels: Sequence[str], series: Mapping[str, Sequence[Mapping[str, Any] | None]]) -> None:
    """Shares as dots with their intervals, in per cent, one row per label and one colour per series; None is left out."""
    step = min(0.22, 0.8 / max(len(series), 1))
    for number, (named, figures) in enumerate(series.items()):
        shift = (number - (len(series) - 1) / 2) * step
        known = [(place + shift, one) for place, one in enumerate(figures) if one and one["share"] is not None]
        places, colour = [place for place, _ in known], COLOURS[number % len(COLOURS)]
        bounded = [(place, one) for place, one in known if one["low"] is not None and one["high"] is not None]
        axes.hlines(
            [place for place, _ in bounded],
            [100 * one["low"] for _, one in bounded],
            [100 * one["high"] for _, one in bounded],
            color=colour,
            linewidth=2,
        )
        axes.plot([100 * one["share"] for _, one in known], places, "o", color=colour, label=name(named), markersize=6)
    axes.set_yticks(range(len(labels)), _beside(axes, labels, right=2.1))
    axes.set_ylim(len(labels) - 0.5, -0.5)
    axes.set_xlim(-2, 102)
    axes.set_xlabel("%")
    plain(axes, grid="x")
    axes.legend(frameon=False, fontsize=9, loc="upper left", bbox_to_anchor=(1.0, 1.0))


def plain(axes: Any, grid: str) -> None:
    """No frame, a faint grid behind the marks."""
    axes.grid(axis=grid, color="#eeeeee")
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(length=0)
