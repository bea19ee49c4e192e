"""Tables of results as Markdown, LaTeX, CSV and on the terminal. Every label is escaped: models' names are any text."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from itertools import groupby

import rich.box
from rich.table import Table as ScreenTable
from rich.text import Text

from lemma_steps.evaluation.results.estimate import Estimate
from lemma_steps.evaluation.results.table import Table

DASH = "–"
_WIDE = 116
"""Columns of a terminal on which bounds fit beside each other."""
_LATEX = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"\textquotedbl{}",
    "…": r"\dots{}",
    "–": "--",
} | {mark: "\\" + mark for mark in "{}$&#_%"}


def markdown(tables: Sequence[Table], mark: str = "##") -> str:
    """The tables in GitHub's Markdown, each under a heading of this level."""
    return "\n".join(_markdown(table, mark) for table in tables)


def _markdown(table: Table, mark: str) -> str:
    lines = [f"{mark} {escape_markdown(table.layout.title)}", ""]
    lines += [f"| | {' | '.join(map(escape_markdown, table.headings))} |", f"| --- |{' ---: |' * len(table.headings)}"]
    for group, rows in groupby(table.rows, key=lambda row: row.group):
        lines.append(f"| **{escape_markdown(group)}** |{' |' * len(table.headings)}")
        for row in rows:
            marks = f"<sup>{', '.join(map(str, table.marks(row)))}</sup>" if row.notes else ""
            cells = [_cell(row.cells.get(heading)) for heading in table.headings]
            lines.append(f"| {escape_markdown(row.name)}{marks} | {' | '.join(cells)} |")
    lines += [
        "",
        *(f"{n}. {escape_markdown(note)}" for n, note in enumerate(table.notes, 1)),
        *([""] if table.notes else []),
    ]
    lines += ["  \n".join(map(escape_markdown, table.remarks)), ""]
    return "\n".join(lines)


def escape_markdown(text: str) -> str:
    """Text that Markdown shows as it is."""
    return re.sub(r"([\\`*_{}\[\]<>#|~!$&@^]|:(?=/))", r"\\\1", text)


def latex(tables: Sequence[Table]) -> str:
    """The tables in LaTeX; needs the packages booktabs and textcomp, and reads UTF-8."""
    return "% needs \\usepackage{booktabs,textcomp} and \\usepackage[T1]{fontenc}\n" + "\n".join(map(_latex, tables))


def _latex(table: Table) -> str:
    columns = len(table.headings)
    lines = [r"\begin{table*}", r"\centering\small", rf"\begin{{tabular}}{{l{'r' * columns}}}", r"\toprule"]
    lines.append(" & ".join(["", *map(escape_latex, table.headings)]) + r" \\")
    for group, rows in groupby(table.rows, key=lambda row: row.group):
        lines += [r"\midrule", rf"\multicolumn{{{columns + 1}}}{{l}}{{\textit{{{escape_latex(group)}}}}} \\"]
        for row in rows:
            marks = rf"\textsuperscript{{{','.join(map(str, table.marks(row)))}}}" if row.notes else ""
            cells = [_latex_cell(row.cells.get(heading)) for heading in table.headings]
            # in braces: a label that begins with a bracket would be an argument of the line break before it
            lines.append(f"{{{escape_latex(row.name)}}}{marks} & {' & '.join(cells)} \\\\")
    notes = [f"({n}) {note}" for n, note in enumerate(table.notes, 1)]
    caption = " ".join([f"{table.layout.title}.", *table.remarks, *notes])
    lines += [r"\bottomrule", r"\end{tabular}", rf"\caption{{{escape_latex(caption)}}}", r"\end{table*}", ""]
    return "\n".join(lines)


def escape_latex(text: str) -> str:
    """Text that LaTeX shows as it is."""
    return "".join(_LATEX.get(mark, mark) for mark in text)


def comma_separated(tables: Sequence[Table]) -> str:
    """All tables in one CSV: one line per row, four columns per set (score, bounds in percent, rows graded)."""
    headings = list(dict.fromkeys(heading for table in tables for heading in table.headings))
    fields = [
        "table",
        "group",
        "row",
        "partial",
        *(f"{heading}{end}" for heading in headings for end in ("", " low", " high", " n")),
    ]
    written = io.StringIO()
    lines = csv.writer(written, lineterminator="\n")
    lines.writerow([*fields, "notes"])
    for table in tables:
        for row in table.rows:
            cells = [number for heading in headings for number in _numbers(row.cells.get(heading))]
            name = f"{row.label}, {row.line}" if row.line else row.label
            lines.writerow([table.layout.key, *map(inert, (row.group, name, row.partial)), *cells, " ".join(row.notes)])
    return written.getvalue()


def inert(text: str) -> str:
    """Text that a spreadsheet does not take for a formula."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@")) else text


def screen(table: Table, width: int) -> ScreenTable:
    """The table for rich, on so many columns; a narrow terminal gets bounds and long headings on lines of their own."""
    narrow = width < _WIDE
    shown = ScreenTable(
        title=Text(table.layout.title),
        title_justify="left",
        box=rich.box.SIMPLE_HEAD,
        collapse_padding=True,
        pad_edge=False,
    )
    shown.add_column("", overflow="fold")
    for heading in table.headings:
        folded = "-\n".join(re.split("-|(?<=Mathe)", heading)) if narrow and len(heading) > 8 else heading
        shown.add_column(Text(folded), justify="right", no_wrap=True)
    for group, rows in groupby(table.rows, key=lambda row: row.group):
        shown.add_row(Text(group, style="bold"))
        for row in rows:
            marks = f" [{','.join(map(str, table.marks(row)))}]" if row.notes else ""
            cells = [_screen_cell(row.cells.get(heading), narrow) for heading in table.headings]
            shown.add_row(Text.assemble("  ", row.name, (marks, "dim")), *cells)
    return shown


def _cell(cell: Estimate | None) -> str:
    if cell is None:
        return DASH
    return f"{cell.score:.1f}" if cell.low is None else f"{cell.score:.1f} [{cell.low:.1f}, {cell.high:.1f}]"


def _latex_cell(cell: Estimate | None) -> str:
    if cell is None:
        return "--"
    return f"{cell.score:.1f}" if cell.low is None else f"${cell.score:.1f}_{{{cell.low:.1f}}}^{{{cell.high:.1f}}}$"


def _screen_cell(cell: Estimate | None, narrow: bool) -> Text:
    if cell is None or cell.low is None:
        return Text(_cell(cell))
    end = "\n" if narrow else ""
    return Text.assemble(f"{cell.score:.1f}\n", (f"{cell.low:.1f}–{end}{cell.high:.1f}", "dim"))


def _numbers(cell: Estimate | None) -> list[str | int]:
    if cell is None:
        return ["", "", "", ""]
    bounds = [cell.score, cell.low, cell.high]
    return [*("" if number is None else f"{number:.2f}" for number in bounds), "" if cell.size is None else cell.size]
