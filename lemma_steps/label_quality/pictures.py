"""The figures of a study of a locator as PNG: accuracies per set, agreement against being right, types confused."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lemma_steps.evaluation.results.labels import short_name
from lemma_steps.evaluation.results.picture import COLOURS
from lemma_steps.label_quality.measurement import title
from lemma_steps.label_quality.tables import seen
from lemma_steps.label_quality.type_scores import PREDICTED, UNANSWERED
from lemma_steps.labelled import registry

Report = Mapping[str, Any]
SHOWN = {"acc_wrong": "accuracy on wrong solutions", "acc_right": "accuracy on right solutions", "f1": "F1"}
SAID = {UNANSWERED: "unan-\nswered"}


def draw(report: Report, folder: Path) -> list[str]:
    """Write what there is to draw into the folder; returns the names of the files."""
    import matplotlib as mpl

    drawn = []
    # names are shown as they are: a dollar sign begins no formula
    with mpl.rc_context({"text.parse_math": False, "font.size": 10}):
        for name, make in (("locator.png", _accuracies), ("agreement.png", _agreement), ("types.png", _confusion)):
            figure = make(report)
            if figure is not None:
                figure.savefig(folder / name, dpi=150)
                drawn.append(name)
    return drawn


def _figure(width: float, height: float) -> Any:
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained")


def _accuracies(report: Report) -> Any:
    off = [one for one in report["locator"] if one["checker"] == "off"]
    if not off:
        return None
    names = [name for name in registry() if any(name in one["sets"] for one in off)][::-1]
    figure = _figure(11, 1.4 + 0.5 * len(names))
    for axes, (part, heading) in zip(figure.subplots(1, len(SHOWN), sharey=True), SHOWN.items(), strict=True):
        for number, one in enumerate(off):
            found = {name: one["sets"][name][part] for name in names if name in one["sets"]}
            known = {name: cell for name, cell in found.items() if cell["value"] is not None}
            places = [names.index(name) + 0.15 * (1 - 2 * number) for name in known]
            values = [100 * cell["value"] for cell in known.values()]
            bounds = [[100 * cell["low"] for cell in known.values()], [100 * cell["high"] for cell in known.values()]]
            axes.hlines(places, *bounds, color=COLOURS[number], linewidth=1.6)
            axes.plot(values, places, "o", color=COLOURS[number], markersize=5, label=seen(one["with_reference"]))
        axes.set_yticks(range(len(names)), [title(name) for name in names])
        axes.set_ylim(-0.6, len(names) - 0.4)
        axes.set_xlim(0, 100)
        axes.set_xlabel("%")
        axes.set_title(heading, loc="left", fontsize=10)
        _plain(axes, "x")
    figure.legend(*figure.axes[0].get_legend_handles_labels(), loc="outside lower left", ncols=2, frameon=False)
    figure.suptitle(f"First wrong step found by {short_name(report['teacher'])}", x=0.01, ha="left")
    return figure


def _agreement(report: Report) -> Any:
    if not any(one["calibration"] for one in report["agreement"]):
        return None
    figure = _figure(5.5, 5.5)
    axes = figure.subplots()
    axes.plot([0, 100], [0, 100], color="#9a9a9a", linewidth=1, linestyle="--", label="as right as agreed")
    for number, one in enumerate(report["agreement"]):
        cells = [(100 * part["agreement"], part["right"], part["n"]) for part in one["calibration"]]
        x = [agreement for agreement, _, _ in cells]
        low, value, high = ([100 * right[name] for _, right, _ in cells] for name in ("low", "value", "high"))
        axes.vlines(x, low, high, color=COLOURS[number], linewidth=1.6)
        axes.plot(x, value, "o-", color=COLOURS[number], markersize=5, label=seen(one["with_reference"]))
        for place, y, (_, _, count) in zip(x, high, cells, strict=True):
            axes.annotate(f"{count:,}", (place, y), textcoords="offset points", xytext=(0, 3), ha="center", fontsize=8)
    axes.set_xlim(0, 104)
    axes.set_ylim(0, 104)
    axes.set_xlabel("share of votes for the label, %")
    axes.set_ylabel("labels that are right, %")
    axes.set_title("Agreement of votes and right labels", loc="left")
    _plain(axes, "both")
    figure.legend(loc="outside lower left", frameon=False)
    return figure


def _confusion(report: Report) -> Any:
    if not report["classifier"]:
        return None
    [one] = report["classifier"]
    figure = _figure(5.6 * len(one["sets"]) + 0.8, 5.4)
    panels = figure.subplots(1, len(one["sets"]), squeeze=False)[0]
    for axes, (name, found) in zip(panels, one["sets"].items(), strict=True):
        said = [code for code in PREDICTED if any(counts.get(code) for counts in found["confusion"].values())]
        counts = [[found["confusion"][label].get(code, 0) for code in said] for label in found["labels"]]
        shares = [[count / sum(row) for count in row] for row in counts]
        axes.imshow(shares, cmap="Blues", vmin=0, vmax=1, aspect="auto")
        for y, row in enumerate(counts):
            for x, count in enumerate(row):
                colour = "white" if shares[y][x] > 0.55 else "black"
                axes.text(x, y, f"{count:,}" if count else "", ha="center", va="center", color=colour, fontsize=8)
        axes.set_xticks(range(len(said)), [SAID.get(code, code) for code in said], fontsize=9)
        axes.set_yticks(range(len(found["labels"])), found["labels"])
        axes.set_xlabel("predicted")
        axes.set_ylabel("labelled")
        axes.set_title(f"{title(name)}: {found['n']:,} errors", loc="left", fontsize=10)
    figure.suptitle(f"Error types by {short_name(one['teacher'])}", x=0.01, ha="left")
    return figure


def _plain(axes: Any, grid: Any) -> None:
    axes.grid(axis=grid, color="#eeeeee")
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
