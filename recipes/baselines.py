"""The baselines of the paper's comparison: training sets of other methods, in the record, steps and files of recipes/lemma.py.

    python recipes/baselines.py sft --output sft                                    gold solutions
    python recipes/baselines.py rft --student-samples samples.jsonl --output rft    a student's right solutions
    python recipes/baselines.py rft --student vllm:http://localhost:8000/v1#my-model --output rft
    python recipes/baselines.py gptaug --output gptaug                              a teacher's right solutions
    python recipes/baselines.py isc --student-samples samples.jsonl --output isc    its answers, verified and corrected
    python recipes/baselines.py refaug --output refaug                              gold solutions that think on; refaug-90k
    python recipes/baselines.py gptaug --dry-run                                    what that would ask and cost
    python recipes/baselines.py metamath --output metamath                          MetaMathQA
    python recipes/baselines.py dart-math-uniform --output dart                     DART-Math; also dart-math-hard
    python recipes/baselines.py published --output published                        the released LEMMA set, audited
    python recipes/baselines.py subset out --rows 5000 --output lemma_5k            a part of any of these sets
    python recipes/baselines.py subset sft --tokens 1200000 --tokenizer MODEL --output sft_1200k

Every kept row reached its gold answer and is no question of an evaluation set; every other row is in rejected.parquet,
with the reason. Subsets of one set with one seed are nested: the smaller is the beginning of the larger.
"""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from lemma_steps import options
from lemma_steps.baseline_settings import BaselineSettings
from lemma_steps.console import exit_codes, quiet_libraries
from lemma_steps.errors import RefusedError

HERE = Path(__file__).parent
METHODS = {
    "sft": "Gold solutions of the problems.",
    "rft": "A student's right solutions, one for each way to the answer (Yuan et al., 2023).",
    "gptaug": "A teacher's right solutions, several per problem.",
    "isc": "A student's answers, each verified, and corrected by a teacher where wrong (Han et al., 2024).",
    "refaug": "Gold solutions with a reflection after them, and a teacher's solutions (Zhang et al., 2024).",
    "refaug-90k": "The same with three of each per problem.",
    "metamath": "MetaMathQA; its answers are its own.",
    "dart-math-uniform": "DART-Math-Uniform, checked against GSM8K and MATH.",
    "dart-math-hard": "DART-Math-Hard, checked against GSM8K and MATH.",
    "published": "The released LEMMA set, checked against GSM8K and MATH.",
}
FILES = "train.parquet, train.jsonl, rejected.parquet, report.html, report.json, figures, README.md"
Link = tuple[type, dict[str, Any]]
app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None, no_args_is_help=True)


def build(settings: BaselineSettings, teacher: Any = None, student: Any = None) -> Any:
    """The chain of one method as a distilabel `Pipeline`; what follows the solutions is the same for all."""
    from distilabel.pipeline import Pipeline

    from lemma_steps import steps
    from lemma_steps.output.methods import about

    loading = settings.model_dump(include={"problems", "columns", "licence", "limit"})
    asked = {"llm": teacher, "seed": settings.seed}
    checked = (steps.AnswerFilter, {"name": "solution_filter", "column": "solution", "stated": True})
    solutions: list[Link] = [
        (steps.LoadSolutions, {**loading, "method": settings.method, "wrapped": settings.method == "lemma_published"}),
        (steps.Decontaminate, {}),
        (steps.FindGold, {"problems": settings.gold}),
        (steps.AnswerFilter, {"column": "solution", "stated": True}),
    ]
    problems: list[Link] = [(steps.LoadProblems, loading), (steps.Decontaminate, {})]
    samples: list[Link] = [
        *problems,
        (steps.SampleStudent, {"llm": student, "samples_file": settings.student_samples, "seed": settings.seed}),
        (steps.ScoreSamples, {}),
    ]
    close: Link = (steps.CloseSolution, {})
    written: list[Link] = [
        *problems,
        (steps.AllotSolutions, {"method": settings.method}),
        (steps.SolveProblem, asked),
        checked,
    ]
    heads: dict[str, list[Link]] = {
        "sft": [*problems, (steps.GoldSolutions, {}), (steps.AnswerFilter, {"column": "solution"}), close],
        "rft": [*samples, (steps.RightSamples, {}), close],
        "gptaug": [*written, close],
        "isc": [
            *samples,
            (steps.InitialAnswers, {}),
            (steps.ExplainAnswer, asked),
            checked,
            (steps.JoinVerification, {}),
        ],
        "refaug": [*written, (steps.ReflectOnSolution, asked), close, (steps.AppendReflection, {})],
    }
    chain = [
        *heads.get(settings.method, [*solutions, close]),
        (steps.AnswerFilter, {"name": "closing_filter"}),
        (steps.AuditTrajectory, {}),
        (steps.FormatRecord, {}),
        (steps.Deduplicate, {}),
    ]
    chain = [link for link in chain if link[0] is not steps.Decontaminate or not settings.ablate]
    with Pipeline(name=settings.method, description=about(settings.method)["title"]) as pipeline:
        steps.connect(chain, settings.steps)
    return pipeline


def make(
    ctx: typer.Context,
    output: Annotated[
        Path | None, typer.Option(help="Directory for everything the run writes; the same one again resumes.")
    ] = None,
    config: Annotated[Path, typer.Option(help="A YAML with a section of this method's name.")] = HERE
    / "configs"
    / "baselines.yaml",
    problems: Annotated[
        list[str] | None,
        typer.Option(
            help="What the rows are made of: gsm8k, math, a Hub id or a .jsonl(.gz), .parquet, .csv; repeatable."
        ),
    ] = None,
    gold: Annotated[
        list[str] | None,
        typer.Option(help="Problem set with the answers to a set of solutions; repeatable."),
    ] = None,
    column: options.Column = None,
    licence: options.Licence = None,
    limit: Annotated[int | None, typer.Option(help="First N rows of each set.")] = None,
    teacher: Annotated[
        str | None, typer.Option(help="gptaug, isc, refaug: openai:MODEL, vllm:URL#MODEL or embedded:NAME.")
    ] = None,
    student: Annotated[
        str | None, typer.Option(help="rft, isc: none, openai:MODEL, vllm:URL#MODEL or embedded:NAME.")
    ] = None,
    student_samples: Annotated[
        str | None, typer.Option(help="rft, isc: JSONL of recorded student samples, starter, or none.")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of the run.")] = None,
    ablate: Annotated[list[str] | None, typer.Option(help="decontamination, to leave it out.")] = None,
    reject_bad_rows: options.RejectBadRows = False,
    budget_usd: options.BudgetUsd = None,
    prices: options.PriceFile = None,
    batch: options.Batch = None,
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="Print calls, tokens, dollars and first prompt of each step; call nothing."),
    ] = False,
) -> None:
    quiet_libraries()
    with exit_codes():
        from lemma_steps.sources import named_columns

        overrides = {
            "problems": problems or None,
            "gold": gold or None,
            "columns": named_columns(column),
            "licence": licence,
            "limit": limit,
            "teacher": teacher,
            "student": student,
            # a student that is named is asked
            "student_samples": student_samples or ("none" if student not in (None, "none") else None),
            "seed": seed,
            "ablate": ablate or None,
            "prices": prices,
            "batch": batch,
        }
        settings = BaselineSettings.read(config, overrides, section=str(ctx.info_name))
        settings.check()
        if dry_run:
            estimate(settings, reject_bad_rows=reject_bad_rows)
        elif output is None:
            raise RefusedError(f"{settings.method}: no --output; name the directory for the result")
        else:
            run(settings, output, budget_usd=budget_usd, reject_bad_rows=reject_bad_rows)


for name, words in METHODS.items():
    app.command(name, help=words)(make)


def sizes_of(settings: BaselineSettings, *, reject_bad_rows: bool) -> list[int | None]:
    """Check the input; rows of each set, where known."""
    from lemma_steps.sources import Source, to_problem, to_solution

    read = to_solution if settings.of_solutions else to_problem
    sources = [Source(spec, settings.columns) for spec in settings.problems]
    return [source.check(settings.limit, read, refuse_bad_rows=not reject_bad_rows) for source in sources]


def estimate(settings: BaselineSettings, *, reject_bad_rows: bool) -> None:
    """Say what a run would ask and cost."""
    from lemma_steps.dry_run import dry_run

    if settings.teacher == settings.student == "none":
        raise RefusedError(f"{settings.method}: asks no model; leave out --dry-run")
    sizes_of(settings, reject_bad_rows=reject_bad_rows)
    print(dry_run(build, settings))


def run(settings: BaselineSettings, output: Path, *, budget_usd: float | None, reject_bad_rows: bool) -> None:
    """Check the input, run the chain, write the result."""
    from lemma_steps.execution import execute, failed_calls
    from lemma_steps.llms.spec import refuse_unpriced, student_llm, teacher_llm
    from lemma_steps.run_directory import STORE

    sizes = sizes_of(settings, reject_bad_rows=reject_bad_rows)
    store = str(output / STORE)
    teacher = None if settings.teacher == "none" else teacher_llm(settings, store)
    student = student_llm(settings, store)
    refuse_unpriced([teacher, student], settings.prices, budget_usd)
    report = execute(
        build(settings, teacher, student),
        [teacher, student],
        settings,
        output,
        shlex.join(["python", "recipes/baselines.py", *sys.argv[1:]]),
        total=None if None in sizes or settings.of_solutions else sum(sizes),
        budget_usd=budget_usd,
    )
    if failed := failed_calls(report):
        print(f"note: a call failed for {failed:,} rejected rows; the same command asks again", file=sys.stderr)
    print(f"{output}: {report['kept']:,} rows kept of {report['entered']:,}; {FILES}")


@app.command()
def subset(
    parent: Annotated[Path, typer.Argument(metavar="DIR|FILE", help="A result, its train.parquet or its train.jsonl.")],
    output: Annotated[Path, typer.Option(help="Directory for the subset.")],
    rows: Annotated[int | None, typer.Option(min=1, help="So many rows.")] = None,
    tokens: Annotated[int | None, typer.Option(min=1, help="Rows until about so many trained tokens.")] = None,
    tokenizer: Annotated[str | None, typer.Option(help="Whose tokens: a model's folder or Hub id.")] = None,
    seed: Annotated[int, typer.Option(help="Another seed, another order of the rows.")] = 0,
) -> None:
    """Draw rows from a set: of one seed, a smaller subset is the beginning of a larger one."""
    quiet_libraries()
    with exit_codes():
        from lemma_steps.subsets import Subset

        command = shlex.join(["python", "recipes/baselines.py", *sys.argv[1:]])
        report = Subset(parent, seed).write(output, command, rows=rows, tokens=tokens, tokenizer=tokenizer)
        drawn = report["subset_of"]
        said = f", {drawn['trained_tokens']:,} trained tokens" if tokens else ""
        print(f"{output}: {report['kept']:,} of {drawn['rows']:,} rows{said}; {FILES}")


if __name__ == "__main__":
    app()
