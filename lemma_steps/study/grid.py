"""A plain table of words, for the terminal and for Markdown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import rich.box
from rich.table import Table as ScreenTable
from rich.text import Text

from lemma_steps.evaluation.results.table_text import escape_markdown


@dataclass(frozen=True)
class Grid:
    """A title, headings, and as many words in every row; the first column is set left, the others right."""

    title: str
    headings: Sequence[str]
    rows: Sequence[Sequence[str]]

    def markdown(self) -> str:
        """The table in GitHub's Markdown."""
        lines = [f"## {escape_markdown(self.title)}", "", _line(self.headings)]
        lines.append(f"| --- |{' ---: |' * (len(self.headings) - 1)}")
        return "\n".join([*lines, *map(_line, self.rows), ""])

    def screen(self) -> ScreenTable:
        """The table for rich."""
        shown = ScreenTable(title=Text(self.title), title_justify="left", box=rich.box.SIMPLE_HEAD, pad_edge=False)
        for n, heading in enumerate(self.headings):
            shown.add_column(Text(heading), justify="right" if n else "left", overflow="fold")
        for row in self.rows:
            shown.add_row(*map(Text, row))
        return shown


def _line(words: Sequence[str]) -> str:
    return f"| {' | '.join(map(escape_markdown, words))} |"
