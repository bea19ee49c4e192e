"""Which errors a model makes: its wrong samples, classified by type, with the distribution per model and source.

    uv run recipes/analyze_errors.py starter --output errors                              a recorded small student
    uv run recipes/analyze_errors.py samples.jsonl --problems math --teacher openai:gpt-4o-2024-08-06 --output errors
    uv run recipes/analyze_errors.py "base=runs/base" "LEMMA=runs/lemma" --teacher ... --output errors     lm-eval logs
    uv run recipes/analyze_errors.py --config recipes/configs/temperature.yaml --student vllm:URL#MODEL --output study

SAMPLES are JSONL files of recorded samples, folders or samples_*.jsonl of lm-eval, or records of the published code.
Writes classified.jsonl, report.md, report.json, figures (the paper's Figures 3 and 7; 6 and 8 for several models; 4 for
several temperatures) and distributions/*.json, which `recipes/lemma.py --distribution` takes. See docs/error_analysis.md.
"""

from __future__ import annotations

import shlex
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from lemma_steps import options
from lemma_steps.console import exit_codes, many, quiet_libraries
from lemma_steps.error_analysis.settings import AnalysisSettings

CONFIG = Path(__file__).parent / "configs" / "analyze_errors.yaml"


def build(settings: AnalysisSettings, teacher: Any, student: Any = None, temperature: float | None = None) -> Any:
    """The chain as a distilabel `Pipeline`: samples, recorded or of a student, then verdicts and error types."""
    from distilabel.pipeline import Pipeline

    from lemma_steps import steps

    gold = settings.model_dump(include={"problems", "columns", "limit"})
    head: list[tuple[type, dict[str, Any]]] = [
        (steps.LoadSamples, {**gold, "samples": settings.samples, "source": settings.source})
    ]
    if student is not None:
        head = [(steps.LoadProblems, gold), (steps.SampleStudent, {"llm": student, "seed": settings.seed})]
    chain = [*head, (steps.ScoreSamples, {}), (steps.ClassifyErrors, {"llm": teacher, "seed": settings.seed})]
    own = dict(settings.steps)
    if temperature == 0:  # greedy solutions are all alike
        own["sample_student"] = {**own.get("sample_student", {}), "n_samples": 1}
    with Pipeline(name="analyze_errors", description="Error types of a model's wrong samples.") as pipeline:
        steps.connect(chain, own)
    return pipeline


def main(
    output: Annotated[Path, typer.Option(help="Directory for everything the run writes; the same one again resumes.")],
    samples: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[LABEL=]PATH",
            help="JSONL of recorded samples, or what lm-eval logged: a folder or samples_*.jsonl. starter: bundled ones.",
        ),
    ] = None,
    config: Annotated[Path, typer.Option(help="What the options below start from.")] = CONFIG,
    problems: Annotated[
        list[str] | None,
        typer.Option(help="Problem set with the gold answers: gsm8k, math, a Hub id or a file; repeatable."),
    ] = None,
    column: options.Column = None,
    source: Annotated[str | None, typer.Option(help="What to call the problem set of samples that do not say.")] = None,
    limit: Annotated[int | None, typer.Option(help="First N problems of each model and source.")] = None,
    teacher: Annotated[
        str | None, typer.Option(help="Who classifies: offline, openai:MODEL, vllm:URL#MODEL or embedded:NAME.")
    ] = None,
    student: Annotated[
        str | None, typer.Option(help="Sample this model instead: openai:MODEL, vllm:URL#MODEL or embedded:NAME.")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of the run.")] = None,
    budget_usd: options.BudgetUsd = None,
    prices: options.PriceFile = None,
    batch: options.Batch = None,
) -> None:
    """Classify the wrong samples of models and give their error-type distributions."""
    quiet_libraries()
    with exit_codes():
        from lemma_steps.sources import named_columns

        overrides = {
            "samples": samples or None,
            "problems": problems or None,
            "columns": named_columns(column),
            "source": source,
            "limit": limit,
            "teacher": teacher,
            "student": student,
            "seed": seed,
            "prices": prices,
            "batch": batch,
        }
        settings = AnalysisSettings.read(config, overrides)
        show(run(settings, output, budget_usd), output)


def run(settings: AnalysisSettings, output: Path, budget_usd: float | None) -> Any:
    """Run one chain, or one per temperature, and write the result; returns it with its report."""
    import yaml

    from lemma_steps.error_analysis.result import AnalysisResult
    from lemma_steps.execution import carry_out
    from lemma_steps.llms.spec import refuse_unpriced, student_llm, teacher_llm
    from lemma_steps.run_directory import STORE

    store = str(output / STORE)
    sampled = settings.student != "none"
    temperatures: list[float | None] = [*settings.temperatures] or [settings.student_sampling.get("temperature")]
    runs: list[Any] = []
    for temperature in temperatures if sampled else [None]:
        sampling = {**settings.student_sampling, "temperature": temperature}
        student = student_llm(settings.model_copy(update={"student_sampling": sampling}), store) if sampled else None
        teacher = teacher_llm(settings, store)
        runs.append((temperature, [teacher, student], build(settings, teacher, student, temperature)))
    refuse_unpriced(runs[0][1], settings.prices, budget_usd)
    written = yaml.safe_dump([pipeline.dump() for _, _, pipeline in runs], sort_keys=False, allow_unicode=True)
    command = shlex.join(["python", "recipes/analyze_errors.py", *sys.argv[1:]])
    result = AnalysisResult(output, settings, teacher.model_name)
    report = None
    for temperature, models, pipeline in runs:
        given = {"student": models[1].model_name, "temperature": temperature} if sampled else {}
        consume = consumer(result, given, command if pipeline is runs[-1][-1] else None)
        report = carry_out(pipeline, models, settings, output, written, consume, budget_usd=budget_usd)
    return result, report


def consumer(result: Any, given: Mapping[str, Any], command: str | None) -> Any:
    """What takes the rows of one chain; with a command it is the last one, and writes the result.

    The result is written while the directory is held: no second run comes between.
    """

    async def consume(rows: AsyncIterator[Any], runner: Any, facts: Callable[[], Mapping[str, Any]]) -> Any:
        asked = next((step.n_samples for step in runner.steps if step.name == "sample_student"), None)
        await result.take(rows, given, asked)
        return result.finish(command, facts(), getattr(runner.generator, "repeated", 0)) if command else None

    return consume


def show(found: Any, output: Path) -> None:
    """The tables on the terminal, then what must not be overlooked."""
    from lemma_steps.error_analysis.analysis_text import notes, screens
    from lemma_steps.execution import failed_calls

    result, report = found
    console = Console()
    if not console.is_terminal:
        console = Console(width=140)  # a file or a pipe has no edge to fold at
    for table in screens(result.analysis):
        console.print(table)
    for note in notes(result.analysis):
        console.print(Text(f"  {note}", style="dim"))
    for remark in [*report["remarks"], *report["warnings"]]:
        console.print(Text(f"note: {remark}", style="bold yellow"))
    reasons: dict[str, int] = {}
    for one in report["series"]:
        for reason, count in one["unclassified"].items():
            reasons[reason] = reasons.get(reason, 0) + count
    if failed := failed_calls({"reasons": reasons}):
        console.print(Text(f"note: a call failed for {many(failed, 'sample')}; the same command asks again"))
    files = "classified.jsonl, report.md, report.json, figures, distributions"
    console.print(Text(f"{output}: {many(sum(one['wrong'] for one in report['series']), 'wrong sample')}; {files}"))


if __name__ == "__main__":
    typer.run(main)
