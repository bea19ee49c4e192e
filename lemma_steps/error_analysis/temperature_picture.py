"""Error types by sampling temperature as a PNG (paper, Figure 4a)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from lemma_steps.error_analysis.series import LOST, Series, incomplete, ordered_codes
from lemma_steps.evaluation.results.labels import printable, short_name
from lemma_steps.evaluation.results.picture import COLOURS, MARKERS
from lemma_steps.share import Share
from lemma_steps.taxonomy import TAXONOMY

DRAWN = 6
"""Types with a line of their own; nonsense always has one, it is what the paper's figure is about."""


def draw_temperature(study: Sequence[Series], file: Path) -> None:
    """Write two panels over the temperature: shares of the types among classified errors, and of what came at all."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    codes = list(dict.fromkeys([*ordered_codes(study)[:DRAWN], "NO"]))
    with mpl.rc_context({"text.parse_math": False, "font.size": 10}):
        figure = Figure(figsize=(11, 4.8), layout="constrained")
        types, answers = figure.subplots(1, 2)
        for n, code in enumerate(codes):
            _line(types, study, [one.type_share(code) for one in study], f"{code} {TAXONOMY[code].name}", n)
        _axes(types, study, "% of classified errors", "Error types")
        for n, verdict in enumerate(("wrong", "unparsed", LOST)):
            name = {"unparsed": "no answer found", LOST: "cut at the limit or empty"}.get(verdict, verdict)
            _line(answers, study, [one.answer_share(verdict) for one in study], name, n)
        _line(answers, study, [one.coverage for one in study], "classified, % of wrong", 3)
        _axes(answers, study, "% of samples", "What came")
        title = f"{short_name(study[0].model)} on {printable(study[0].source)[:60]}, by sampling temperature"
        said = incomplete((one.typed, one.wrong) for one in study)
        figure.suptitle(title, x=0.01, ha="left")
        types.annotate(said, (0, 1), (0, 6), "axes fraction", "offset points", color="#b00020", fontsize=9)
        figure.savefig(file, dpi=150)


def _line(axes: Any, study: Sequence[Series], shares: Sequence[Share], name: str, n: int) -> None:
    found = [(one.temperature, share) for one, share in zip(study, shares, strict=True) if share.value is not None]
    points = [(at, 100 * (s.value or 0), 100 * (s.low or 0), 100 * (s.high or 0)) for at, s in found]
    if points:
        places, values, lows, highs = zip(*points, strict=True)
        colour = COLOURS[n % len(COLOURS)]
        beside = [place + (n - 2) * 0.012 for place in places]  # intervals side by side, not on top of each other
        axes.plot(beside, values, color=colour, marker=MARKERS[n % len(MARKERS)], label=f" {name}", linewidth=1.2)
        axes.vlines(beside, lows, highs, color=colour, linewidth=1.2, alpha=0.6)


def _axes(axes: Any, study: Sequence[Series], label: str, title: str) -> None:
    axes.set_xlabel("temperature")
    axes.set_xticks([one.temperature for one in study])
    axes.set_ylabel(label)
    axes.set_ylim(0, None)
    axes.set_title(title, loc="left", pad=24)
    axes.grid(axis="y", color="#eeeeee")
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.16), frameon=False, fontsize=8, ncols=2)
