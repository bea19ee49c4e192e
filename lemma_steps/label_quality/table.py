"""A table of text that a terminal and a Markdown file show alike. Names of models are other people's text."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import rich.box
from rich.console import Group, JustifyMethod
from rich.table import Table as ScreenTable
from rich.text import Text

from lemma_steps.evaluation.results.labels import printable
from lemma_steps.evaluation.results.table_text import DASH, escape_markdown

FIRST = 19
"""Columns of a terminal that the first one has at least: enough for the longer part of every set's name."""


@dataclass(frozen=True)
class Table:
    """Rows of cells under headings; the columns `text` hold text, the others are set to the right."""

    title: str
    headings: Sequence[str]
    rows: Sequence[Sequence[str]]
    notes: Sequence[str] = field(default_factory=list)
    text: Sequence[int] = (0,)

    def screen(self) -> Group:
        """For rich; the bounds of an interval stand below their value, so that 100 columns are enough."""
        shown = ScreenTable(box=rich.box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
        for number, heading in enumerate(self.headings):
            justify: JustifyMethod = "left" if number in self.text else "right"
            shown.add_column(Text(heading), justify=justify, overflow="fold", width=None if number else FIRST)
        for row in self.rows:
            shown.add_row(*(_stacked(printable(cell)) for cell in row))
        notes = [Text(f"  {printable(note)}", style="dim") for note in self.notes]
        return Group(Text(printable(self.title), style="bold"), shown, *notes, Text())

    def markdown(self, mark: str = "##") -> str:
        """In GitHub's Markdown, under a heading of this level."""
        lines = [self.headings, ["---" if number in self.text else "---:" for number in range(len(self.headings))]]
        lines += [[escape_markdown(printable(cell)) for cell in row] for row in self.rows]
        table = "\n".join(f"| {' | '.join(line)} |" for line in lines)
        notes = "".join(f"\n- {escape_markdown(printable(note))}" for note in self.notes)
        return f"{mark} {escape_markdown(printable(self.title))}\n\n{table}\n{notes}\n"


def percent(figure: Mapping[str, Any] | None, sign: bool = False) -> str:
    """`84.3 [80.1, 88.0]`, in percent; without bounds where there are none, a dash where there is nothing to count."""
    if not figure or figure["value"] is None:
        return DASH
    if figure["low"] is None:
        return f"{100 * figure['value']:{'+' if sign else ''}.1f}"
    value, low, high = (f"{100 * figure[name]:{'+' if sign else ''}.1f}" for name in ("value", "low", "high"))
    low, high = (bound.replace("100.0", "100") for bound in (low, high))
    return f"{value} [{low}, {high}]"


def _stacked(cell: str) -> Text:
    if bounds := re.fullmatch(r"(\S+) \[(\S+), (\S+)\]", cell):
        return Text.assemble(f"{bounds[1]}\n", (f"{bounds[2]}…{bounds[3]}", "dim"))
    return Text(cell)
