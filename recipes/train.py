"""Check a training configuration against data and machine, then train with Axolotl; the same command again goes on.

    export UV_PROJECT_ENVIRONMENT=.venv-train      # Axolotl needs an environment of its own
    uv run --python 3.12 --extra train recipes/train.py axolotl_configs/llama3-8b/paper.yaml --data out --output runs/lemma
    uv run --python 3.12 --extra train recipes/train.py axolotl_configs/smoke/masked.yaml --data out --set num_epochs=1

CONFIG is any Axolotl configuration with one of our dataset types. `axolotl train CONFIG` alone works as well; this
program adds what goes wrong silently there: it looks at the data, counts rows that are too long, keeps the global batch
whatever the number of GPUs, estimates the memory, and prepares the rows anew for each set (Axolotl knows prepared rows by
their path alone). OUTPUT/axolotl.yaml is what is trained, OUTPUT/training.json what was found out.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from copy import deepcopy
from pathlib import Path
from typing import Annotated, Any

import typer
import yaml
from rich.console import Console

from lemma_steps.console import exit_codes, quiet_libraries
from lemma_steps.errors import RefusedError, StoppedError
from lemma_steps.run_directory import held

CHECKOUT = Path(__file__).parents[1]
Config = dict[str, Any]
app = typer.Typer(add_completion=False)


def read_config(path: Path) -> Config:
    """The configuration as it is on disk."""
    try:
        config = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise RefusedError(f"{path}: cannot be read ({error.strerror}); name a file of axolotl_configs/") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        why = " ".join(str(error).split())
        raise RefusedError(f"{path}: not YAML ({why}); mend it") from None
    if not isinstance(config, dict):
        raise RefusedError(f"{path}: holds no keys; name a file of axolotl_configs/")
    return config


def changed(config: Config, changes: list[str]) -> Config:
    """The configuration with `KEY=VALUE` changes; a dot leads into a mapping or to an item of a list."""
    config = deepcopy(config)
    for change in changes:
        name, equals, value = change.partition("=")
        if name == "gradient_accumulation_steps":
            raise RefusedError(f"--set {change}: follows from batch and GPUs; give --global-batch N, the rows per step")
        place, (*way, last) = config, name.split(".")
        try:
            for key in way:
                place = place[int(key)] if isinstance(place, list) else place.setdefault(key, {})
            place[int(last) if isinstance(place, list) else last] = as_value(value)
        except (ValueError, IndexError, TypeError, AttributeError):
            equals = ""
        if not equals:
            raise RefusedError(f"--set {change}: no such place; write it as KEY=VALUE, such as --set num_epochs=1")
    return config


def as_value(text: str) -> Any:
    """As YAML 1.2 reads it: PyYAML takes 1e-5 for text, and the `no` of `save_strategy` for false."""
    if text.lower() in ("yes", "no", "on", "off"):
        return text
    if re.fullmatch(r"[+-]?\d+(\.\d*)?[eE][+-]?\d+", text):
        return float(text)
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError:
        return text


def commit() -> str | None:
    """The checkout's commit, with `-dirty` where files were changed since."""
    words = ["git", "-C", str(CHECKOUT), "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"]
    try:
        return subprocess.run(words, capture_output=True, text=True, check=True).stdout.strip() or None
    except (OSError, subprocess.CalledProcessError):
        return None


@app.command()
def main(
    config: Annotated[Path, typer.Argument(help="An Axolotl configuration, such as those of axolotl_configs/.")],
    data: Annotated[
        str | None, typer.Option(metavar="DIR|FILE|HUB_ID", help="The set; default: what the configuration names.")
    ] = None,
    output: Annotated[Path | None, typer.Option(help="Folder of the run; default: the configuration's.")] = None,
    base_model: Annotated[
        str | None, typer.Option(help="Folder or name on the Hub; default: the configuration's.")
    ] = None,
    gpus: Annotated[
        int | None,
        typer.Option(help="Default: all that are visible. With --check also GPUs of another machine.", min=1),
    ] = None,
    changes: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Change a key of the configuration.")
    ] = None,
    batch: Annotated[
        int | None, typer.Option("--global-batch", help="Rows per step; default: the configuration's.", min=1)
    ] = None,
    check: Annotated[bool, typer.Option("--check", help="Check and tell; write nothing, train nothing.")] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Train although the memory is estimated not to suffice.")
    ] = False,
) -> None:
    """Check, write OUTPUT/axolotl.yaml and OUTPUT/training.json, and train."""
    with exit_codes():
        quiet_libraries()
        os.environ |= {"AXOLOTL_DO_NOT_TRACK": "1", "TOKENIZERS_PARALLELISM": "true"}
        os.environ.setdefault("HF_HUB_VERBOSITY", "error")  # a Hub that cannot be reached is told once, by us
        say = Console(stderr=True, soft_wrap=True, highlight=False).print
        written = read_config(config)
        asked = changed(written, changes or [])
        try:
            import axolotl  # noqa: F401
        except ImportError:
            raise RefusedError(
                "Axolotl is not in this environment (Linux); begin the command with "
                "UV_PROJECT_ENVIRONMENT=.venv-train uv run --python 3.12 --extra train"
            ) from None

        from lemma_steps.training.configs.gpus import global_batch
        from lemma_steps.training.history import mean_loss
        from lemma_steps.training.launch import command, run
        from lemma_steps.training.machine import Machine
        from lemma_steps.training.plan import Plan
        from lemma_steps.training.run_folder import RunFolder
        from lemma_steps.training.schema import check_config
        from lemma_steps.training.secret_keys import refuse_secrets

        if base_model:
            asked["base_model"] = base_model
        if isinstance(asked.get("deepspeed"), str) and not Path(asked["deepspeed"]).exists():
            asked["deepspeed"] = str(CHECKOUT / asked["deepspeed"])
        check_config(asked, str(config))
        refuse_secrets(asked, str(config))
        folder = RunFolder(Path(output or asked.get("output_dir") or "runs/training").resolve())
        asked["output_dir"] = str(folder.path)
        machine = Machine.here()
        if check and gpus and gpus > machine.gpus:
            machine = Machine.supposed(gpus)
        plan = Plan.make(
            asked,
            str(config),
            machine,
            data=data,
            gpus=gpus,
            batch=batch or global_batch(written),  # whatever was changed: the optimiser sees as many rows
            force=force,
        )
        for remark in plan.remarks:
            say(remark)
        words = command(folder.config, plan.gpus)
        if check:
            folder.check(plan.config, plan.facts["data"]["id"])
            say("all checks passed; without --check this would run: " + shlex.join(words))
            return
        with held(folder.path):
            folder.check(plan.config, plan.facts["data"]["id"])
            command_line = shlex.join(["python", "recipes/train.py", *sys.argv[1:]])
            facts = folder.facts() or plan.facts | {"commit": commit(), "command": command_line, "finished": None}
            if facts["finished"]:
                say(f"{folder.path}: finished already; nothing to do")
                return
            if (checkpoint := folder.begin(plan.config, facts, str(config))) is not None:
                say(f"{folder.path}: goes on from {checkpoint.name}")
            try:
                ended = run(words, folder.path)
            except KeyboardInterrupt:
                if saved := folder.last_checkpoint():
                    then = f"goes on from {saved.name}"
                else:
                    then = "begins anew: nothing was saved yet (--set save_strategy=steps --set save_steps=N saves earlier)"
                raise StoppedError(f"interrupted; the same command again {then}") from None
            # of a run that went on, the trainer tells the last part's time and loss
            told = {"seconds": ended["train_runtime"], "mean_loss": ended.get("train_loss")} if not checkpoint else {}
            folder.finish(facts | {"finished": {"seconds": None, "mean_loss": mean_loss(folder.path)} | told})
            say(f"{folder.path}: the model is there")


if __name__ == "__main__":
    app()
