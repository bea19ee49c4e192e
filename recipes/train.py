"""Check a training configuration against data and machine, then train with Axolotl; the same command again goes on.

    uv run --python 3.12 --extra train recipes/train.py axolotl_configs/llama3-8b/paper.yaml --data out --output runs/lemma
    uv run --python 3.12 --extra train recipes/train.py axolotl_configs/smoke/masked.yaml --data out --set num_epochs=1

CONFIG is any Axolotl configuration with one of our dataset types. `axolotl train CONFIG` alone works as well; this
program adds what goes wrong silently there: it looks at the data, counts rows that are too long, keeps the global batch
whatever the number of GPUs, estimates the memory, and prepares the rows anew for each set (Axolotl knows prepared rows by
their path alone). OUTPUT/axolotl.yaml is what is trained, OUTPUT/training.json what was found out.
"""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
import yaml
from rich.console import Console

from lemma_steps.console import exit_codes, quiet_libraries
from lemma_steps.errors import RefusedError
from lemma_steps.run_directory import held

CHECKOUT = Path(__file__).parents[1]
Config = dict[str, Any]


def read_config(path: Path, changes: list[str]) -> Config:
    """The configuration with `KEY=VALUE` changes; a dot leads into a mapping or to an item of a list."""
    try:
        config = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise RefusedError(f"{path}: cannot be read ({error.strerror}); name a file of axolotl_configs/") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        why = " ".join(str(error).split())
        raise RefusedError(f"{path}: not YAML ({why}); mend it") from None
    if not isinstance(config, dict):
        raise RefusedError(f"{path}: holds no keys; name a file of axolotl_configs/")
    for change in changes:
        name, equals, value = change.partition("=")
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
    """As YAML reads it, but with numbers such as 1e-5, which PyYAML takes for text."""
    try:
        return float(text) if "e" in text.lower() else yaml.safe_load(text)
    except (ValueError, yaml.YAMLError):
        return yaml.safe_load(text) if text in ("true", "false") else text


def local(name: str) -> str:
    """The whole path of what lies on this machine; of a name on the Hub, the name."""
    return str(Path(name).resolve()) if Path(name).exists() else name


def commit() -> str | None:
    """The checkout's commit, with `-dirty` where files were changed since."""
    words = ["git", "-C", str(CHECKOUT), "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"]
    try:
        return subprocess.run(words, capture_output=True, text=True, check=True).stdout.strip() or None
    except (OSError, subprocess.CalledProcessError):
        return None


def entry(config: Config, path: Path) -> Config:
    """The one set that is trained on."""
    entries = config.get("datasets")
    if not isinstance(entries, list) or len(entries) != 1 or not isinstance(entries[0], dict):
        raise RefusedError(f"{path}: datasets: one entry is needed; join the sets first (recipes/baselines.py)")
    return entries[0]


def load_tokenizer(config: Config) -> Any:
    """As Axolotl makes it ready for training."""
    from axolotl.loaders import load_tokenizer as load
    from axolotl.utils.dict import DictDefault

    try:
        return load(DictDefault({"tokenizer_config": config["base_model"], **config}))
    except (OSError, ValueError) as error:
        why = str(error).strip().splitlines()[0]
        raise RefusedError(f"{config['base_model']}: no tokenizer ({why}); give --base-model a whole model") from None


def main(
    config: Annotated[Path, typer.Argument(help="An Axolotl configuration, such as those of axolotl_configs/.")],
    data: Annotated[
        str | None, typer.Option(metavar="DIR|FILE|HUB_ID", help="The set; default: what the configuration names.")
    ] = None,
    output: Annotated[Path | None, typer.Option(help="Folder of the run; default: the configuration's.")] = None,
    base_model: Annotated[
        str | None, typer.Option(help="Folder or name on the Hub; default: the configuration's.")
    ] = None,
    gpus: Annotated[int | None, typer.Option(help="Default: all that are visible.", min=1)] = None,
    changes: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Change a key of the configuration.")
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
        os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
        say = Console(stderr=True, soft_wrap=True, highlight=False).print
        asked = read_config(config, changes or [])
        try:
            import axolotl  # noqa: F401
        except ImportError:
            raise RefusedError("Axolotl is not installed; run uv sync --python 3.12 --extra train (Linux)") from None

        from lemma_steps.training.configs.gpus import written_for
        from lemma_steps.training.schema import check_config

        from lemma_steps.training.batch import accumulation, steps
        from lemma_steps.training.dataset import open_dataset
        from lemma_steps.training.launch import command, run
        from lemma_steps.training.lengths import survey
        from lemma_steps.training.machine import Machine
        from lemma_steps.training.memory import Memory
        from lemma_steps.training.model_shape import ModelShape
        from lemma_steps.training.precision import Precision
        from lemma_steps.training.run_folder import PREPARED, RunFolder

        asked["base_model"] = local(base_model or str(asked.get("base_model")))
        check_config(asked, str(config))

        machine = Machine.here()
        used = gpus or max(1, machine.gpus)
        if gpus and machine.gpus and gpus > machine.gpus:
            raise RefusedError(
                f"--gpus {gpus}: this machine has {machine.gpus}; on several, see axolotl_configs/README.md"
            )
        if gpus and gpus > 1 and not machine.gpus:
            raise RefusedError(f"--gpus {gpus}: this machine has none; leave --gpus out")
        micro = int(asked["micro_batch_size"])
        batch = micro * int(asked["gradient_accumulation_steps"]) * written_for(asked)
        asked["gradient_accumulation_steps"] = accumulation(batch, micro, used)

        wanted = entry(asked, config)
        opened = open_dataset(data or str(wanted["path"]), str(wanted["type"]), revision=wanted.get("revision"))
        on_hub = "@" in opened.id
        wanted["path"] = opened.path if on_hub else local(opened.path)
        if on_hub:
            wanted["revision"] = opened.id.rpartition("@")[2]
        else:
            wanted["ds_type"] = "parquet" if opened.path.endswith(".parquet") else "json"
        folder = RunFolder((output or Path(str(asked.get("output_dir") or "runs"))).resolve())
        asked |= {
            "output_dir": str(folder.path),
            "dataset_prepared_path": str(folder.path / PREPARED),
            "auto_resume_from_checkpoints": True,
        }
        if isinstance(asked.get("deepspeed"), str):
            found = Path(asked["deepspeed"])
            asked["deepspeed"] = str((found if found.exists() else CHECKOUT / found).resolve())

        counted = survey(opened.examples, load_tokenizer(asked), int(asked["sequence_len"]))
        say(f"{opened.path}: {counted}")
        shape, kept = ModelShape.of(asked["base_model"], asked), Precision.of(asked)
        memory = Memory.estimate(shape, asked, used)
        say(f"{asked['base_model']}: {shape.parameters:,} parameters; {kept}")
        say(f"{machine.name}: memory estimated {memory}")
        memory.check(machine, force)
        trained_rows = counted.rows - counted.over_length
        sequences = -(-counted.tokens // int(asked["sequence_len"])) if asked.get("sample_packing") else trained_rows
        epochs = float(asked.get("num_epochs") or 1)
        planned = int(asked.get("max_steps") or 0) or steps(sequences, epochs, batch)
        say(
            f"global batch {batch} = {micro} x {asked['gradient_accumulation_steps']} accumulation x {used} "
            f"{'GPUs' if machine.gpus else 'process'}; {'about ' if asked.get('sample_packing') else ''}{planned:,} steps"
        )
        facts = {
            "config": str(config),
            "base_model": asked["base_model"],
            "data": {
                "path": wanted["path"],
                "id": opened.id,
                "rows": trained_rows,
                "over_length": counted.over_length,
                "trained_tokens": counted.trained_tokens,
                "tokens": counted.tokens,
            },
            "epochs": epochs,
            "gpus": machine.gpus and used,
            "micro_batch": micro,
            "accumulation": asked["gradient_accumulation_steps"],
            "global_batch": batch,
            "steps": planned,
            "learning_rate": float(asked["learning_rate"]),
            "precision": {"weights": kept.weights, "gradients": kept.gradients, "optimiser": kept.optimiser},
            "parameters": shape.parameters,
            "memory_gb": round(memory.total / 1e9, 1),
            "commit": commit(),
            "command": shlex.join(["python", "recipes/train.py", *sys.argv[1:]]),
            "hardware": machine.name,
            "finished": None,
        }
        words = command(folder.config, machine.gpus and used)
        folder.check(asked, opened.id)
        if check:
            say("all checks passed; without --check this would run: " + shlex.join(words))
            return
        with held(folder.path):
            folder.check(asked, opened.id)
            facts = folder.facts() or facts
            if facts["finished"]:
                say(f"{folder.path}: finished already; nothing to do")
                return
            if (checkpoint := folder.begin(asked, facts, str(config))) is not None:
                say(f"{folder.path}: goes on from {checkpoint.name}")
            ended = run(words, folder.path)
            facts["finished"] = {"seconds": ended["train_runtime"], "mean_loss": ended.get("train_loss")}
            folder.finish(facts)
            say(f"{folder.path}: the model is there")


if __name__ == "__main__":
    typer.run(main)
