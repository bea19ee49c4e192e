"""All samples of a run on which its graders disagree, for reading.

    uv run --extra eval recipes/disagreements.py runs/lemma --output disagreements.jsonl
    uv run --extra eval recipes/disagreements.py runs/lemma --task lemma_math --show 200

Compares `math_verify` with `qwen_match`, and on MathChat with `refaug_match` too. RUN_DIR is what lm_eval wrote with
`--log_samples`. The file has everything of each such sample: document, replies, every score. Where a task draws many samples
per problem, the problems are listed on which the shares of right samples differ.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, TextIO

import rich.box
import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from lemma_steps.console import exit_codes
from lemma_steps.errors import RefusedError
from lemma_steps.evaluation.results.disagreements import MAIN, OTHERS, compare, graded_tasks, verdict
from lemma_steps.evaluation.results.labels import printable
from lemma_steps.evaluation.runs.run import Run

GRADERS = (MAIN, *OTHERS)
END = 90
"""Characters of a reply that are shown."""


@contextmanager
def writing(output: Path | None) -> Iterator[TextIO | None]:
    """The open file, which gets its name only when it is complete.

    Raises:
        RefusedError: it cannot be written.
    """
    if output is None:
        yield None
        return
    unfinished = output.with_name(output.name + ".part")
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        with unfinished.open("w", encoding="utf-8") as lines:
            yield lines
        unfinished.replace(output)
    except OSError as error:
        raise RefusedError(f"{output}: cannot be written ({error.strerror}); give another --output") from None


def table_of(records: list[dict[str, Any]]) -> Table:
    """Gold answer, the end of the reply and the verdicts of each record."""
    table = Table(box=rich.box.SIMPLE_HEAD, show_lines=False)
    for heading in ("task", "id", "gold", "end of the reply", *GRADERS):
        table.add_column(heading, overflow="fold")
    for record in records:
        doc, reply = record["doc"], (record["replies"] or [""])[0]
        shown = [record["task"], str(doc.get("id", record["doc_id"])), str(doc.get("answer", "")), reply[-END:]]
        table.add_row(*(Text(printable(text)) for text in shown), *(verdict(record, grader) for grader in GRADERS))
    return table


def counts_of(run: Run, counts: dict[str, Counter[str]]) -> Table:
    """Per task how many rows were compared and on how many each grader differs, and in which direction."""
    table = Table(box=rich.box.SIMPLE_HEAD)
    for heading in ("task", "rows", *(f"{other} {side}" for other in OTHERS for side in ("higher", "lower"))):
        table.add_column(heading, justify="left" if heading == "task" else "right")
    for task, found in counts.items():
        sides = [
            f"{found[f'{other} {side}']:,}" if found[other] else "–" for other in OTHERS for side in ("higher", "lower")
        ]
        table.add_row(Text(task), run.part(task) or f"{found['rows']:,}", *sides)
    return table


def main(
    run_dir: Annotated[Path, typer.Argument(help="Folder that lm_eval wrote with --log_samples.")],
    task: Annotated[str | None, typer.Option(help="Only this task.")] = None,
    output: Annotated[Path | None, typer.Option(help="JSONL to write, with everything of each sample.")] = None,
    show: Annotated[int, typer.Option(help="Samples to print.", min=0)] = 50,
) -> None:
    """List the samples on which math_verify and the published graders disagree."""
    with exit_codes():
        run = Run.read(run_dir)
        counts: dict[str, Counter[str]] = {}
        shown: list[dict[str, Any]] = []
        total = 0
        with writing(output) as lines:
            for name in graded_tasks(run, task):
                found = counts[name] = Counter({other: 1 for other in OTHERS if run.score(name, other) is not None})
                for record in compare(run, name):
                    found["rows"] += 1
                    if record is None:
                        continue
                    total += 1
                    for other in record["differ"]:
                        found[
                            f"{other} {'higher' if record['scores'][other] > record['scores'][MAIN] else 'lower'}"
                        ] += 1
                    if len(shown) < show:
                        shown.append(record)
                    if lines is not None:
                        lines.write(json.dumps(record, ensure_ascii=False) + "\n")

        console = Console()
        if not console.is_terminal:
            console = Console(width=180)
        if shown:
            console.print(table_of(shown))
        if total > len(shown):
            console.print(
                Text(f"{total - len(shown):,} more are not shown; use --show, or --output FILE.jsonl for all\n")
            )
        console.print(counts_of(run, counts))
        console.print(Text(f"{total:,} rows with a disagreement" + (f", written to {output}" if output else "")))


if __name__ == "__main__":
    typer.run(main)
