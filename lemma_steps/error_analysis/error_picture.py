"""The before/after figure of error types as a PNG. Needs matplotlib."""

from __future__ import annotations

from pathlib import Path
from textwrap import fill

from lemma_steps.error_analysis.error_shift import ErrorShift
from lemma_steps.evaluation.results.labels import short_name
from lemma_steps.evaluation.results.picture import COLOURS
from lemma_steps.taxonomy import TAXONOMY

BEFORE = "#9a9a9a"


def draw_shift(shift: ErrorShift, file: Path) -> None:
    """Write grouped bars of counts, one group per type, the model before in grey."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    codes, models = shift.codes, shift.models
    step = 0.8 / len(models)
    # names are shown as they are: a dollar sign begins no formula
    with mpl.rc_context({"text.parse_math": False, "font.size": 10}):
        figure = Figure(figsize=(max(6.0, 1.6 + 1.25 * len(codes)), 4.8), layout="constrained")
        axes = figure.subplots()
        for n, model in enumerate(models):
            counts = [model.counts.get(code, 0) for code in codes]
            places = [place + (n - (len(models) - 1) / 2) * step for place in range(len(codes))]
            name = f" {short_name(model.model)}, {'after' if n else 'before'}: {model.errors:,} errors"
            bars = axes.bar(places, counts, width=0.92 * step, color=COLOURS[(n - 1) % 7] if n else BEFORE, label=name)
            axes.bar_label(bars, labels=[f"{count:,}" for count in counts], padding=2, fontsize=8)
        labels = [
            f"{code}\n{fill(TAXONOMY[code].name.removesuffix(' Error'), 15, break_long_words=False)}" for code in codes
        ]
        axes.set_xticks(range(len(codes)), labels, fontsize=9)
        axes.set_ylabel("samples")
        axes.set_title("Error types before and after training", loc="left", pad=12)
        axes.margins(x=0.02, y=0.08)
        axes.grid(axis="y", color="#eeeeee")
        axes.set_axisbelow(True)
        axes.spines[["top", "right"]].set_visible(False)
        axes.tick_params(axis="x", length=0)
        axes.yaxis.get_major_locator().set_params(integer=True)
        figure.legend(loc="outside lower left", frameon=False)
        figure.savefig(file, dpi=150)
