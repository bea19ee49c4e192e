"""Shares of the error types: the student's, those requested, made and kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lemma_steps.output.figures.canvas import BLUE, GREEN, GREY, ORANGE, Report, name, plain
from lemma_steps.taxonomy import TAXONOMY

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_SIDES = {"student": GREY, "requested": ORANGE, "made": GREEN, "kept": BLUE}
_MOST = 20


def draw_distribution_match(figure: Figure, report: Report) -> None:
    """Grouped bars, types in the taxonomy's order."""
    match = report["distribution_match"]
    sides = {side: match[side] for side in _SIDES if match[side]}
    seen = {code for counts in sides.values() for code in counts}
    codes = [code for code in [*TAXONOMY, *sorted(seen - {*TAXONOMY})] if code in seen][:_MOST]
    axes, step = figure.subplots(), 0.84 / len(sides)
    for number, (side, counts) in enumerate(sides.items()):
        total = sum(counts.values())
        places = [place + (number - (len(sides) - 1) / 2) * step for place in range(len(codes))]
        label = f"{side}, n = {total:,}"
        if side == "student":
            typed, wrong = match["student_typed"], match["student_wrong"]
            label = f"student, {typed:,} of {wrong:,} wrong have a type" if typed else "student"
        shares = [100 * counts.get(code, 0) / total for code in codes]
        axes.bar(places, shares, width=0.92 * step, color=_SIDES[side], label=label)
    axes.set_xticks(range(len(codes)), [name(code)[:8] for code in codes])
    axes.set_ylabel("% of errors")
    plain(axes, grid="y")
    axes.legend(frameon=False, fontsize=9)
    axes.set_title("Types of the student's errors and of the injected ones", loc="left", fontsize=11)
    figure.text(0.01, 0.015, f"student: {name_of(match['student_source'])}", fontsize=8)


def name_of(source: str) -> str:
    """Where the student's shares are from, on one line."""
    return " ".join(name(word) for word in source[:140].split())
