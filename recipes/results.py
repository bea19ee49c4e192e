"""The results of lm-eval runs in the layout of the paper's tables, beside the paper's own rows.

    uv run --extra eval recipes/results.py runs/sft runs/lemma --output report
    uv run --extra eval recipes/results.py "SFT=runs/sft" "ours=runs/lemma" --paper LLaMA3-8B --metric qwen_match

RUN_DIR is what `lm_eval --output_path` or `recipes/evaluate.py` wrote; its newest run counts, under the model's name or under
the one that is put before it. Prints the tables and writes results.md, results.tex, results.csv and results.png.
Of the paper, SFT and LEMMA of each of its four base models are shown unless `--paper` names one: a run does not say what its
model was made of.
"""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from lemma_steps.console import exit_codes
from lemma_steps.errors import RefusedError
from lemma_steps.evaluation.results.comparable import check_comparable
from lemma_steps.evaluation.results.labels import labels_of
from lemma_steps.evaluation.results.layout import layouts
from lemma_steps.evaluation.results.paper import choose_paper
from lemma_steps.evaluation.results.picture import draw
from lemma_steps.evaluation.results.run_scores import RunScores
from lemma_steps.evaluation.results.table import Table
from lemma_steps.evaluation.results.table_text import comma_separated, latex, markdown, screen
from lemma_steps.evaluation.runs.run import Run


class Metric(StrEnum):
    """Whose grading counts: this project's, or the published code's."""

    math_verify = "math_verify"
    qwen_match = "qwen_match"


def named(run_dir: str) -> tuple[str | None, Path]:
    """The label and the path of `LABEL=PATH`, or of a path alone."""
    label, equals, path = run_dir.partition("=")
    return (label, Path(path)) if equals and not Path(run_dir).exists() else (None, Path(run_dir))


def main(
    run_dirs: Annotated[list[str], typer.Argument(metavar="[LABEL=]RUN_DIR", help="Folders that lm_eval wrote.")],
    output: Annotated[Path, typer.Option(help="Folder for results.md, .tex, .csv and .png.")] = Path("results"),
    metric: Annotated[
        Metric, typer.Option(help="Whose grading counts; the paper's numbers are by qwen_match.")
    ] = Metric.math_verify,
    paper: Annotated[
        list[str] | None,
        typer.Option(
            metavar="MODEL", help="All rows of this base model, `all`, or `none`; default: SFT and LEMMA of each."
        ),
    ] = None,
) -> None:
    """Print and write the tables of results of one or more runs."""
    with exit_codes():
        chosen = choose_paper(paper or [])
        given = [named(run_dir) for run_dir in run_dirs]
        runs = [Run.read(path) for _, path in given]
        labels = labels_of(runs, [label for label, _ in given])
        check_comparable(runs, labels)

        scores = [RunScores(run) for run in runs]
        built = [Table.build(layout, scores, labels, chosen) for layout in layouts(metric.value)]
        tables = [table for table in built if table is not None]
        if not tables:
            raise RefusedError(f"{run_dirs[0]}: no task of ours was run with {metric.value}; run lm_eval --tasks lemma")

        try:
            output.mkdir(parents=True, exist_ok=True)
            for name, write in (("results.md", markdown), ("results.tex", latex), ("results.csv", comma_separated)):
                (output / name).write_text(write(tables), encoding="utf-8")
            draw([table for table in tables if table.layout.accuracy], output / "results.png")
        except OSError as error:
            raise RefusedError(f"{output}: cannot be written ({error.strerror}); give another --output") from None

        console = Console()
        if not console.is_terminal:
            console = Console(width=140)  # a file or a pipe has no edge to fold at
        for table in tables:
            console.print(screen(table, console.width))
            for number, note in enumerate(table.notes, 1):
                console.print(Text(f"  [{number}] {note}"))
            for remark in table.remarks:
                console.print(Text(f"  {remark}", style="dim"))
            console.print()
        console.print(Text(f"Written to {output}: results.md, results.tex, results.csv, results.png"))


if __name__ == "__main__":
    typer.run(main)
