"""Self-correction telemetry as tables, in Markdown and in CSV. Labels are other people's text and are escaped."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from itertools import groupby
from typing import Any

import rich.box
from rich.table import Table
from rich.text import Text

from lemma_steps.evaluation.results.table_text import escape_markdown, inert

DASH = "–"
COUNTS = {"helpful_flip": "wrong to right", "harmful_flip": "right to wrong"}
SHARES = {
    "reflects": "reflects",
    "no_answer_before": "no answer before",
    "false_step_before": "false step before",
    "right_if_reflecting": "right if reflecting",
    "right_otherwise": "right otherwise",
    "length_cut": "length-cut",
}
TURNING = (*("replies", SHARES["reflects"], SHARES["no_answer_before"], *COUNTS.values(), SHARES["false_step_before"]),)
OUTCOME = (SHARES["right_if_reflecting"], SHARES["right_otherwise"], "words", "words, 95th", SHARES["length_cut"])
HEADINGS = (*TURNING, *OUTCOME)
TITLES = (
    "Self-correction: shares of replies in %, flips in replies",
    "Accuracy in %, and length: median and 95th percentile of words, share cut at the limit in %",
)
NOTES = (
    "reflects: the reply halts, names an error of its own, or goes over its work again (a list of wordings, no judge).",
    "no answer before, false step before: of the reflecting replies. A reply that turns back before it has stated an "
    "answer has no flip to measure; a false step is an equation that does not hold in the last step before the turn.",
    "wrong to right, right to wrong: replies whose answer before the first reflection and final answer differ in this way, of "
    "those with an answer before.",
    "right if reflecting and right otherwise compare different problems: hard ones call for more reflection.",
    "Intervals: 95 %, Wilson; several replies to one problem are counted for as many as they are worth.",
)
Entry = dict[str, Any]
"""A task of a run: `task`, `run`, and `SelfCorrection.report()`."""


def cells(entry: Entry) -> list[tuple[str, str]]:
    """Value and bounds under each of `HEADINGS`; bounds are empty where there are none."""
    shares, words = entry["shares"], (entry["length"]["words"] or {}).get("all") or {}
    found = {heading: _share(shares[name]) for name, heading in SHARES.items()}
    found |= {heading: (_count(shares[name]), "") for name, heading in COUNTS.items()}
    found |= {"words": (_number(words.get("p50")), ""), "words, 95th": (_number(words.get("p95")), "")}
    found["replies"] = (f"{entry['replies']:,}", "")
    return [found[heading] for heading in HEADINGS]


def _share(share: dict[str, Any]) -> tuple[str, str]:
    if share["share"] is None:
        return DASH, ""
    return f"{100 * share['share']:.1f}", f"{100 * share['low']:.1f}–{100 * share['high']:.1f}"


def _count(share: dict[str, Any]) -> str:
    return f"{share['count']:,} of {share['of']:,}" if share["of"] else DASH


def _number(value: int | None) -> str:
    return DASH if value is None else f"{value:,}"


def screens(entries: Sequence[Entry]) -> list[Table]:
    """Two tables for rich, narrow enough for a terminal: the runs under each task, bounds below their shares."""
    return [_screen(entries, title, part) for title, part in zip(TITLES, (TURNING, OUTCOME), strict=True)]


def _screen(entries: Sequence[Entry], title: str, headings: Sequence[str]) -> Table:
    shown = Table(box=rich.box.SIMPLE_HEAD, title=Text(title), title_justify="left")
    shown.add_column("", overflow="fold", min_width=14)
    for heading in headings:
        shown.add_column(Text(heading), justify="right", min_width=max(map(len, heading.split())))
    for task, group in groupby(entries, key=lambda entry: entry["task"]):
        shown.add_row(Text(task, style="bold"))
        for entry in group:
            found = dict(zip(HEADINGS, cells(entry), strict=True))
            line = [
                Text.assemble(value, (f"\n{bounds}", "dim"))
                for value, bounds in (found[heading] for heading in headings)
            ]
            shown.add_row(Text(f"  {entry['run']}"), *line)
    return shown


def markdown(entries: Sequence[Entry], remarks: Sequence[str], heading: str = "#") -> str:
    """The table and the notes in GitHub's Markdown, under a heading of this level."""
    rows = [["task", "run", *HEADINGS], ["---", "---", *["---:"] * len(HEADINGS)]]
    for entry in entries:
        values = [f"{value} [{bounds}]" if bounds else value for value, bounds in cells(entry)]
        rows.append([escape_markdown(cell) for cell in (entry["task"], entry["run"], *values)])
    table = "\n".join(f"| {' | '.join(row)} |" for row in rows)
    notes = "\n".join(f"- {escape_markdown(note)}" for note in [*remarks, *NOTES])
    return f"{heading} Self-correction\n\nShares in %, flips in replies, lengths in words.\n\n{table}\n\n{notes}\n"


def comma_separated(entries: Sequence[Entry]) -> str:
    """One line per task, run and measure: counts and shares with their bounds, and the percentiles of lengths."""
    written = io.StringIO()
    rows = csv.writer(written, lineterminator="\n")
    rows.writerow(["task", "run", "measure", "count", "of", "value", "low", "high"])
    for entry in entries:
        head = [inert(entry["task"]), inert(entry["run"])]
        for name, share in entry["shares"].items():
            rows.writerow([*head, name, *(share[key] for key in ("count", "of", "share", "low", "high"))])
        for unit, parts in entry["length"].items():
            for part, points in (parts or {}).items():
                for point in (name for name in points if name != "n"):
                    rows.writerow([*head, f"{unit}_{part}_{point}", "", points["n"], points[point], "", ""])
    return written.getvalue()
