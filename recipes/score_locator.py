"""How right a teacher's labels are: the first wrong step, and the type of the error, on public sets that people labelled.

    uv run recipes/score_locator.py --teacher openai:gpt-4o --limit 200 --votes 5 --output scores/gpt-4o
    uv run recipes/score_locator.py --teacher vllm:http://localhost:8000/v1#my-model --data DIR --json scores.json

The sets are ProcessBench (four), MR-GSM8K, MR-Ben mathematics, BIG-Bench Mistake and EIC (two); they come from the Hub and
from GitHub, or from a local folder (`--data`, or LEMMA_DATA). The teacher is asked as in `recipes/lemma.py`, by the same
steps and prompts. Replies are stored in --output and paid for once: the same command again goes on, and more sets, solutions
or votes are added to what is there. The measurement is kept; datasets that this teacher makes with the same prompts quote it.
docs/label_quality.md says how to read the figures.
"""

from __future__ import annotations

import json
import shlex
import sys
from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from lemma_steps import options
from lemma_steps.console import exit_codes, many, quiet_libraries, refuse_unwritable
from lemma_steps.errors import RefusedError, StoppedError

ASIDE = ("--data", "--output", "--json", "--prices", "--budget-usd")
SETS = (
    "processbench_gsm8k, processbench_math, processbench_olympiadbench, processbench_omnimath, mr_gsm8k, mr_ben_math, "
    "bigbench_mistake, eic_gsm8k, eic_mathqa"
)
CONFIG = Path(__file__).parent / "configs" / "score_locator.yaml"


def build(settings: Any, teacher: Any, folder: Path | None, *, reference: bool) -> Any:
    """Labelled solutions to the locator, which is asked once for every say of the arithmetic check."""
    from lemma_steps import steps

    locator = {"name": "locate_first_error", "llm": teacher, "seed": settings.seed, "votes": settings.votes}
    locator |= {"with_reference": reference, "checkers": settings.checkers}
    return _pipeline(settings, folder, {"sets": settings.sets, "reference": reference}, steps.CompareCheckers, locator)


def build_types(settings: Any, teacher: Any, folder: Path | None) -> Any:
    """Solutions with a labelled error type to the classifier."""
    from lemma_steps import steps

    loading = {"sets": settings.typed_sets, "reference": True, "types": True}
    return _pipeline(settings, folder, loading, steps.ClassifyErrors, {"llm": teacher, "seed": settings.seed})


def _pipeline(settings: Any, folder: Path | None, loading: dict[str, Any], step: type, asking: dict[str, Any]) -> Any:
    from distilabel.pipeline import Pipeline

    from lemma_steps import steps

    drawn = {"folder": str(folder) if folder else None, "limit": settings.limit, "seed": settings.seed, **loading}
    with Pipeline(name="score_locator") as pipeline:
        steps.connect([(steps.LoadLabelled, drawn), (step, asking)], {})
    return pipeline


def carry_out(
    pipeline: Any, teacher: Any, settings: Any, output: Path, budget_usd: float | None
) -> list[dict[str, Any]]:
    """All rows, with what the teacher said."""
    from lemma_steps import execution

    async def gather(rows: AsyncIterator[dict[str, Any]], *_: object) -> list[dict[str, Any]]:
        return [row async for row in rows]

    return execution.carry_out(
        pipeline, [teacher], settings, output, settings.identity(), gather, budget_usd=budget_usd
    )


def measure(settings: Any, folder: Path | None, output: Path, budget_usd: float | None) -> Any:
    """Ask in every way; replies to the same request are taken from the store."""
    from lemma_steps.arithmetic import first_false_step
    from lemma_steps.label_quality.prediction import Prediction
    from lemma_steps.label_quality.study import Study
    from lemma_steps.label_quality.type_scores import TypePrediction
    from lemma_steps.labelled import LabelledSet
    from lemma_steps.llms.spec import refuse_unpriced, teacher_llm
    from lemma_steps.run_directory import STORE

    def teacher() -> Any:
        return teacher_llm(settings, str(output / STORE))

    asked = teacher()
    refuse_unpriced([asked], settings.prices, budget_usd)
    sets = [LabelledSet.read(name, folder) for name in settings.sets]
    ways = [seen for seen in settings.references if not seen or any(one.no_references is None for one in sets)]
    if not ways:
        raise RefusedError(f"--reference with: {sets[0].no_references}; use --reference without, or other sets")
    made = {
        "command": shlex.join(["python", "recipes/score_locator.py", *decisive(sys.argv[1:])]),
        "date": datetime.now(UTC).date().isoformat(),
        "version": version("lemma-recipes"),
    }
    study = Study(settings, sets, made, asked.model_name)
    answered_by: Counter[str] = Counter()
    for reference in ways:
        model = teacher()
        for row in carry_out(build(settings, model, folder, reference=reference), model, settings, output, budget_usd):
            located = study.located.setdefault((reference, row["checker"]), {})
            located.setdefault(row["source"], []).append(Prediction.of_row(row))
            answered_by.update(call["model"] for call in row.get("provenance") or () if call["model"])
            if (reference, row["checker"]) == (ways[-1], settings.checkers[0]):
                false = first_false_step(row["steps"])
                alone = Prediction(row["problem_id"], row["group"], row["labelled_step"], false)
                study.checked.setdefault(row["source"], []).append(alone)
    if settings.typed_sets:
        model = teacher()
        for row in carry_out(build_types(settings, model, folder), model, settings, output, budget_usd):
            study.typed.setdefault(row["source"], []).append(TypePrediction.of_row(row))
    if answered_by:  # a dataset's report names models as their servers do
        study.teacher = answered_by.most_common(1)[0][0]
    return study


def decisive(arguments: list[str]) -> list[str]:
    """The command line without folders and files of this machine, and without what decides no answer."""
    left, passing = [], False
    for argument in arguments:
        name = argument.partition("=")[0]
        if not passing and name not in ASIDE:
            left.append(argument)
        passing = name in ASIDE and argument == name
    return left


def write(study: Any, output: Path, json_file: Path | None) -> tuple[list[Any], list[str]]:
    """Keep the measurements and write report, tables and figures; returns the tables and what was written."""
    from lemma_steps.evaluation.results.labels import printable
    from lemma_steps.evaluation.results.table_text import escape_markdown
    from lemma_steps.label_quality.measured import answered, store
    from lemma_steps.label_quality.pictures import draw
    from lemma_steps.label_quality.tables import tables

    measurements = study.measurements()
    kept = {store(measurement).parent for measurement in measurements if answered(measurement)}
    report = study.report(measurements)
    shown = tables(report)
    text = json.dumps(report, indent=1, ensure_ascii=False) + "\n"
    name = escape_markdown(printable(study.teacher))
    page = "\n".join([f"# Label quality of {name}\n", *(table.markdown() for table in shown)])
    try:
        for path in (output / "report.json", *([json_file] if json_file else [])):
            path.write_text(text, encoding="utf-8")
        (output / "report.md").write_text(page, encoding="utf-8")
        drawn = draw(report, output)
    except OSError as error:
        where = error.filename or output
        raise StoppedError(f"{where}: {error.strerror or error}; free some space and run again") from None
    return shown, ["report.json", "report.md", *drawn, *(f"measurements in {one}" for one in kept)]


def dry_run(settings: Any, folder: Path | None) -> None:
    """Print the first prompt, and how many calls and tokens there would be. Nothing is called."""
    from lemma_steps.llms.rehearsal import RehearsalLLM
    from lemma_steps.llms.tokens import Tokens

    counter = Tokens.of(settings.teacher.rpartition("#")[2].partition(":")[2] or settings.teacher)
    first, calls, tokens = None, 0, 0
    ways = [build(settings, RehearsalLLM(model="x"), folder, reference=way) for way in settings.references]
    if settings.typed_sets:
        ways.append(build_types(settings, RehearsalLLM(model="x"), folder))
    for pipeline in ways:
        load, ask = (pipeline.dag.get_step(name)["step"] for name in pipeline.dag)
        for row in (row for batch, _ in load.process() for row in batch):
            prompt = ask.format_input({**row, "solution": row["erroneous_solution"]})
            first = first or prompt
            times = getattr(ask, "votes", 1)
            calls, tokens = calls + times, tokens + times * counter.prompt(prompt)
    for message in first or ():
        print(f"--- {message['role']}\n{message['content']}")
    print(f"---\n{calls:,} calls, {tokens:,} prompt tokens ({counter.name}); replies are not estimated")


def main(
    teacher: Annotated[
        str | None, typer.Option(help="offline, openai:MODEL, vllm:URL#MODEL or embedded:NAME.", metavar="SPEC")
    ] = None,
    data: Annotated[
        Path | None, typer.Option(help="Folder of the sets; default LEMMA_DATA, and without it the Hub and GitHub.")
    ] = None,
    json_file: Annotated[Path | None, typer.Option("--json", help="Also write all figures here.")] = None,
    output: Annotated[
        Path, typer.Option(help="Folder for the replies, tables and figures; the same one again goes on.")
    ] = Path("score_locator"),
    config: Annotated[Path, typer.Option(help="A YAML of these options.")] = CONFIG,
    sets: Annotated[list[str] | None, typer.Option("--set", help=f"One of {SETS}; repeatable. Default: all.")] = None,
    limit: Annotated[int | None, typer.Option(help="So many solutions of each set, drawn at random.")] = None,
    votes: Annotated[int | None, typer.Option(help="How often the locator is asked about each solution.")] = None,
    reference: Annotated[
        str | None, typer.Option(help="Whether it sees the reference solution: with, without or both.")
    ] = None,
    checker: Annotated[
        str | None, typer.Option(help="Say of the arithmetic check: off, vote, earliest, or compare for all of them.")
    ] = None,
    types: Annotated[bool | None, typer.Option(help="Ask for error types on the sets that have them.")] = None,
    seed: Annotated[int | None, typer.Option(help="Another seed, another draw and other votes.")] = None,
    budget_usd: options.BudgetUsd = None,
    prices: options.PriceFile = None,
    batch: options.Batch = None,
    dry: Annotated[bool, typer.Option("--dry-run", help="Print the first prompt and the number of calls.")] = False,
) -> None:
    """Score the locator and the classifier of errors on labelled sets."""
    quiet_libraries()
    with exit_codes():
        from lemma_steps.label_quality.measured import own_folder
        from lemma_steps.label_quality.settings import ScoreSettings

        given = {"teacher": teacher, "sets": sets or None, "limit": limit, "votes": votes, "reference": reference}
        given |= {"checker": checker, "types": types, "seed": seed, "prices": prices, "batch": batch}
        settings = ScoreSettings.read(config, given)
        if dry:
            dry_run(settings, data)
            return
        refuse_unwritable(json_file, "--json")
        refuse_unwritable(own_folder() / "any.json", "LEMMA_MEASURED")
        study = measure(settings, data, output, budget_usd)
        shown, written = write(study, output, json_file)
        console = Console()
        if not console.is_terminal:
            console = Console(width=140)  # a file or a pipe has no edge to fold at
        for table in shown:
            console.print(table.screen())
        if failed := lost(study):
            print(f"note: {many(failed, 'answer')} could not be had; the same command asks again", file=sys.stderr)
        console.print(Text(f"Written to {output}: {', '.join(written)}"))


def lost(study: Any) -> int:
    """Answers that a failed call cost, in the way that was asked first."""
    from lemma_steps.execution import failed_calls

    rows = next(iter(study.located.values()), {})
    return failed_calls({"reasons": Counter(one.unanswered or "" for part in rows.values() for one in part)})


if __name__ == "__main__":
    typer.run(main)
