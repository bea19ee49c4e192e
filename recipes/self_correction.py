"""How often a model corrects itself, from the samples that lm-eval logged; and its error types before and after training.

    uv run --extra eval recipes/self_correction.py runs/lemma
    uv run --extra eval recipes/self_correction.py "SFT=runs/sft" "LEMMA=runs/lemma" --tokenizer Qwen/Qwen2.5-0.5B
    uv run --extra eval recipes/self_correction.py --errors-before base.jsonl --errors-after lemma.jsonl

RUN is a folder that `lm_eval --output_path ... --log_samples` wrote, or a samples_*.jsonl in it; several stand side by side.
Prints a table and writes self_correction.json, .csv and .md. What is counted, and how often the count is right, stands in
`lemma_steps/evaluation/self_correction/telemetry.py`.
Classified samples (`{problem_id or question, sample, error_type, model}` per line, or an error distribution,
`{source, student, n, counts}`) are drawn as in the paper's Figures 6 and 8: error_types.png and .json.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from lemma_steps.console import exit_codes
from lemma_steps.error_analysis.error_counts import ErrorCounts
from lemma_steps.error_analysis.error_picture import draw_shift
from lemma_steps.error_analysis.error_shift import ErrorShift
from lemma_steps.errors import RefusedError
from lemma_steps.evaluation.results.comparable import check_comparable
from lemma_steps.evaluation.results.labels import labels_of, printable
from lemma_steps.evaluation.runs.logged import Logged
from lemma_steps.evaluation.self_correction.entry import entry_of
from lemma_steps.evaluation.self_correction.telemetry_text import NOTES, comma_separated, markdown, screens
from lemma_steps.evaluation.tasks.lengths import TokenCounter


def counter(tokenizer: str | None) -> TokenCounter | None:
    """Counts with that tokenizer.

    Raises:
        RefusedError: it is not on this machine, or transformers is not installed.
    """
    count = TokenCounter.of({"tokenizer": tokenizer}) if tokenizer else None
    if tokenizer and count is None:
        raise RefusedError(f"--tokenizer {tokenizer}: not on this machine; give a folder, or download it before")
    return count


def shift_of(before: Path | None, after: list[Path]) -> ErrorShift | None:
    """The error types that are to be drawn; None where no file is given.

    Raises:
        RefusedError: one side is missing, or a file cannot be read.
    """
    if before is None and not after:
        return None
    if before is None or not after:
        raise RefusedError("a before/after figure needs both --errors-before and --errors-after")
    return ErrorShift(ErrorCounts.read(before), [ErrorCounts.read(path) for path in after])


def measured(runs: list[str], count: TokenCounter | None, console: Console) -> list[dict[str, Any]]:
    """One entry per task and run, tasks in the order of the first run that has them."""
    logged = Logged.find(runs)
    labels = labels_of([one.run for one in logged], [one.label for one in logged])
    check_comparable([one.run for one in logged], labels)
    entries = []
    for task in dict.fromkeys(task for one in logged for task in one.tasks):
        for one, label in zip(logged, labels, strict=True):
            if task in one.tasks:
                with console.status(Text(f"{printable(task)}, {label}")):
                    entries.append(entry_of(one, task, label, count))
    return entries


def remarks_on(entries: list[dict[str, Any]]) -> list[str]:
    """What is particular to these entries."""
    said = [f"{entry['task']} of {entry['run']}: {entry['subset']}" for entry in entries if entry["subset"]]
    if any("mathchat_ec" in entry["task"] for entry in entries):
        said.append(
            "lemma_mathchat_ec asks for a correction of somebody else's attempt: reflections there are asked for."
        )
    return said


def main(
    runs: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[LABEL=]RUN",
            help="Folders that lm_eval wrote with --log_samples, or samples_*.jsonl of them.",
        ),
    ] = None,
    output: Annotated[Path, typer.Option(help="Folder for everything that is written.")] = Path("self_correction"),
    tokenizer: Annotated[
        str | None, typer.Option(metavar="NAME", help="Count the length of replies in its tokens too.")
    ] = None,
    errors_before: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Classified samples of the model before training: lines of {problem_id or question, sample, "
            "error_type, model}, or an error distribution.",
        ),
    ] = None,
    errors_after: Annotated[
        list[Path] | None, typer.Option(metavar="FILE", help="The same of a model after training; may be repeated.")
    ] = None,
) -> None:
    """Self-correction telemetry per task, and the before/after figure of error types."""
    with exit_codes():
        shift = shift_of(errors_before, errors_after or [])
        if not runs and shift is None:
            raise RefusedError("nothing to do; give a folder of an lm_eval run, or --errors-before and --errors-after")
        console = Console()
        if not console.is_terminal:
            console = Console(width=140)  # a file or a pipe has no edge to fold at
        written = []
        entries = measured(runs, counter(tokenizer), console) if runs else []
        output.mkdir(parents=True, exist_ok=True)
        if entries:
            remarks = remarks_on(entries)
            for table in screens(entries):
                console.print(table)
            for note in [*remarks, *NOTES]:
                console.print(Text(f"  {note}", style="dim"))
            report = {"tasks": entries, "notes": [*remarks, *NOTES]}
            for suffix, text in (
                ("json", json.dumps(report, indent=2, ensure_ascii=False) + "\n"),
                ("csv", comma_separated(entries)),
                ("md", markdown(entries, remarks)),
            ):
                (output / f"self_correction.{suffix}").write_text(text, encoding="utf-8")
                written.append(f"self_correction.{suffix}")
        if shift:
            draw_shift(shift, output / "error_types.png")
            report = shift.report()
            (output / "error_types.json").write_text(json.dumps(report, indent=2, ensure_ascii=False) + "\n", "utf-8")
            for note in report["notes"]:
                console.print(Text(f"  {note}", style="dim"))
            written += ["error_types.png", "error_types.json"]
        console.print(Text(f"Written to {output}: {', '.join(written)}"))


if __name__ == "__main__":
    typer.run(main)
