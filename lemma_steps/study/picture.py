"""Accuracy by number of rows, as in the paper's Figure 5."""

from __future__ import annotations

from pathlib import Path

from lemma_steps.evaluation.results.picture import COLOURS, MARKERS
from lemma_steps.study.result import StudyResult


def draw(result: StudyResult, file: Path) -> bool:
    """Write a PNG with a panel per task and a line per arm; returns whether it did.

    It needs an arm with several sizes.
    """
    curves: dict[str, list[tuple[int, str]]] = {}
    for one in result.trained:
        name, at, _ = one.name.partition("@")
        if at and (one.facts["data"]["rows"], one.name) not in curves.setdefault(name, []):
            curves[name].append((one.facts["data"]["rows"], one.name))
    if not curves:
        return False
    import matplotlib as mpl
    from matplotlib.figure import Figure

    headings = list(result.table.layout.columns)
    with mpl.rc_context({"text.parse_math": False, "font.size": 10}):
        figure = Figure(figsize=(4.8 * len(headings), 4.2), layout="constrained")
        for axes, heading in zip(figure.subplots(1, len(headings), squeeze=False)[0], headings, strict=True):
            for number, (name, sizes) in enumerate(curves.items()):
                points = [(rows, *_bounds(result, arm, heading)) for rows, arm in sorted(sizes)]
                places, scores, lows, highs = zip(*points, strict=True)
                style = {"color": COLOURS[number % len(COLOURS)], "marker": MARKERS[number % len(MARKERS)]}
                errors = [[score - low for score, low in zip(scores, lows, strict=True)],
                          [high - score for score, high in zip(scores, highs, strict=True)]]  # fmt: skip
                axes.errorbar(places, scores, yerr=errors, label=name, capsize=3, **style)
            axes.set_title(heading, loc="left")
            axes.set_xlabel("rows trained on")
            axes.set_ylabel("%")
            axes.grid(color="#eeeeee")
            axes.set_axisbelow(True)
            axes.spines[["top", "right"]].set_visible(False)
        axes.legend(frameon=False)
        figure.savefig(file, dpi=150)
    return True


def _bounds(result: StudyResult, arm: str, heading: str) -> tuple[float, float, float]:
    """The mean over seeds, and from where to where it lies: over seeds, or the interval where there is one seed."""
    scores = result.means[arm][heading]
    mean = sum(scores) / len(scores)
    if len(scores) > 1:
        return mean, min(scores), max(scores)
    cell = next(row.cells[heading] for row in result.table.rows if row.label == arm)
    return mean, mean if cell.low is None else cell.low, mean if cell.high is None else cell.high
