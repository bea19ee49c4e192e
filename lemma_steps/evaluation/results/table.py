"""Tables of results: the runs beside the paper's rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lemma_steps.evaluation.results.estimate import RESAMPLES, Estimate
from lemma_steps.evaluation.results.layout import AVERAGE, Layout
from lemma_steps.evaluation.results.paper import paper_rows, paper_shots
from lemma_steps.evaluation.results.row import Row
from lemma_steps.evaluation.results.run_scores import RunScores
from lemma_steps.evaluation.runs.run import Run

RUNS = "Runs"
_UNLIKE = {
    "chat_template": "a chat template",
    "system_instruction": "a system instruction",
    "gen_kwargs": "generation settings of its own",
}
"""Settings of lm-eval that change what the tasks themselves say."""


@dataclass(frozen=True)
class Table:
    """One table.

    Attributes:
        layout: what it shows.
        rows: the paper's rows, then the runs'.
        remarks: what concerns the whole table.
    """

    layout: Layout
    rows: Sequence[Row]
    remarks: Sequence[str]

    @property
    def headings(self) -> list[str]:
        """The headings of its columns of numbers."""
        return [*self.layout.columns, *([AVERAGE] if self.layout.averaged else [])]

    @property
    def notes(self) -> list[str]:
        """What its rows have in notes, each once; marks number them from 1."""
        return list(dict.fromkeys(note for row in self.rows for note in row.notes))

    def marks(self, row: Row) -> list[int]:
        """The numbers of a row's notes."""
        return sorted(self.notes.index(note) + 1 for note in row.notes)

    @classmethod
    def build(
        cls, layout: Layout, runs: Sequence[RunScores], labels: Sequence[str], chosen: dict[str, tuple[str, ...] | None]
    ) -> Table | None:
        """The table of a layout; None where no run has anything in it.

        Raises:
            RefusedError: samples and results of a run contradict each other.
        """
        ours = []
        for scores, label in zip(runs, labels, strict=True):
            rows = [_row(layout, scores, label, line) for line in layout.lines]
            # Pass@1 stands beside the votes only where there are votes
            own = [
                row
                for row, (_, suffix, _) in zip(rows, layout.lines, strict=True)
                if suffix or layout.lines[-1][1] == ""
            ]
            if any(row.cells for row in own):
                ours += [row for row in rows if row.cells]
        if not ours:
            return None
        paper = paper_rows(layout, chosen) if layout.accuracy else []
        return cls(layout, [*paper, *ours], _remarks(layout, bool(paper), ours))


def _row(layout: Layout, scores: RunScores, label: str, line: tuple[str, str, str]) -> Row:
    """One line of a run."""
    said, suffix, metric = line
    tasks = {heading: f"lemma_{name}{suffix}" for heading, name in layout.columns.items()}
    find = scores.estimate if layout.accuracy else scores.share
    cells = {heading: cell for heading, task in tasks.items() if (cell := find(task, metric)) is not None}
    there = {heading: tasks[heading] for heading in cells}
    missing = [heading for heading in tasks if heading not in cells]
    if layout.averaged and not missing:
        cells[AVERAGE] = Estimate.mean(list(cells.values()))
    notes = tuple(_notes(layout, scores.run, there, missing))
    return Row(RUNS, label, said, cells, notes, _partial(scores.run, list(there.values())), is_run=True)


def _partial(run: Run, tasks: Sequence[str]) -> str:
    """What the tasks together are over, unless it is the full published sets."""
    graded, full = sum(run.size(task) for task in tasks), [run.full_size(task) for task in tasks]
    known = [size for size in full if size is not None]
    if len(known) < len(full):
        return f"{graded:,} rows, stand-ins among them"
    return f"{graded:,} of {sum(known):,} rows" if graded != sum(known) else ""


def _notes(layout: Layout, run: Run, there: dict[str, str], missing: Sequence[str]) -> list[str]:
    """What must be known about a line of a run, whose headings and tasks are given."""
    partial = []
    for heading, task in there.items():
        size, full = run.size(task), run.full_size(task)
        if size != full:
            partial.append(f"{heading} {size:,} of {run.subset(task) if full is None else f'{full:,}'}")
    found = [f"Not all rows: {', '.join(partial)}."] if partial else []
    if layout.averaged and missing:
        found.append(f"No average: {', '.join(missing)} not measured.")
    if layout.accuracy and any(run.samples_file(task) is None for task in there.values()):
        found.append("Samples not logged: the interval is that of a binomial share with this score and number of rows.")
    shots = {heading: (run.shots(task), paper_shots(task)) for heading, task in there.items()}
    if others := [
        f"{name} {own}, there {paper}"
        for name, (own, paper) in shots.items()
        if paper is not None and own not in (None, paper)
    ]:
        found.append(f"Demonstrations unlike the paper's: {'; '.join(others)}.")
    settings = {**run.results, **run.results.get("config", {})}
    if unlike := [said for key, said in _UNLIKE.items() if settings.get(key)]:
        found.append(f"Asked with {' and '.join(unlike)}, unlike the paper.")
    if run.older:
        found.append(f"The newest of {run.older + 1} results files in its folder; the others are not shown.")
    return found


def _remarks(layout: Layout, has_paper: bool, ours: Sequence[Row]) -> list[str]:
    if not layout.accuracy:
        return ["A reply cut at the length limit may still be right. Counted where the model's tokenizer is known."]
    within = " That of the average: rows are drawn within each set." if layout.averaged else ""
    remarks = [f"With each score its 95 % bootstrap interval over the rows ({RESAMPLES:,} resamples).{within}"]
    if any(cell.low == cell.high for row in ours for cell in row.cells.values()):
        remarks.append("An interval of no width says that all rows came out alike, not that the score is certain.")
    if has_paper and any(metric == "math_verify" for _, _, metric in layout.lines):
        remarks.append("The paper's numbers are by its published grader: `--metric qwen_match` measures as it did.")
    return remarks
