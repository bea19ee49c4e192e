"""Which figures a report has, and all of them drawn."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from lemma_steps.output.figures.calls import draw_calls
from lemma_steps.output.figures.canvas import Report, png
from lemma_steps.output.figures.distribution_match import draw_distribution_match
from lemma_steps.output.figures.funnel import draw_funnel
from lemma_steps.output.figures.injections import draw_injections
from lemma_steps.output.figures.label_quality import draw_label_quality, locators
from lemma_steps.output.figures.lengths import draw_lengths
from lemma_steps.output.figures.origin_strategy import draw_origin_strategy
from lemma_steps.output.figures.reflections import draw_reflections
from lemma_steps.output.figures.strategies import draw_strategies
from lemma_steps.output.figures.type_by_step import draw_type_by_step

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class _Kind(NamedTuple):
    """What draws a figure, how many rows of marks it has, and its height in inches apart from them."""

    draw: Callable[[Figure, Report], None]
    rows: Callable[[Report], int]
    inches_per_row: float = 0.3
    others: float = 1.1


_KINDS: dict[str, _Kind] = {
    "funnel": _Kind(draw_funnel, lambda report: len(report["funnel"])),
    "origin_strategy": _Kind(draw_origin_strategy, lambda report: len(report["origin_strategy"]), 0.4),
    "distribution_match": _Kind(
        draw_distribution_match, lambda report: int(bool(report["distribution_match"]["kept"])), 0, 4.2
    ),
    "type_by_step": _Kind(draw_type_by_step, lambda report: len(report["type_by_step"]["by_step"]), 0.36, 1.4),
    "lengths": _Kind(draw_lengths, lambda report: report["lengths"]["output"]["n"], 0, 2.8),
    "reflections": _Kind(draw_reflections, lambda report: len(report["reflection_openings"]["top"]), 0.26),
    "strategies": _Kind(draw_strategies, lambda report: len(report["strategies"]), 0, 3.0),
    "injections": _Kind(draw_injections, lambda report: int(bool(report["injections"]["n"])), 0, 2.4),
    "label_quality": _Kind(draw_label_quality, lambda report: len(locators(report)), 0.5, 1.4),
    "calls": _Kind(draw_calls, lambda report: len(report["calls"]), 0.34),
}
"""Named as the keys of `report.json` that they show."""
_WIDTH = 8.6


def figure_names(report: Report) -> list[str]:
    """The figures that a report has: those of which there is something to show."""
    return [name for name, kind in _KINDS.items() if kind.rows(report)]


def draw_figures(report: Report) -> Iterator[tuple[str, bytes]]:
    """File name and bytes of every figure; the same report gives the same bytes on the same version of matplotlib."""
    for name in figure_names(report):
        kind = _KINDS[name]
        yield (
            f"{name}.png",
            png(kind.draw, report, _WIDTH, kind.others + kind.inches_per_row * min(kind.rows(report), 60)),
        )
