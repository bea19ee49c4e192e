"""The closed loop: make data, train on it, evaluate, and say in one table what the difference is.

    uv run recipes/study.py --config recipes/configs/study_smoke.yaml --output study    on a CPU, in about a quarter of an hour
    uv run recipes/study.py --config recipes/configs/study_small.yaml --output study    on one GPU, in earnest
    uv run recipes/study.py --config recipes/configs/study_sizes.yaml --output study    accuracy by size (the paper's Figure 5)

Training and evaluation cannot share an environment, so every stage runs in one of three: .venv-data, .venv-train and
.venv-eval in the checkout, made by uv where they are missing; `--environment NAME=DIR` names one that is there already, which
is then left as it is. The same command again goes on after the last finished stage, and after a change of the YAML repeats
exactly what the change concerns. docs/study.md says how to read the table.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from lemma_steps.console import exit_codes, quiet_libraries
from lemma_steps.errors import RefusedError
from lemma_steps.evaluation.results.table_text import screen
from lemma_steps.study.config import BASE, StudyConfig
from lemma_steps.study.environment import Environment
from lemma_steps.study.loop import Loop
from lemma_steps.study.picture import draw
from lemma_steps.study.report import grids, remarks, write
from lemma_steps.study.result import StudyResult
from lemma_steps.study.stages import Stages, clock
from lemma_steps.study.trained import Trained

ROOT = Path(__file__).resolve().parents[1]


def environments(given: list[str], vllm: bool) -> dict[str, Environment]:
    """The three environments; those of `NAME=DIR` are the user's own."""
    made = {
        "data": Environment("data", ROOT / ".venv-data", "distilabel", ["--extra", "embedded", "--group", "smoke"]),
        "train": Environment(
            "train", ROOT / ".venv-train", "axolotl", ["--extra", "train", "--group", "smoke"], "3.12"
        ),
        "eval": Environment(
            "eval", ROOT / ".venv-eval", "lm_eval", ["--extra", "eval", *(["--extra", "vllm"] if vllm else [])]
        ),
    }
    for pair in given:
        name, _, folder = pair.partition("=")
        if name not in made or not folder:
            raise RefusedError(f"--environment {pair}: write data=DIR, train=DIR or eval=DIR")
        made[name] = Environment(name, Path(folder).absolute(), made[name].module, None)
    return made


def train_all(study: StudyConfig, loop: Loop) -> list[Trained]:
    """Make every arm's rows and train on them, the reference first: the others' tokens are measured against its."""
    kept = loop.make_sets()
    trained: list[Trained] = []
    wanted = 0.0  # trained tokens of the reference, over all epochs
    for name, arm in study.spread().items():
        epochs = float(loop.settings(arm)["num_epochs"])
        own_epochs = short_of = None
        if arm.rows == "equal_tokens":
            data, per_epoch = loop.rows(arm, None), round(wanted / epochs)
            there = loop.measure(name, arm, data)
            if there > per_epoch:
                data = loop.tokens(arm, per_epoch, loop.base_model())
            else:  # every row there is, more often
                own_epochs, short_of = round(wanted / there, 3), per_epoch
        elif arm.rows == "equal_rows":
            data = loop.rows(arm, loop.equal_rows(kept, arm.group))
        else:
            data = loop.rows(arm, arm.rows if isinstance(arm.rows, int) else None)
        if name == study.reference and study.has_equal_tokens:
            wanted = loop.measure(name, arm, data) * epochs
        trained += [loop.train(name, arm, data, seed, own_epochs, short_of) for seed in study.training.seeds]
    return trained


def main(
    config: Annotated[Path, typer.Option(help="A study YAML of recipes/configs.")] = ROOT
    / "recipes"
    / "configs"
    / "study_smoke.yaml",
    output: Annotated[Path, typer.Option(help="Folder for everything; the same one again goes on.")] = Path(
        "out/study"
    ),
    environment: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=DIR", help="An environment for data, train or eval that is there; repeatable."),
    ] = None,
) -> None:
    """Make data, train the arms of a study on it, evaluate them, and write study.md and study.json."""
    with exit_codes():
        quiet_libraries()
        study = StudyConfig.read(config)
        for arm in study.arms.values():
            study.config_of(arm, ROOT)
        place = output.absolute()
        if "," in str(place):
            raise RefusedError(f"--output {output}: lm-eval splits names of models at commas; choose another folder")
        rooms = environments(environment or [], study.evaluation.model == "vllm")
        console = Console(highlight=False)
        with Stages.begin(place, ROOT, list(rooms.values()), console) as stages:
            loop = Loop(study, stages, ROOT, rooms)
            if study.training.smoke_weights:
                loop.smoke_weights()
            # first, so that a test set that is not there is found out before hours of training
            base = loop.evaluate(BASE, loop.base_model()) if study.evaluation.base else None
            trained = train_all(study, loop)
            for one in trained:
                loop.evaluate_arm(one)

            result = StudyResult.of(study, trained, base)
            seconds = stages.seconds()
            write(result, place, seconds)
            drawn = ", study.png" if draw(result, place / "study.png") else ""

        show(console, result)
        files = f"study.md, study.json{drawn}"
        console.print(f"{clock(sum(seconds.values()))} in all stages; written to {place}: {files}", soft_wrap=True)


def show(console: Console, result: StudyResult) -> None:
    """Print the tables and what must be known about them."""
    if not console.is_terminal:
        console = Console(width=140, highlight=False)  # a file or a pipe has no edge to fold at
    training, after = grids(result)
    console.print(training.screen())
    console.print(screen(result.table, console.width))
    for number, note in enumerate(result.table.notes, 1):
        console.print(Text(f"  [{number}] {note}"))
    for grid in after:
        console.print(grid.screen())
    for remark in remarks(result):
        console.print(Text(f"  {remark}", style="dim"))


if __name__ == "__main__":
    typer.run(main)
