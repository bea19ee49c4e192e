"""The report as text, 80 columns wide. Names, ids and problems are other people's text: each stays in its line."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from textwrap import fill
from typing import Any

import rich.box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from lemma_steps.console import many
from lemma_steps.review.advice import advice, command
from lemma_steps.taxonomy import TAXONOMY

WIDTH, DASH, SHOWN, BEGINNING = 80, "–", 20, 50
_CHOICES = {
    "all": "from the whole set",
    "random": "drawn at random",
    "uncertain": "chosen as uncertain",
}
CHANGES = {
    "dropped": ("row dropped", "rows dropped"),
    "types_changed": ("error type changed", "error types changed"),
    "steps_confirmed": ("wrong step confirmed", "wrong steps confirmed"),
    "steps_moved": ("wrong step moved to another step", "wrong steps moved to another step"),
    "edited": ("row edited", "rows edited"),
    "refused": ("change that contradicts others: it is not made", "changes that contradict others: they are not made"),
    "undecided": (
        "judgement without a majority: it changes nothing",
        "judgements without a majority: they change nothing",
    ),
    "impossible": ("answer that cannot be for its row, left out", "answers that cannot be for their row, left out"),
    "other_text": (
        "answer about a text that is no longer in the set, left out",
        "answers about a text that is no longer in the set, left out",
    ),
}
"""What `changes` counts, in words: of one, and of more."""
ONLY_UNCERTAIN = "Agreement is that on rows chosen as uncertain"
WITHOUT_UNCERTAIN = "Agreement is computed without the rows chosen as uncertain"
WITHOUT_PART = "Agreement is computed without the rows of the review of the whole set, which is not complete."
FEW = 30
SMALL = f"fewer than {FEW} rows: a hint"
READING = (
    "Shares and intervals are in per cent; intervals hold 95 %. Every row weighs once, however many judged it. "
    "kappa is agreement beyond chance: 1 where all agree, 0 "
    "where they agree as often as chance would have it. A high share with a low kappa is usual where nearly all answers "
    "are the same. Reviewers saw which step is marked, so agreement on the first wrong step is an upper bound."
)
FINDING = 'To see one on the page: choose "Submitted" above the rows and type words of its problem into the search box.'


def text(figures: Mapping[str, Any], name: str) -> str:
    """The report on what `report.report` found, under the name of the set."""
    parts = [
        _head(figures, name),
        *_labels(figures["questions"]),
        *_sources(figures["questions"]),
        *_between(figures["questions"]),
        _reviewers(figures["by_reviewer"]),
        *_types(figures["error_types"]),
        _asked(figures["changes"]),
        *_look(figures["contradictions"]),
        *_disagreements(figures["disagreements"]),
        _next(figures, name),
    ]
    return "\n\n".join(part.rstrip("\n") for part in parts)


def beginning(question: str) -> str:
    """The first characters of a problem, in one line."""
    line = " ".join(question.split())
    return line if len(line) <= BEGINNING else f"{line[:BEGINNING]}..."


def in_line(words: str) -> str:
    """Somebody's text as it may stand in a line: what cannot be seen, or moves what stands around it, as its code point."""
    return "".join(sign if sign.isprintable() else f"⟨U+{ord(sign):04X}⟩" for sign in words)


def _head(figures: Mapping[str, Any], name: str) -> str:
    choices = ", ".join(f"{count:,} {_CHOICES[choice]}" for choice, count in figures["choices"].items())
    over = figures["over"]
    lines = [
        f"Review of {in_line(name)}: {figures['records']:,} of {many(figures['population'], 'row')}, "
        f"{many(figures['answers'], 'answer')}, {many(figures['reviewers'], 'reviewer')} ({choices}).",
    ]
    if "uncertain" in over["choices"]:
        lines.append(f"{ONLY_UNCERTAIN}, which do not speak for the set.")
    elif "uncertain" in figures["choices"]:
        lines.append(f"{WITHOUT_UNCERTAIN}, which do not speak for the set.")
    if "all" in figures["choices"] and "all" not in over["choices"]:
        lines.append(WITHOUT_PART)
    if over["why"] and "uncertain" not in over["choices"]:
        lines.append(f"{over['why']}.")
    return "\n".join(fill(line, WIDTH) for line in [*lines, READING])


def _labels(questions: Sequence[Mapping[str, Any]]) -> list[str]:
    notes, rows = _Notes(), []
    for question in questions:
        found = question["with_labels"]
        if found["n"]:
            kappa = _kappa(found["kappa"], found["kappa_low"], found["kappa_high"], notes.mark(found["note"]))
            rows.append([question["title"], f"{found['n']:,}", _share(found), kappa])
    heading = "Reviewers and labels: how often an answer is what the data say"
    return [_table(heading, ["question", "answers", "agree", "kappa"], rows, notes.words)] if rows else []


def _sources(questions: Sequence[Mapping[str, Any]]) -> list[str]:
    """Agreement by where the label comes from, if from several places: which of them to distrust."""
    notes, rows = _Notes(), []
    for question in questions:
        found = question["by_source"] or {}
        for source, one in found.items() if len(found) > 1 else ():
            mark = notes.mark(SMALL if one["records"] < FEW else None)
            rows.append([question["title"], in_line(source), f"{one['records']:,}{mark}", _share(one)])
    heading = "The same by where the label of the step is from"
    return [_table(heading, ["question", "label from", "rows", "agree"], rows, notes.words)] if rows else []


def _between(questions: Sequence[Mapping[str, Any]]) -> list[str]:
    notes, rows, pairs = _Notes(), [], 0
    for question in questions:
        if found := question["between"]:
            kinds = (found["cohen"], found["fleiss"])
            kappas = [_kappa(one["kappa"], one["low"], one["high"], notes.mark(one["note"])) for one in kinds]
            rows.append([question["title"], f"{found['records']:,}", _share(found), *kappas])
            pairs = max(pairs, found["cohen"]["pairs"])
    if not rows:
        return ["No record has answers of two reviewers: agreement between them is not known."]
    heading = "Reviewers among themselves: how often two give one record the same answer"
    mean = [f"Cohen's kappa is the mean over {pairs:,} pairs of reviewers."] if pairs > 1 else []
    columns = ["question", "records", "agree", "Cohen's kappa", "Fleiss' kappa"]
    return ["\n".join([_table(heading, columns, rows, notes.words), *mean])]


def _reviewers(found: Sequence[Mapping[str, Any]]) -> str:
    rows = []
    for one in found:
        decided = one["keep"] + one["drop"]
        rate = f"{100 * one['keep'] / decided:.0f} %" if decided else DASH
        counts = [f"{one[name]:,}" for name in ("answers", "keep", "drop")]
        rows.append([in_line(one["reviewer"]), *counts, rate, f"{one['edits']:,}", f"{one['comments']:,}"])
    return _table("Reviewers", ["reviewer", "answers", "keep", "drop", "keep rate", "edits", "comments"], rows)


def _types(found: Mapping[str, Mapping[str, int]]) -> list[str]:
    """One line per type of the labels, those with the most other answers first."""
    rows = []
    for label, said in found.items():
        others = {kind: count for kind, count in said.items() if kind != label}
        row = [
            f"{label} {TAXONOMY[label].name}" if label in TAXONOMY else in_line(label),
            f"{sum(said.values()):,}",
            f"{said.get(label, 0):,}",
        ]
        rows.append((-sum(others.values()), [*row, ", ".join(f"{kind}:{count:,}" for kind, count in others.items())]))
    heading = "Error types: what reviewers said, by the type that the data give"
    return [_table(heading, ["label", "answers", "the same", "others"], [r for _, r in sorted(rows)])] if rows else []


def _asked(found: Mapping[str, int]) -> str:
    lines = [f"{count:>7,}  {CHANGES[name][count != 1]}" for name, count in found.items() if count] or [
        "      0  changes"
    ]
    heading = "What apply would be asked to do (each change has yet to pass the checks)"
    return "\n".join([heading, "", *lines])


def _look(found: Mapping[str, Sequence[Mapping[str, Any]]]) -> list[str]:
    if not found:
        return []
    lines = []
    for words, where in found.items():
        lines.append(f"  {words} ({len(where):,})")
        lines += [_line(f"{_people(one['reviewers'])}: {_row(one)}", 4) for one in where[:SHOWN]]
        lines += _more(len(where))
    return ["\n".join(["Answers of one reviewer that do not go together", "", *lines])]


def _disagreements(found: Sequence[Mapping[str, Any]]) -> list[str]:
    if not found:
        return []
    undecided = sum(bool(one["undecided"]) for one in found)
    lines = [
        f"Reviewers differ on {many(len(found), 'record')}; on {undecided:,} there is no majority (marked *)",
        "",
        fill(FINDING, WIDTH),
        "",
    ]
    for one in islice(found, SHOWN):
        lines.append(_line(_row(one), 2))
        for question, said in one["said"].items():
            values = ", ".join(f"{value} ({_people(who)})" for value, who in said.items())
            lines.append(_line(f"{question}{'*' * (question in one['undecided'])}: {values}", 4))
    return ["\n".join([*lines, *_more(len(found))])]


def _next(figures: Mapping[str, Any], name: str) -> str:
    found = advice(figures)
    items = [fill(words, WIDTH, initial_indent="- ", subsequent_indent="  ") for words in found]
    last = "Then, or now if it is good enough for you:" if found else "Nothing above speaks against it:"
    return "\n".join(["What now?", "", *items, *[""] * bool(items), last, "", f"    {in_line(command(name))}"])


def _row(one: Mapping[str, Any]) -> str:
    return f"{in_line(one['id'])}  {in_line(one['question'])}"


def _people(names: Iterable[str]) -> str:
    return ", ".join(map(in_line, names))


def _line(words: str, indent: int) -> str:
    return fill(words, WIDTH, initial_indent=" " * indent, subsequent_indent=" " * (indent + 4))


def _more(count: int) -> list[str]:
    return [f"  ... and {count - SHOWN:,} more; --json FILE has them all"] if count > SHOWN else []


class _Notes:
    """Notes of a table, each once, numbered from 1."""

    def __init__(self) -> None:
        self.words: list[str] = []

    def mark(self, words: str | None) -> str:
        if not words:
            return ""
        if words not in self.words:
            self.words.append(words)
        return f" [{self.words.index(words) + 1}]"


def _share(found: Mapping[str, Any]) -> str:
    bounds = "" if found["low"] is None else f"\n{100 * found['low']:.1f} to {100 * found['high']:.1f}"
    return f"{100 * found['share']:.1f}{bounds}"


def _kappa(value: float | None, low: float | None, high: float | None, mark: str) -> str:
    bounds = "" if low is None or high is None else f"\n{low:.2f} to {high:.2f}"
    return f"{DASH if value is None else f'{value:.2f}'}{mark}{bounds}"


def _table(heading: str, columns: Sequence[str], rows: Iterable[Sequence[str]], notes: Sequence[str] = ()) -> str:
    table = Table(box=rich.box.SIMPLE_HEAD, pad_edge=False)
    for number, column in enumerate(columns):
        words = column == "others" or not number
        table.add_column(Text(column), justify="left" if words else "right", no_wrap=not words, overflow="fold")
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    console = Console(file=io.StringIO(), width=WIDTH, color_system=None, force_terminal=False, legacy_windows=False)
    with console.capture() as shown:
        console.print(table)
    lines = [stripped for line in shown.get().splitlines() if (stripped := line.rstrip())]
    remarks = [fill(f"[{number}] {words}", WIDTH, subsequent_indent="    ") for number, words in enumerate(notes, 1)]
    return "\n".join([heading, "", *lines, *remarks])
