"""An error analysis as tables on the terminal and in Markdown. Names are other people's text and are escaped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import rich.box
from rich.table import Table
from rich.text import Text

from lemma_steps.error_analysis.analysis import Analysis
from lemma_steps.error_analysis.series import LOST, VERDICTS, Series, ordered_codes
from lemma_steps.evaluation.results.table_text import escape_markdown
from lemma_steps.share import Share
from lemma_steps.taxonomy import TAXONOMY, published_percent

DASH = "–"
NOTES = (
    "Shares in %, with 95 % intervals that allow for several samples to one problem. unparsed: no answer found in it; "
    "only wrong samples are classified.",
    "classified: of the wrong samples, those that were given a type; the types are shares of these.",
)
LOST_NOTE = "lost: a sample was cut at the token limit, or none came that could be used; it has no verdict."
PAPER_NOTE = (
    "paper: lowest and highest of its four models (Figures 3, 7: greedy answers to the test set, classified by GPT-4o)."
)


class Cell(NamedTuple):
    """A value and its bounds, as shown; either may be empty."""

    value: str
    bounds: str = ""


class Part(NamedTuple):
    """The table of one source: a heading, the column labels, and rows of a name and cells."""

    title: str
    labels: list[str]
    rows: list[tuple[str, list[Cell]]]


def parts(analysis: Analysis) -> list[Part]:
    """One table per source: the models side by side, answers first, then types."""
    return [_part(source, series) for source, series in analysis.by_source().items()]


def notes(analysis: Analysis) -> list[str]:
    """What the rows and columns that are shown mean."""
    sources = analysis.by_source()
    lost = any(one.answer_share(LOST).count for series in sources.values() for one in series)
    return [*NOTES, *([LOST_NOTE] if lost else []), *([PAPER_NOTE] if any(map(published_percent, sources)) else [])]


def _part(source: str, series: Sequence[Series]) -> Part:
    reports = [one.report() for one in series]
    counts = ("problems", "samples")
    rows = [(name, [Cell(f"{report[name]:,}") for report in reports]) for name in counts]
    for verdict in (*VERDICTS, LOST):
        shares = [one.answer_share(verdict) for one in series]
        if verdict in VERDICTS or any(share.count for share in shares):
            rows.append((verdict.replace("_", " "), [_share(share) for share in shares]))
    rows.append(("classified, of wrong", [Cell(f"{one.typed:,} of {one.wrong:,}") for one in series]))
    rows.append(("classified, % of wrong", [_share(one.coverage) for one in series]))
    paper = published_percent(source)
    for code in dict.fromkeys([*ordered_codes(series), *(code for percent in paper.values() for code in percent)]):
        cells = [_share(one.type_share(code)) for one in series]
        rows.append((f"{code} {TAXONOMY[code].name}", [*cells, *([_range(paper, code)] if paper else [])]))
    return Part(Analysis.title(series), [*Analysis.labels(series), *(["paper"] if paper else [])], rows)


def _share(share: Share) -> Cell:
    if share.value is None or share.low is None or share.high is None:
        return Cell(DASH)
    return Cell(f"{100 * share.value:.1f}", f"{100 * share.low:.1f}–{100 * share.high:.1f}")


def _range(paper: Mapping[str, Mapping[str, float]], code: str) -> Cell:
    shown = [percent[code] for percent in paper.values() if code in percent]
    return Cell(f"{min(shown):.1f}–{max(shown):.1f}" if shown else "< 1")


def screens(analysis: Analysis) -> list[Table]:
    """The tables for rich, bounds below their shares."""
    shown = []
    for part in parts(analysis):
        table = Table(box=rich.box.SIMPLE_HEAD, title=Text(part.title), title_justify="left")
        table.add_column("", overflow="fold", min_width=24)
        for label in part.labels:
            table.add_column(Text(label), justify="right", min_width=9, overflow="fold")
        for name, cells in part.rows:
            lines = [Text.assemble(cell.value, (f"\n{cell.bounds}" if cell.bounds else "", "dim")) for cell in cells]
            table.add_row(Text(name), *lines)
        shown.append(table)
    return shown


def markdown(analysis: Analysis, remarks: Sequence[str], figures: Mapping[str, str], comparisons: Sequence[Any]) -> str:
    """The report as a page: remarks, tables, figures, comparisons, notes.

    Args:
        analysis: what was found.
        remarks: what is particular to this analysis, first of all.
        figures: file name -> what it shows.
        comparisons: reports of `ErrorShift`.
    """
    lines = ["# Error analysis", "", *(f"- {escape_markdown(remark)}" for remark in remarks)]
    for part in parts(analysis):
        rows = [["", *part.labels], ["---", *["---:"] * len(part.labels)]]
        for name, cells in part.rows:
            told = [f"{cell.value} [{cell.bounds}]" if cell.bounds else cell.value for cell in cells]
            rows.append([escape_markdown(text) for text in (name, *told, *[""] * (len(part.labels) - len(told)))])
        rows[0] = [escape_markdown(text) for text in rows[0]]
        lines += ["", f"## {escape_markdown(part.title)}", "", *(f"| {' | '.join(row)} |" for row in rows)]
    for report in comparisons:
        lines += ["", *_comparison(report)]
    lines += ["", *(f"![{escape_markdown(words)}](figures/{name})\n" for name, words in figures.items())]
    return "\n".join([*lines, *(f"- {escape_markdown(note)}" for note in notes(analysis))]) + "\n"


def _comparison(report: Mapping[str, Any]) -> list[str]:
    """Counts of the first model, and of each other one with its difference per 100 samples."""
    names = [escape_markdown(model["model"]) for model in report["models"]]
    lines = [f"## Errors of {names[0]} and of {', '.join(names[1:])}", ""]
    lines += [f"| type | {' | '.join(names)} |", f"| --- |{' ---: |' * len(names)}"]
    for row in report["types"]:
        cells = [
            f"{count:,} ({change['score']:+.1f}{_bounds(change)})"
            for count, change in zip(row["after"], row["per_100"], strict=True)
        ]
        lines.append(f"| {row['error_type']} {row['name']} | {row['before']:,} | {' | '.join(cells)} |")
    return [*lines, "", *(f"- {escape_markdown(note)}" for note in report["notes"])]


def _bounds(change: Mapping[str, float | None]) -> str:
    return "" if change["low"] is None else f" \\[{change['low']:+.1f} to {change['high']:+.1f}\\]"
