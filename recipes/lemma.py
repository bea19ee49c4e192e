"""The LEMMA recipe: math problems with known answers in, verified error-corrective training data out.

    python recipes/lemma.py --output out                                        the offline demonstration
    python recipes/lemma.py --config recipes/configs/paper.yaml --output paper   the paper's recipe, with an API key
    python recipes/lemma.py --config recipes/configs/paper.yaml --dry-run        what that would ask and cost
    python recipes/lemma.py --output out --shard 1/4                             one of four parts, on any machine
    python recipes/lemma.py merge out                                            the result of the four, as of one run

One file tells the story: the options, the chain of steps, the run, what is written and where it is published.
"""

from __future__ import annotations

import asyncio
import shlex
import sys
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from lemma_steps import options
from lemma_steps.console import exit_codes, quiet_libraries, refuse_no_amount
from lemma_steps.errors import RefusedError, StoppedError
from lemma_steps.settings import Settings
from lemma_steps.shards.shard import Shard
from lemma_steps.shards.words import Words, said

HERE = Path(__file__).parent
app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)


def models(settings: Settings, store: str | None = None) -> tuple[Any, Any]:
    """Teacher and student (or `None`); their replies go to the file `store`."""
    from lemma_steps.llms.spec import student_llm, teacher_llm

    return teacher_llm(settings, store), student_llm(settings, store)


def build(settings: Settings, teacher: Any, student: Any = None, shard: Shard | None = None) -> Any:
    """The chain of the paper's Figure 2 as a distilabel `Pipeline`, ready for the runner or for `Pipeline.run`."""
    from distilabel.pipeline import Pipeline

    from lemma_steps import steps

    reference = "gold" if settings.teacher == "offline" else "none"
    strategies = [name for name in ("fix_continue", "fresh_restart") if name.replace("_", "-") not in settings.ablate]
    seed = settings.seed

    chain: list[tuple[type, dict[str, Any]]] = [
        (
            steps.LoadProblems,
            settings.model_dump(include={"problems", "columns", "licence", "limit"})
            | {"shard": str(shard) if shard else None},
        ),
        (steps.Decontaminate, {}),
        (steps.SampleStudent, {"llm": student, "samples_file": settings.student_samples, "seed": seed}),
        (steps.ScoreSamples, {}),
        (steps.ClassifyErrors, {"llm": teacher, "seed": seed}),
        (
            steps.ErrorTypeSampler,
            {
                "strategies": strategies,
                "error_augmentation": "error-augmentation" not in settings.ablate,
                "distribution_file": settings.distribution,
                "seed": seed,
            },
        ),
        (steps.InjectError, {"llm": teacher, "seed": seed}),
        (steps.InjectionFilter, {}),
        (steps.LocateFirstError, {"llm": teacher, "seed": seed}),
        (steps.AuditInjection, {}),
        (steps.TruncateAtError, {"truncate": "truncation" not in settings.ablate}),
        (steps.FixContinue, {"llm": teacher, "reference": reference, "seed": seed}),
        (steps.FreshRestart, {"llm": teacher, "reference": reference, "seed": seed}),
        (steps.Smooth, {"llm": teacher, "seed": seed}),
        (steps.JoinTrajectory, {}),
        (steps.AnswerFilter, {}),
        (steps.AuditTrajectory, {"truncated": "truncation" not in settings.ablate}),
        (steps.FormatRecord, {}),
        (steps.Deduplicate, {}),
    ]
    left_out = {"smooth": steps.Smooth, "decontamination": steps.Decontaminate}
    chain = [(step, given) for step, given in chain if step not in [left_out.get(name) for name in settings.ablate]]
    if not strategies:
        raise RefusedError("--ablate fix-continue and fresh-restart together leave no strategy; drop one of them")

    with Pipeline(name="lemma", description="Learning from errors: verified error-corrective trajectories") as pipeline:
        steps.connect(chain, settings.steps)
    return pipeline


@app.callback(cls=Words, invoke_without_command=True)
def main(
    ctx: typer.Context,
    output: Annotated[
        Path, typer.Option(help="Directory for everything the run writes; the same one again resumes.")
    ] = Path("out"),
    config: Annotated[Path, typer.Option(help="A recipe YAML of recipes/configs.")] = HERE / "configs" / "offline.yaml",
    problems: Annotated[
        list[str] | None,
        typer.Option(
            help="starter, gsm8k, math, metamath, a Hub id ORG/NAME[:CONFIG], or a .jsonl(.gz), .parquet, .csv; repeatable."
        ),
    ] = None,
    column: options.Column = None,
    licence: options.Licence = None,
    limit: Annotated[int | None, typer.Option(help="First N problems of each source.")] = None,
    teacher: Annotated[str | None, typer.Option(help="offline, openai:MODEL, vllm:URL#MODEL or embedded:NAME.")] = None,
    student: Annotated[str | None, typer.Option(help="none, openai:MODEL, vllm:URL#MODEL or embedded:NAME.")] = None,
    student_samples: Annotated[
        str | None, typer.Option(help="JSONL of recorded student samples, starter, or none.")
    ] = None,
    distribution: Annotated[str | None, typer.Option(help="JSON of the student's measured error types.")] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of the run.")] = None,
    ablate: Annotated[
        list[str] | None,
        typer.Option(
            help="error-augmentation, fresh-restart, fix-continue, truncation, smooth, decontamination; repeatable."
        ),
    ] = None,
    reject_bad_rows: options.RejectBadRows = False,
    budget_usd: options.BudgetUsd = None,
    prices: options.PriceFile = None,
    batch: options.Batch = None,
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="Print calls, tokens, dollars and first prompt of each step; call nothing."),
    ] = False,
    shard: Annotated[str | None, typer.Option(help="I/N: make part I of N only; `merge` joins the parts.")] = None,
    ray: Annotated[
        str | None, typer.Option(help="Make all parts as tasks of the Ray cluster at this address, or `auto`.")
    ] = None,
    parts: Annotated[int | None, typer.Option(min=1, help="Parts of --ray; default: one per node.")] = None,
    push_to_hub: options.PushToHub = None,
    public: options.Public = False,
    push_to_argilla: options.PushToArgilla = None,
    argilla_home: options.ArgillaHome = options.ARGILLA_HOME,
) -> None:
    """Make verified error-corrective training data from math problems with known answers (LEMMA, arXiv 2503.17439)."""
    quiet_libraries()
    if ctx.invoked_subcommand:
        return
    from lemma_steps.publish import check_target
    from lemma_steps.publish import push_to_hub as publish
    from lemma_steps.sources import named_columns

    with exit_codes():
        overrides = {
            "problems": problems or None,
            "columns": named_columns(column),
            "licence": licence,
            "limit": limit,
            "teacher": teacher,
            "student": student,
            # a student that is named is asked: the recorded samples of the default recipe are another's
            "student_samples": student_samples or ("none" if student not in (None, "none") else None),
            "distribution": distribution,
            "seed": seed,
            "ablate": ablate or None,
            "prices": prices,
            "batch": batch,
        }
        settings = Settings.read(config, overrides)
        settings.refuse_without_errors()
        if shard and (ray or push_to_hub or push_to_argilla):
            raise RefusedError(
                f"--shard {shard}: a part is not the result; leave out --ray, and publish or send with `merge`"
            )
        refuse_no_amount(budget_usd)
        if parts and not ray:
            raise RefusedError(f"--parts {parts}: of --ray alone; without it start --shard I/{parts} for every I")
        part = Shard.parse(shard) if shard else None
        if dry_run:
            estimate(settings, part, reject_bad_rows=reject_bad_rows)
            return
        if push_to_hub:
            check_target(push_to_hub, private=not public)
        review = review_in(push_to_argilla, argilla_home)
        if ray:
            from lemma_steps.ray_parts import RayParts

            own = ("output", "ray", "parts", "budget_usd", "push_to_hub", "public", "push_to_argilla", "argilla_home")
            own_words = said(ctx, without=own)
            RayParts(ray, parts).run([str(Path(__file__).resolve()), *own_words], output, budget_usd=budget_usd)
            join([output], output, repo=push_to_hub)
        else:
            run(settings, output, shard=part, budget_usd=budget_usd, reject_bad_rows=reject_bad_rows, repo=push_to_hub)
        if review:
            send(review, output)
        if push_to_hub:
            print(f"published: {publish(output, push_to_hub, private=not public)}")


@app.command()
def merge(
    directories: Annotated[list[Path], typer.Argument(metavar="DIR", help="Directories that hold the parts.")],
    output: Annotated[Path | None, typer.Option(help="Directory for the result; default: that of the parts.")] = None,
    push_to_hub: options.PushToHub = None,
    public: options.Public = False,
    push_to_argilla: options.PushToArgilla = None,
    argilla_home: options.ArgillaHome = options.ARGILLA_HOME,
) -> None:
    """Join the parts of a run (`--shard I/N`) to the result that one run would have left."""
    from lemma_steps.publish import check_target
    from lemma_steps.publish import push_to_hub as publish

    with exit_codes():
        if push_to_hub:
            check_target(push_to_hub, private=not public)
        review = review_in(push_to_argilla, argilla_home)
        directory = join(directories, output, repo=push_to_hub)
        if review:
            send(review, directory)
        if push_to_hub:
            print(f"published: {publish(directory, push_to_hub, private=not public)}")


def review_in(dataset: str | None, home: Path) -> Any:
    """Where rows go for review, asked for before any work: it is there and takes them; `None` for nowhere."""
    if dataset is None:
        return None
    from lemma_steps.review.connection import connect
    from lemma_steps.review.push import Push

    review = Push(connect(home, None), "lemma", dataset)
    review.check()
    return review


def send(review: Any, directory: Path) -> None:
    """Send all kept rows of a finished result; its files are written, so that nothing is lost if that fails."""
    from lemma_steps.review.choice import Choice
    from lemma_steps.review.rows import kept_rows
    from lemma_steps.review.sample import Sample

    try:
        sample = Sample.choose(kept_rows(directory), Choice.all)
        print(f"for review: {review.send(sample, lambda: kept_rows(directory))}")
    except RefusedError as error:
        again = f"recipes/review.py push {directory} --dataset OTHER"
        raise StoppedError(f"{error}; the set is written, and `{again}` sends it") from None


def join(directories: list[Path], output: Path | None, *, repo: str | None = None) -> Path:
    """Check the parts, run the steps that must see all rows over them, write the result."""
    from lemma_steps.shards.merge import Merge

    names = [str(directory) for directory in directories]
    command = ["python", "recipes/lemma.py", "merge", *names, *(["--output", str(output)] if output else [])]
    directory = asyncio.run(Merge(directories).write(output, shlex.join(command), repo=repo))
    print(f"{directory}: train.parquet, train.jsonl, rejected.parquet, report.html, report.json, figures, README.md")
    return directory


def estimate(settings: Settings, shard: Shard | None = None, *, reject_bad_rows: bool = False) -> None:
    """Say what a run would ask and cost."""
    from lemma_steps.dry_run import dry_run
    from lemma_steps.sources import Source

    for spec in settings.problems:
        Source(spec, settings.columns).check(settings.limit, refuse_bad_rows=not reject_bad_rows)
    print(dry_run(partial(build, shard=shard), settings))


def run(
    settings: Settings,
    output: Path,
    *,
    shard: Shard | None = None,
    budget_usd: float | None = None,
    reject_bad_rows: bool = False,
    repo: str | None = None,
) -> None:
    """Check the input, run the chain, write the result."""
    from lemma_steps.execution import execute, failed_calls, place_of
    from lemma_steps.llms.spec import refuse_unpriced
    from lemma_steps.output.distribution_match import doubtful
    from lemma_steps.run_directory import STORE
    from lemma_steps.sources import Source

    if settings.distribution and (doubt := doubtful(settings.distribution)):
        print(f"note: {doubt}", file=sys.stderr)
    sources = [Source(spec, settings.columns) for spec in settings.problems]
    sizes = [source.check(settings.limit, refuse_bad_rows=not reject_bad_rows) for source in sources]
    total = None if None in sizes else sum(sizes)
    if shard and total:
        total = len(shard.block(total))
    place = place_of(output, shard)
    teacher, student = models(settings, str(place / STORE))
    refuse_unpriced([teacher, student], settings.prices, budget_usd)
    report = execute(
        build(settings, teacher, student, shard),
        [teacher, student],
        settings,
        output,
        shlex.join(["python", "recipes/lemma.py", *sys.argv[1:]]),
        shard=shard,
        total=total,
        budget_usd=budget_usd,
        repo=repo,
    )
    used = report["right_samples"] or any(pair["origin"] == "student" for pair in report["origin_strategy"])
    if settings.student_samples not in (None, "starter") and not used and not shard:
        print(f"note: no sample of {settings.student_samples} belongs to one of the problems", file=sys.stderr)
    if failed := failed_calls(report):
        print(f"note: a call failed for {failed:,} rejected rows; the same command asks again", file=sys.stderr)
    files = "train.parquet, train.jsonl, rejected.parquet, report.html, report.json, figures, README.md, pipeline.yaml"
    print(f"{place}: {files}, {STORE}")


if __name__ == "__main__":
    app()
