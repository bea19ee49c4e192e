"""What is recorded of a training: `training.json` and `axolotl.yaml` of its folder, and its losses."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import yaml

from lemma_steps.errors import RefusedError
from lemma_steps.publish.model_folder import ModelFolder
from lemma_steps.sources.files import read_file
from lemma_steps.training.history import losses, summary

_SHOWN = {
    **{"learning_rate": "learning rate", "lr_scheduler": "schedule", "warmup_ratio": "warm-up, share of the steps"},
    **{"num_epochs": "epochs", "sequence_len": "longest sequence, tokens", "sample_packing": "packing"},
    **{"optimizer": "optimiser", "weight_decay": "weight decay", "max_grad_norm": "largest gradient norm"},
    **{"adapter": "adapter", "lora_r": "LoRA rank", "lora_alpha": "LoRA alpha", "lora_dropout": "LoRA dropout"},
    **{"load_in_4bit": "base weights in 4 bits", "load_in_8bit": "base weights in 8 bits"},
    **{"bf16": "bf16", "deepspeed": "DeepSpeed", "excess_length_strategy": "rows over that length", "seed": "seed"},
}
"""The keys of Axolotl's config that a reader of the card looks for."""


@dataclass(frozen=True)
class TrainingFacts:
    """The record of a training; empty where it was not started by `recipes/train.py`.

    Attributes:
        record: what `training.json` holds.
        config: what `axolotl.yaml` holds.
        losses: (step, loss of the trained tokens), in the order of the steps.
    """

    record: Mapping[str, Any]
    config: Mapping[str, Any]
    losses: Sequence[tuple[int, float]]

    @classmethod
    def read(cls, folder: ModelFolder) -> TrainingFacts:
        """The facts of a finished training.

        Raises:
            RefusedError: a file is damaged, the training was interrupted, or its loss is no number.
        """
        place = folder.training
        facts = cls(_mapping(place / "training.json"), _mapping(place / "axolotl.yaml"), losses(place))
        # an interrupted training leaves a model too: Axolotl saves one when it is told to end
        if not facts.is_finished(place):
            at = f" at step {facts.losses[-1][0]:,}" if facts.losses else ""
            raise RefusedError(f"{place}: the training was interrupted{at}; run the same command again to go on")
        last = facts.losses[-1] if facts.losses else None
        if last and not math.isfinite(last[1]):
            raise RefusedError(f"{place}: the last loss is {last[1]}; train again with a lower learning rate")
        return facts

    def is_finished(self, place: Path) -> bool:
        """Whether the training came to its end: `training.json` says so, else the trainer's last words do.

        Taken for finished where nothing at all was recorded.
        """
        if "finished" in self.record:
            return bool(self.record["finished"])
        return summary(place) is not None if self.losses else True

    @property
    def base_model(self) -> str | None:
        """The base model as the config names it: a Hub id or a folder."""
        name = self.record.get("base_model") or self.config.get("base_model")
        return str(name) if name else None

    def part(self, name: str) -> Mapping[str, Any]:
        """A part of the record with entries of its own, such as `data` or `precision`; empty where it is not there."""
        found = self.record.get(name)
        return found if isinstance(found, dict) else {}

    @property
    def data(self) -> Mapping[str, Any]:
        """`path`, `id` and counts of the data, as far as recorded."""
        return self.part("data")

    @property
    def strategy(self) -> str | None:
        """The prompt strategy: what turns a row into tokens, and what of it is trained on."""
        sets = self.config.get("datasets")
        first = sets[0] if isinstance(sets, list) and sets and isinstance(sets[0], dict) else {}
        return str(first["type"]) if "type" in first else None

    @property
    def hyperparameters(self) -> dict[str, Any]:
        """What of the config a reader looks for, in words; keys that are not set are Axolotl's defaults and left out."""
        return {said: self.config[key] for key, said in _SHOWN.items() if self.config.get(key) is not None}

    def methods(self) -> list[str]:
        """The values of the data's column `method`; none where these very bytes are not at hand."""
        file = Path(str(self.data.get("path")))
        try:
            with file.open("rb") as data:
                if hashlib.file_digest(data, "sha256").hexdigest() != self.data.get("id"):
                    return []
            if file.suffix == ".parquet":
                found = pq.read_table(file, columns=["method"])["method"].unique().to_pylist()
            else:
                found = [row.get("method") for _, row in read_file(file)]
        except (OSError, pa.ArrowInvalid, RefusedError):
            return []
        return sorted({str(method) for method in found if method})


def _mapping(file: Path) -> dict[str, Any]:
    """The content of a JSON or YAML file; empty where there is none."""
    if not file.exists():
        return {}
    try:
        text = file.read_text(encoding="utf-8")
        found = yaml.safe_load(text) if file.suffix == ".yaml" else json.loads(text)
    except (OSError, ValueError, RecursionError, yaml.YAMLError):
        found = None
    if not isinstance(found, dict):
        raise RefusedError(f"{file}: damaged; copy it again from where the model was trained")
    return found
