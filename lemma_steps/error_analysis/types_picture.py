"""Shares of error types as a PNG: the models of one source side by side (paper, Figures 3 and 7)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from textwrap import fill

from lemma_steps.error_analysis.series import Series, incomplete, ordered_codes
from lemma_steps.evaluation.results.picture import COLOURS
from lemma_steps.share import Share
from lemma_steps.taxonomy import TAXONOMY, published_percent

RARE = 0.01
"""Types below this share in every series are drawn together, as the paper leaves them out."""
_CHARACTER = 0.075
"""Width of a letter of the legend, in inches."""
_OTHERS = "others,\neach under 1 %"
_GREYS = ("#6e6e6e", "#8f8f8f", "#b0b0b0", "#d0d0d0")


def draw_types(series: Sequence[Series], title: str, labels: Sequence[str], file: Path) -> None:
    """Write grouped bars with 95 % intervals, for series of one source; the paper's models in grey where it has some."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    paper = published_percent(series[0].source)
    codes, rare = _codes(series, [code for percent in paper.values() for code in percent])
    names = [
        f"{code}\n{fill(TAXONOMY[code].name.removesuffix(' Error'), 14, break_long_words=False)}" for code in codes
    ]
    names += [_OTHERS] if rare else []
    together = len(series) + len(paper)
    step = min(0.84 / together, 0.3)
    # names are shown as they are: a dollar sign begins no formula
    with mpl.rc_context({"text.parse_math": False, "font.size": 10}):
        figure = Figure(figsize=(max(7.0, 1.6 + 1.2 * len(names)), 5.0), layout="constrained")
        axes = figure.subplots()
        for n, (one, label) in enumerate(zip(series, labels, strict=True)):
            shares = [one.type_share(code) for code in codes] + ([_together(one, rare)] if rare else [])
            places = [place + (n - (together - 1) / 2) * step for place in range(len(names))]
            told = f" {label}: {one.typed:,} classified of {one.wrong:,} wrong samples"
            values = [100 * (share.value or 0.0) for share in shares]
            axes.bar(places, values, width=0.9 * step, color=COLOURS[n % len(COLOURS)], label=told)
            for place, share in zip(places, shares, strict=True):
                if share.low is not None and share.high is not None:  # without a bar, its colour says whose it is
                    colour = "#444444" if share.count else COLOURS[n % len(COLOURS)]
                    axes.vlines(place, 100 * share.low, 100 * share.high, color=colour, linewidth=1.2)
        for n, (model, percent) in enumerate(paper.items(), len(series)):
            places = [place + (n - (together - 1) / 2) * step for place in range(len(codes))]
            values = [percent.get(code, 0.0) for code in codes]
            grey = _GREYS[(n - len(series)) % len(_GREYS)]
            axes.bar(places, values, width=0.9 * step, color=grey, label=f" {model} in the paper, by GPT-4o")
        axes.set_xticks(range(len(names)), names, fontsize=9)
        axes.set_ylabel("% of classified errors")
        said = incomplete((one.typed, one.wrong) for one in series)
        axes.set_title(title, loc="left", pad=24 if said else 12)
        axes.annotate(said, (0, 1), (0, 6), "axes fraction", "offset points", color="#b00020")
        axes.set_ylim(bottom=0)
        axes.set_xlim(-0.5, len(names) - 0.5)
        axes.grid(axis="y", color="#eeeeee")
        axes.set_axisbelow(True)
        axes.spines[["top", "right"]].set_visible(False)
        axes.tick_params(axis="x", length=0)
        longest = max(len(str(bars.get_label())) for bars in axes.containers)
        columns = 2 if together > 4 and 2 * (4 + longest) * _CHARACTER < figure.get_figwidth() else 1
        figure.legend(loc="outside lower left", frameon=False, fontsize=9, ncols=columns)
        figure.savefig(file, dpi=150)


def _codes(series: Sequence[Series], published: Sequence[str]) -> tuple[list[str], list[str]]:
    """The types drawn one by one, and those drawn together; the paper's are never hidden."""
    codes = ordered_codes(series)
    often = {code for code in codes if any((one.type_share(code).value or 0.0) >= RARE for one in series)}
    rare = [code for code in codes if code not in often | set(published)]
    shown = [code for code in codes if code not in rare]
    return [*shown, *(code for code in dict.fromkeys(published) if code not in shown)], rare


def _together(series: Series, codes: Sequence[str]) -> Share:
    return Share.by_row([(sum(types[code] for code in codes), types.total()) for types in series.types.values()])
