"""Where the errors of each type stand: heat tables by step and by third."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from lemma_steps.output.figures.canvas import Report, margins, name, plain

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def draw_type_by_step(figure: Figure, report: Report) -> None:
    """Two tables side by side; every row's shades are shares of its type."""
    codes = list(report["type_by_step"]["by_step"])[:60]
    headings, counts = by_step(report)
    by_number, by_third = figure.subplots(1, 2, width_ratios=[max(len(headings), 4), 3])
    _table(
        by_number,
        headings,
        codes,
        [counts[code] for code in codes],
        "number of the first wrong step",
    )
    thirds = report["type_by_step"]["by_third"]
    names = ["first", "middle", "last"]
    values = [[thirds.get(code, {}).get(third, 0) for third in names] for code in codes]
    _table(by_third, names, codes, values, "third")
    margins(figure, left=0.6, top=0.45)
    figure.subplots_adjust(wspace=0.12)
    figure.suptitle(
        "Kept rows by error type and place of the first wrong step", x=0.01, y=0.98, va="top", ha="left", fontsize=11
    )


def by_step(report: Report, last: int = 12) -> tuple[list[str], dict[str, list[int]]]:
    """Headings of the steps that occur, those from `last` on together, and per type the rows at each."""
    found = {code: {int(step): n for step, n in at.items()} for code, at in report["type_by_step"]["by_step"].items()}
    final = max((step for at in found.values() for step in at), default=0)
    steps = list(range(1, min(final, last - 1) + 1))
    beyond = final >= last
    rows = {
        code: [at.get(step, 0) for step in steps]
        + ([sum(count for step, count in at.items() if step >= last)] if beyond else [])
        for code, at in found.items()
    }
    return [*map(str, steps), *([f"{last}+"] if beyond else [])], rows


def _table(axes: Any, headings: Sequence[str], codes: Sequence[str], values: list[list[int]], title: str) -> None:
    shares = [[value / (sum(row) or 1) for value in row] for row in values]
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1, aspect="auto")
    for place, row in enumerate(values):
        for column, value in enumerate(row):
            dark = shares[place][column] > 0.55
            axes.text(
                column, place, f"{value:,}", ha="center", va="center", fontsize=8, color="white" if dark else "black"
            )
    axes.set_xticks(range(len(headings)), headings)
    axes.set_yticks(range(len(codes)), [name(code)[:8] for code in codes])
    axes.set_xlabel(title)
    plain(axes, grid="x")
    axes.grid(visible=False)
