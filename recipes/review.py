"""Human review in Argilla: send trajectories, judge them step by step, bring the answers back, apply them.

    uv run recipes/review.py serve                                    a server with its web page on this machine, no Docker
    uv run --extra review recipes/review.py invite ana ben            accounts for reviewers
    uv run --extra review recipes/review.py push out --choose random --size 200
    uv run --extra review recipes/review.py pull out                  submitted answers to out/reviews.jsonl
    uv run recipes/review.py report out                               who agrees with whom, and with the labels
    uv run recipes/review.py apply out --output out-reviewed          the reviewed set, its card with the agreement

`--home` names the folder of the server of `serve`; for any other Argilla give --api-url (or ARGILLA_API_URL) and the key in
ARGILLA_API_KEY. What was pushed once is not pushed again, and no command changes an answer.
"""

from __future__ import annotations

import asyncio
import shlex
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
import yaml

from lemma_steps import options
from lemma_steps.console import exit_codes, quiet_libraries
from lemma_steps.errors import RefusedError
from lemma_steps.review.choice import Choice

FILES = "train.parquet, train.jsonl, rejected.parquet, report.html, report.json, figures, README.md"
SHOWN = 10
app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None, no_args_is_help=True)

Folder = Annotated[Path, typer.Argument(metavar="DIR", help="What recipes/lemma.py wrote.")]
Home = Annotated[Path, typer.Option(help="Folder of the server of `serve`.")]
ApiUrl = Annotated[str | None, typer.Option(help="Another Argilla; its key comes from ARGILLA_API_KEY.")]
Workspace = Annotated[str, typer.Option(help="Argilla workspace, made if it is missing.")]
Dataset = Annotated[str | None, typer.Option(help="Argilla dataset; default: the name of DIR.")]


@app.command()
def serve(
    home: Home = options.ARGILLA_HOME,
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port of the web page.")] = 6900,
    host: Annotated[str, typer.Option(help="Address to listen on; 0.0.0.0 lets other machines in.")] = "127.0.0.1",
) -> None:
    """Run an Argilla server with its web page here: SQLite, no Docker, data and keys in HOME. Ctrl-C ends it."""
    quiet_libraries()
    with exit_codes():
        from lemma_steps.review.server.launch import launch

        launch(home, host=host, port=port)


@app.command()
def invite(
    names: Annotated[list[str], typer.Argument(metavar="NAME...", help="Reviewers who get an account.")],
    home: Home = options.ARGILLA_HOME,
    api_url: ApiUrl = None,
    workspace: Workspace = "lemma",
) -> None:
    """Make accounts for reviewers and print their passwords, once."""
    quiet_libraries()
    with exit_codes():
        from lemma_steps.review.connection import connect
        from lemma_steps.review.invite import invite as make_accounts

        for line in make_accounts(connect(home, api_url), workspace, names):
            print(line)


@app.command()
def push(
    directory: Folder,
    dataset: Dataset = None,
    choose: Annotated[
        Choice, typer.Option(help="Which rows: all, a random sample, or the least certain.")
    ] = Choice.all,
    size: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="How many rows; default: of a random sample those that make shares known to 5 points, "
            "of the least certain those with a named doubt.",
        ),
    ] = None,
    seed: Annotated[int, typer.Option(help="Another seed, another random sample.")] = 0,
    reviewers: Annotated[
        int | None,
        typer.Option(
            min=1, help="Answers that each row wants before it is complete; default: 1, or the dataset's own."
        ),
    ] = None,
    home: Home = options.ARGILLA_HOME,
    api_url: ApiUrl = None,
    workspace: Workspace = "lemma",
) -> None:
    """Send rows to Argilla, one record each; rows that are there stay as they are, with their answers."""
    quiet_libraries()
    with exit_codes():
        from lemma_steps.review.connection import connect
        from lemma_steps.review.push import Push
        from lemma_steps.review.rows import kept_rows
        from lemma_steps.review.sample import Sample

        sending = Push(connect(home, api_url), workspace, dataset or directory.resolve().name, reviewers=reviewers)
        sample = Sample.choose(kept_rows(directory), choose, size, seed)
        print(sample.statement)
        print(sending.send(sample, lambda: kept_rows(directory)))


@app.command()
def pull(
    directory: Folder,
    dataset: Dataset = None,
    home: Home = options.ARGILLA_HOME,
    api_url: ApiUrl = None,
    workspace: Workspace = "lemma",
) -> None:
    """Bring submitted answers back to DIR/reviews.jsonl; drafts and discarded ones stay where they are."""
    quiet_libraries()
    with exit_codes():
        from lemma_steps.review.connection import connect
        from lemma_steps.review.pull import pull as bring_back

        print(bring_back(connect(home, api_url), workspace, dataset or directory.resolve().name, directory))


@app.command()
def report(
    directory: Folder,
    json_file: Annotated[
        Path | None, typer.Option("--json", metavar="FILE", help="Write the figures there too.")
    ] = None,
) -> None:
    """Print how far reviewers agree with each other and with the labels, and what the answers would change."""
    quiet_libraries()
    with exit_codes():
        from lemma_steps.review.report import write_report

        print(write_report(directory, json_file))


@app.command()
def apply(
    directory: Folder,
    output: Annotated[Path, typer.Option(help="Directory for the reviewed set.")],
    anonymous: Annotated[
        bool, typer.Option("--anonymous", help="Write reviewer-1, reviewer-2, ... for names.")
    ] = False,
    push_to_hub: options.PushToHub = None,
    public: options.Public = False,
) -> None:
    """Write the reviewed set: dropped rows rejected, edits and corrected labels verified like any other row."""
    quiet_libraries()
    with exit_codes():
        from lemma_steps.publish import check_target
        from lemma_steps.publish import push_to_hub as publish

        if output.resolve() == directory.resolve():
            raise RefusedError(f"--output {output}: the set that was reviewed stays as it is; give another directory")
        if push_to_hub and public and not anonymous:
            raise RefusedError("--public: the changelog names the reviewers; add --anonymous, or publish privately")
        if push_to_hub:
            check_target(push_to_hub, private=not public)
        write_reviewed(directory, output, anonymous=anonymous, repo=push_to_hub)
        if push_to_hub:
            print(f"published: {publish(output, push_to_hub, private=not public)}")


def write_reviewed(directory: Path, output: Path, *, anonymous: bool, repo: str | None = None) -> None:
    """Run the two steps over the rows of a set, write the result, say what was changed."""
    from distilabel.pipeline import Pipeline

    from lemma_steps import steps
    from lemma_steps.output import write_result
    from lemma_steps.progress import told
    from lemma_steps.review.parent import REVIEW, Parent
    from lemma_steps.run_directory import run_directory
    from lemma_steps.runner import Runner

    parent = Parent.read(directory.resolve())
    if anonymous and parent.has_names:
        raise RefusedError(
            f"--anonymous: the rows of {directory} hold names of its own review; apply that one anew with --anonymous first"
        )
    with Pipeline(name="review", description="Answers of reviewers, applied to a finished set") as pipeline:
        loading = steps.LoadRows(name="load_rows", directory=str(parent.directory), sha256=parent.sha256)
        reviewing = {"anonymous": anonymous, "round": parent.rounds + 1}
        applying = steps.ApplyReview(name=REVIEW, directory=str(parent.directory), **reviewing, **parent.checks)
        loading >> applying
    written = yaml.safe_dump(pipeline.dump(), sort_keys=False, allow_unicode=True)
    with Runner(pipeline) as runner, run_directory(output, written) as place:
        try:
            report = asyncio.run(
                write_result(
                    told(runner.rows(), parent.report["entered"], "applying"),
                    parent.steps,
                    place,
                    parent.settings(applying.datasets, **reviewing, answers=applying.answers_sha256),
                    shlex.join(["python", "recipes/review.py", *sys.argv[1:]]),
                    run=lambda: {"reviewed": parent.report["run"]},
                    repo=repo,
                    about=lambda: {**parent.about, "review": applying.report()},
                )
            )
        except RefusedError:
            if applying.report()["changes"]["dropped"] < applying.report()["population"]:
                raise
            raise RefusedError(
                f"{output}: no row was kept, because reviewers dropped every one; see report.html"
            ) from None
        refused = applying.refusals
    for line in refused[:SHOWN]:
        print(f"refused: {line}")
    if len(refused) > SHOWN:
        print(f"refused: {len(refused) - SHOWN:,} more; the column changelog has them all")
    print(what_changed(report["review"]))
    print(f"{output}: {report['kept']:,} rows kept of {report['review']['population']:,}; {FILES}")


def what_changed(review: dict[str, Any]) -> str:
    """One line of counts."""
    done = review["changes"]
    counts = {
        "dropped": done["dropped"],
        "wrong steps confirmed": done["steps_confirmed"],
        "wrong steps moved": done["steps_moved"],
        "error types changed": done["types_changed"],
        "texts edited": done["edited"],
        "changes refused": sum(done["refused"].values()),
        "judgements undecided": done["undecided"],
        "answers about another text": done["other_text"],
        "impossible answers": done["impossible"],
    }
    always = ("dropped", "texts edited", "changes refused")
    said = [f"{words} {count:,}" for words, count in counts.items() if count or words in always]
    return f"rows reviewed {review['records']:,}: {', '.join(said)}"


if __name__ == "__main__":
    app()
