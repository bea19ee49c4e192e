"""Tables of results as a picture: dots with intervals, the runs in colour beside the paper's in grey."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from lemma_steps.evaluation.results.paper import ENDS
from lemma_steps.evaluation.results.row import Row
from lemma_steps.evaluation.results.table import Table

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
"""Told apart by colour-blind readers too (Okabe and Ito)."""
MARKERS = ("o", "s", "^", "D", "v", "P")
_GREY = "#9a9a9a"
_PANELS = ("main", "maj32", "mathchat")
_LINES = ("", "Maj@32")


def draw(tables: Sequence[Table], file: Path) -> None:
    """Write a PNG with a panel for each of the paper's tables. Of its rows it shows SFT (hollow) and LEMMA (filled)."""
    import matplotlib as mpl
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    shown = [table for table in tables if table.layout.key in _PANELS] or list(tables)
    runs = list(dict.fromkeys(row.label for table in shown for row in table.rows if row.is_run))
    # names are shown as they are: a dollar sign begins no formula
    with mpl.rc_context({"text.parse_math": False, "font.size": 10}):
        figure = Figure(figsize=(12, 4.8 * len(shown)), layout=ConstrainedLayoutEngine(h_pad=0.2))
        for axes, table in zip(figure.subplots(len(shown), squeeze=False)[:, 0], shown, strict=True):
            _panel(axes, table, runs)
        figure.savefig(file, dpi=150)


def _panel(axes: Any, table: Table, runs: Sequence[str]) -> None:
    rows = [row for row in table.rows if row.line in _LINES and (row.is_run or row.label in ENDS)]
    models = list(dict.fromkeys(row.group for row in rows if not row.is_run))
    step = min(0.8 / len(rows), 0.12)
    for n, row in enumerate(rows):
        cells = [(place, row.cells[heading]) for place, heading in enumerate(table.headings) if heading in row.cells]
        shift = (n - (len(rows) - 1) / 2) * step
        style = _run_style(runs.index(row.label)) if row.is_run else _paper_style(row, models)
        known = [(place + shift, cell.low, cell.high) for place, cell in cells if cell.low is not None]
        if known:
            axes.vlines(*zip(*known, strict=True), color=style["color"], linewidth=1.6)
        places, scores = [place + shift for place, _ in cells], [cell.score for _, cell in cells]
        axes.plot(places, scores, linestyle="none", label=_legend(row), **style)
    for place in range(1, len(table.headings)):
        axes.axvline(place - 0.5, color="#e4e4e4", linewidth=0.8, zorder=0)
    axes.set_xticks(range(len(table.headings)), table.headings)
    axes.set_xlim(-0.5, len(table.headings) - 0.5)
    axes.set_ylim(0, 100)
    axes.set_ylabel("%")
    remark = "; the paper's by its published grader" if "math_verify" in table.layout.title else ""
    axes.set_title(f"{table.layout.title}{remark}", loc="left")
    axes.grid(axis="y", color="#eeeeee", zorder=0)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), frameon=False, fontsize=8)


def _run_style(number: int) -> dict[str, Any]:
    return {
        "color": COLOURS[number % len(COLOURS)],
        "marker": MARKERS[number % len(MARKERS)],
        "markersize": 6,
        "zorder": 3,
    }


def _paper_style(row: Row, models: Sequence[str]) -> dict[str, Any]:
    hollow = {"markerfacecolor": "white"} if row.label == ENDS[0] else {}
    return {"color": _GREY, "marker": MARKERS[models.index(row.group) % len(MARKERS)], "markersize": 5, **hollow}


def _legend(row: Row) -> str:
    # matplotlib leaves out what begins with an underscore
    name = row.name if row.is_run else f"{row.group.partition(' (')[0]} {row.name}, paper"
    return f" {name}" if name.startswith("_") else name
