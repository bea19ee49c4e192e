"""How the injected errors stood the checks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lemma_steps.output.figures.canvas import BLUE, GREY, ORANGE, Report, bars

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_OUTCOMES = {"pass": BLUE, "fail": ORANGE, "not_computable": GREY}


def draw_injections(figure: Figure, report: Report) -> None:
    """One bar per check."""
    checks = report["injections"]["by_check"]
    axes = figure.subplots()
    parts = {
        outcome.replace("_", " "): (colour, [one.get(outcome, 0) for one in checks.values()])
        for outcome, colour in _OUTCOMES.items()
    }
    bars(axes, list(checks), parts, "injected errors")
    axes.set_title(f"Checks of {report['injections']['n']:,} injected errors", loc="left", fontsize=11)
