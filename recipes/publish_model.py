"""Writes the card of a trained model and publishes it on the Hugging Face Hub.

    uv run recipes/publish_model.py out/models/llama3-lemma --repo ORG/NAME --dry-run
    uv run recipes/publish_model.py out/models/llama3-lemma --repo ORG/NAME --results runs/lemma --data-repo ORG/DATA

MODEL_DIR is what `recipes/train.py` wrote; after `axolotl merge-lora` its merged model is published, with `--adapter` the
adapter.
The card (MODEL_DIR/README.md, in place of Axolotl's own) says what is recorded of data, config, commit, precision and
losses, and the scores of `--results`, which must be runs of this model; what is not known it says too. One commit holds the
weights, the tokenizer, training.json, axolotl.yaml and the card, and nothing else of the folder. Paths of this machine
are cut to their last part; a configuration that holds a key or a password is refused.
"""

from __future__ import annotations

import shlex
from enum import StrEnum
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

from lemma_steps.console import exit_codes, quiet_libraries
from lemma_steps.errors import RefusedError
from lemma_steps.publish import check_target, push_model
from lemma_steps.publish.base_model import BaseModel
from lemma_steps.publish.model_card import render_model_card
from lemma_steps.publish.model_folder import ModelFolder
from lemma_steps.publish.model_scores import ModelScores
from lemma_steps.publish.records import for_others, write_records
from lemma_steps.publish.target import check_name
from lemma_steps.publish.training_facts import TrainingFacts


class Metric(StrEnum):
    """Whose grading counts: this project's, or the published code's."""

    math_verify = "math_verify"
    qwen_match = "qwen_match"


def main(
    model_dir: Annotated[Path, typer.Argument(metavar="MODEL_DIR", help="Folder that the training wrote.")],
    repo: Annotated[str, typer.Option(metavar="ORG/NAME", help="Hub repository, made if it does not exist.")],
    results: Annotated[
        list[Path] | None,
        typer.Option(metavar="RUN_DIR", help="What lm_eval wrote when it measured this model; may be repeated."),
    ] = None,
    metric: Annotated[Metric, typer.Option(help="Whose grading counts.")] = Metric.math_verify,
    data_repo: Annotated[
        str | None, typer.Option(metavar="ORG/NAME", help="Hub dataset that holds the training data.")
    ] = None,
    base_model: Annotated[
        str | None, typer.Option(metavar="ORG/NAME", help="Hub id of the base model, where the config names a folder.")
    ] = None,
    licence: Annotated[
        str | None, typer.Option(help="The Hub's tag of the base model's licence, where it is not known here.")
    ] = None,
    adapter: Annotated[bool, typer.Option("--adapter", help="Publish a LoRA adapter as it is, not merged.")] = False,
    public: Annotated[bool, typer.Option("--public", help="Publish for everybody; default: private.")] = False,
    revision: Annotated[str | None, typer.Option(help="Branch to commit to, made if need be; default: main.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Write the card only; the Hub is not asked.")] = False,
) -> None:
    """Write the card of a trained model and publish both."""
    quiet_libraries()
    with exit_codes():
        for name in filter(None, (repo, data_repo, base_model)):
            check_name(name)
        folder = ModelFolder.find(model_dir, adapter)
        facts = TrainingFacts.read(folder)
        files = folder.files()
        base = BaseModel.of(facts.base_model, hub=base_model, licence=licence)
        if not dry_run:
            check_target(repo, private=not public, kind="model")
        scores = ModelScores.read(
            results or [], folder, repo, base_model=facts.base_model, metric=metric.value, paper=base.paper
        )
        seen = for_others(facts)
        card = render_model_card(
            repo,
            folder,
            seen,
            scores,
            base,
            data_repo=data_repo,
            methods=facts.methods(),
            command=command_of(model_dir, repo, results or [], metric, data_repo, base_model, licence, adapter),
        )
        try:
            (folder.training / "README.md").write_text(card, encoding="utf-8")
        except OSError as error:
            raise RefusedError(
                f"{folder.training}: README.md cannot be written ({error.strerror}); copy the model to where it can"
            ) from None
        print(f"card: {folder.training / 'README.md'}")
        if not dry_run:
            with TemporaryDirectory() as records:
                files |= write_records(seen, Path(records)) | {"README.md": folder.training / "README.md"}
                print(f"published: {push_model(files, repo, private=not public, revision=revision)}")


def command_of(
    model_dir: Path,
    repo: str,
    results: list[Path],
    metric: Metric,
    data_repo: str | None,
    base_model: str | None,
    licence: str | None,
    adapter: bool,
) -> str:
    """The command that writes the same card again."""
    words = ["python", "recipes/publish_model.py", str(model_dir), "--repo", repo]
    for path in results:
        words += ["--results", str(path)]
    words += ["--metric", metric.value] if results and metric is not Metric.math_verify else []
    for option, value in (("--data-repo", data_repo), ("--base-model", base_model), ("--licence", licence)):
        words += [option, value] if value else []
    return shlex.join([*words, *(["--adapter"] if adapter else [])])


if __name__ == "__main__":
    typer.run(main)
