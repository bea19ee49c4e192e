"""Counts of error types of several models as a PNG (paper, Figures 6 and 8)."""

from __future__ import annotations

from pathlib import Path
from textwrap import fill
from typing import Any

from lemma_steps.error_analysis.error_shift import ErrorShift
from lemma_steps.error_analysis.series import incomplete
from lemma_steps.evaluation.results.labels import printable, short_name
from lemma_steps.evaluation.results.picture import COLOURS
from lemma_steps.study.difference import FEWEST
from lemma_steps.taxonomy import TAXONOMY

BEFORE = "#9a9a9a"
TRAINING = "Error types before and after training"


def draw_shift(shift: ErrorShift, file: Path, title: str = TRAINING) -> None:
    """Write grouped bars of counts, one group per type; a model before training is grey.

    Where it is known how many samples were looked at, a second panel has the differences to the first model per 100 samples,
    with 95 % intervals; a hollow mark has none.
    """
    import matplotlib as mpl
    from matplotlib.figure import Figure

    changes = {code: shift.differences(code) for code in shift.codes}
    panels = 1 + all(changes.values())
    # names are shown as they are: a dollar sign begins no formula
    with mpl.rc_context({"text.parse_math": False, "font.size": 10}):
        figure = Figure(figsize=(max(6.0, 1.6 + 1.25 * len(shift.codes)), 1.6 + 3.2 * panels), layout="constrained")
        grid = figure.subplots(panels, squeeze=False, sharex=True)[:, 0]
        _counts(grid[0], shift, trained=title == TRAINING)
        said = fill(incomplete((one.errors, one.errors + one.untyped) for one in shift.models), 60)
        grid[0].set_title(printable(title), loc="left", pad=12 + 12 * bool(said) + 12 * said.count("\n"))
        grid[0].annotate(said, (0, 1), (0, 6), "axes fraction", "offset points", color="#b00020", fontsize=9)
        if panels > 1:
            _differences(grid[1], shift, changes, trained=title == TRAINING)
        labels = [
            f"{code}\n{fill(TAXONOMY[code].name.removesuffix(' Error'), 15, break_long_words=False)}"
            for code in shift.codes
        ]
        grid[-1].set_xticks(range(len(labels)), labels, fontsize=9)
        for axes in grid:
            axes.grid(axis="y", color="#eeeeee")
            axes.set_axisbelow(True)
            axes.spines[["top", "right"]].set_visible(False)
            axes.tick_params(axis="x", length=0)
        figure.legend(loc="outside lower left", frameon=False)
        figure.savefig(file, dpi=150)


def _counts(axes: Any, shift: ErrorShift, *, trained: bool) -> None:
    from matplotlib.ticker import MaxNLocator

    codes, models = shift.codes, shift.models
    step = 0.8 / len(models)
    for n, model in enumerate(models):
        counts = [model.counts.get(code, 0) for code in codes]
        places = [place + (n - (len(models) - 1) / 2) * step for place in range(len(codes))]
        when = (", after" if n else ", before") if trained else ""
        left = f", {model.untyped:,} more without a type" if model.untyped else ""
        name = f" {short_name(model.model)}{when}: {model.errors:,} errors{left}"
        bars = axes.bar(places, counts, width=0.92 * step, color=_colour(n, trained=trained), label=name)
        axes.bar_label(bars, labels=[f"{count:,}" for count in counts], padding=2, fontsize=8)
    axes.set_ylabel("samples")
    axes.margins(x=0.02, y=0.08)
    axes.yaxis.set_major_locator(MaxNLocator(integer=True))


def _differences(axes: Any, shift: ErrorShift, changes: dict[str, list[Any]], *, trained: bool) -> None:
    step = 0.8 / len(shift.models)
    for n in range(1, len(shift.models)):
        estimates = [changes[code][n - 1] for code in shift.codes]
        places = [place + (n - (len(shift.models) - 1) / 2) * step for place in range(len(estimates))]
        colour = _colour(n, trained=trained)
        for place, one in zip(places, estimates, strict=True):
            known = one.low is not None
            if known:
                axes.vlines(place, one.low, one.high, color=colour, linewidth=2)
            axes.plot(place, one.score, marker="o", color=colour, markerfacecolor=colour if known else "white")
    axes.set_title(f"95 % intervals; hollow: fewer than {FEWEST} problems differ", loc="left", fontsize=9)
    axes.axhline(0, color=BEFORE, linewidth=1)
    axes.set_ylabel(f"more or fewer per 100 samples\nthan {short_name(shift.before.model)[:30]}")


def _colour(n: int, *, trained: bool) -> str:
    """Grey for the model before training; models that stand side by side have the colours of the other figures."""
    return COLOURS[(n - trained) % len(COLOURS)] if n or not trained else BEFORE
