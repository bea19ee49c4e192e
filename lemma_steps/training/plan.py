"""What a training run will be: the configuration as Axolotl gets it, and the facts that are known before it starts."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from lemma_steps.errors import RefusedError
from lemma_steps.training.batch import accumulation, steps
from lemma_steps.training.dataset import TrainingSet, open_dataset
from lemma_steps.training.lengths import survey
from lemma_steps.training.machine import Machine
from lemma_steps.training.memory import Memory
from lemma_steps.training.model_shape import ModelShape
from lemma_steps.training.precision import Precision
from lemma_steps.training.run_folder import PREPARED

Config = dict[str, Any]

AXOLOTL: Config = {"micro_batch_size": 1, "gradient_accumulation_steps": 1, "sequence_len": 512, "num_epochs": 1}
"""What Axolotl takes where a configuration is silent."""


_CUTS: Config = {
    **dict.fromkeys(("val_set_size", "test_datasets", "dataset_exact_deduplication", "min_sample_len", "streaming")),
    **dict.fromkeys(("batch_size", "context_parallel_size", "sequence_parallel_degree", "tensor_parallel_size"), 1),
}
"""Keys under which Axolotl trains on other rows, or on other numbers of rows a step, than are counted here; with their one
value besides null, 0 and false that changes nothing."""
_ENTRY = ("path", "type", "ds_type", "revision")
"""What an entry of `datasets` may say, for the same reason."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A run that passed the checks.

    Attributes:
        config: the configuration, with whole paths and the accumulation steps for the GPUs that are used.
        facts: what `training.json` will hold.
        gpus: processes to start, one per GPU; 0 is one process on a CPU.
        remarks: what the user should read before the start.
    """

    config: Config
    facts: dict[str, Any]
    gpus: int
    remarks: list[str]

    @classmethod
    def make(
        cls,
        config: Config,
        origin: str,
        machine: Machine,
        *,
        data: str | None,
        gpus: int | None,
        batch: int,
        force: bool,
    ) -> Self:
        """Check a configuration against set, model and machine; writes nothing.

        Args:
            config: a configuration that `schema.check_config` has passed, with its `output_dir` settled.
            origin: the file it came from.
            machine: what it shall run on.
            data: the set, where it is not the one that the configuration names.
            gpus: how many GPUs to use; `None` is all.
            batch: sequences per optimiser step, over all GPUs.
            force: whether to go on where the memory is estimated not to suffice.

        Raises:
            RefusedError: one of them does not fit; the text says what to change.
        """
        config = AXOLOTL | {name: value for name, value in config.items() if value is not None}
        _refuse_cuts(config, origin)
        used = _processes(gpus, machine)
        micro = int(config["micro_batch_size"])
        adding = accumulation(batch, micro, used)
        found, entry = _open(config, origin, data)
        config = config | {
            "base_model": local(config["base_model"]),
            "datasets": [entry],
            "gradient_accumulation_steps": adding,
            "dataset_prepared_path": str(Path(config["output_dir"]) / PREPARED),
            "auto_resume_from_checkpoints": True,
        }
        counted = survey(found.examples, _tokenizer(config), int(config["sequence_len"]))
        shape, kept = ModelShape.of(config["base_model"], config), Precision.of(config)
        memory = Memory.estimate(shape, config, used)
        memory.check(machine, force)

        packed = bool(config.get("sample_packing"))
        rows, epochs = counted.rows - counted.over_length, float(config["num_epochs"])
        sequences = -(-counted.tokens // int(config["sequence_len"])) if packed else rows
        planned = steps(sequences, epochs, batch)
        if most := int(config.get("max_steps") or 0):
            planned, epochs = most, round(most / steps(sequences, 1, batch), 4)  # it overrides the epochs, both ways
        elif not packed:  # Axolotl would take rows x epochs / batch, and stop before the last epoch is through
            config["max_steps"] = planned
        remarks = [
            f"{found.path}: {counted}",
            f"{config['base_model']}: {shape.parameters:,} parameters; {kept}",
            f"{machine.name}: memory estimated {memory}",
            f"global batch {batch} = {micro} x {adding} accumulation x {used} {'GPUs' if machine.gpus else 'process'}; "
            f"{'about ' if packed else ''}{planned:,} steps",
        ]
        if found.examples.masks and not any(example.error for example in found.examples):
            remarks.append("note: no row has a wrong step to mask; the loss is on the whole response of every row")
        if kept.loses_updates and float(config["learning_rate"]) < 1e-3:
            remarks.append("note: bf16 weights lose most updates of this size (axolotl_configs/README.md, Precision)")
        facts = {
            "config": origin,
            "base_model": config["base_model"],
            "data": {
                "path": entry["path"],
                "id": found.id,
                "rows": rows,
                "over_length": counted.over_length,
                "trained_tokens": counted.trained_tokens,
                "tokens": counted.tokens,
            },
            "epochs": epochs,
            "gpus": used if machine.gpus else 0,
            "micro_batch": micro,
            "accumulation": adding,
            "global_batch": batch,
            "steps": planned,
            "learning_rate": float(config["learning_rate"]),
            "precision": {"weights": kept.weights, "gradients": kept.gradients, "optimiser": kept.optimiser},
            "parameters": shape.parameters,
            "memory_gb": round(memory.total / 1e9, 1),
            "hardware": machine.name,
        }
        return cls(config, facts, facts["gpus"], remarks)


def local(name: str) -> str:
    """The whole path of what lies on this machine; of a name on the Hub, the name."""
    return str(Path(name).resolve()) if Path(name).exists() else name


def _refuse_cuts(config: Config, origin: str) -> None:
    for key, harmless in _CUTS.items():
        if config.get(key) not in (None, False, 0, harmless):
            raise RefusedError(
                f"{origin}: {key}: the rows of a step or of the run would not be those counted; leave it out"
            )
    for key in ("micro_batch_size", "sequence_len", "num_epochs"):
        if not isinstance(config[key], int | float) or config[key] <= 0:
            raise RefusedError(f"{origin}: {key}: {config[key]!r} is no number above 0; correct it")


def _processes(gpus: int | None, machine: Machine) -> int:
    if gpus and gpus > max(1, machine.gpus):
        raise RefusedError(
            f"--gpus {gpus}: this machine has {machine.gpus or 'none'}; leave the option out, add --check to look at the plan "
            "for other machines, or for several at once see axolotl_configs/llama3-70b/README.md"
        )
    return gpus or max(1, machine.gpus)


def _open(config: Config, origin: str, data: str | None) -> tuple[TrainingSet, Config]:
    """The set, and its entry for Axolotl."""
    entries = config.get("datasets")
    if not isinstance(entries, list) or len(entries) != 1 or not isinstance(entries[0], dict):
        raise RefusedError(f"{origin}: datasets: one entry is needed; join several sets into one file")
    entry = dict(entries[0])
    if cuts := [key for key in entry if key not in _ENTRY and (key, entry[key]) != ("split", "train")]:
        raise RefusedError(
            f"{origin}: datasets: {cuts[0]}: would train on other rows than are counted; write those to a file"
        )
    revision = entry.pop("revision", None) if data is None else None
    found = open_dataset(data or str(entry.get("path")), str(entry.get("type")), revision=revision)
    entry["path"] = local(found.path)
    if strange := set(entry["path"]) & set("*?[]{}"):
        raise RefusedError(
            f"{entry['path']}: Axolotl would read {min(strange)} as a pattern; rename the file or its folder"
        )
    if "@" in found.id:  # of the Hub: whatever is pushed there during the run, this is what was counted
        entry |= {"path": found.path, "revision": found.id.rpartition("@")[2]}
        entry.pop("ds_type", None)
    else:
        entry["ds_type"] = "parquet" if found.path.endswith(".parquet") else "json"
    return found, entry


def _tokenizer(config: Config) -> Any:
    """As Axolotl makes it ready for training."""
    from axolotl.loaders import load_tokenizer
    from axolotl.utils.dict import DictDefault

    try:
        return load_tokenizer(DictDefault({"tokenizer_config": config["base_model"], **config}))
    except (OSError, ValueError) as error:
        name, why = config["base_model"], str(error).strip().splitlines()[0]
        if Path(name).is_dir():
            raise RefusedError(f"{name}: no tokenizer ({why}); give --base-model a folder with a whole model") from None
        if name.count("/") != 1:
            raise RefusedError(f"{name}: no such folder; give --base-model a model's folder or ORG/NAME") from None
        raise RefusedError(
            f"{name}: cannot be had from the Hub ({why}); see to the network, log in (hf auth login) and accept the model's "
            "licence there, or give --base-model a folder"
        ) from None
