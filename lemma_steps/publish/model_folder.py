"""The files of a trained model: which of a training's folder are published, and whether they are whole."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

from lemma_steps.errors import RefusedError

RECORDS = ("training.json", "axolotl.yaml")
"""What `recipes/train.py` leaves beside the model."""

_BESIDE = (
    *("config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json", "tokenizer.model"),
    *("special_tokens_map.json", "added_tokens.json", "vocab.json", "merges.txt", "chat_template.jinja"),
)
"""What a model needs besides its weights. Everything else stays: checkpoints, optimiser states, prepared data, logs."""
_INDEX = "model.safetensors.index.json"
_LONGEST_HEADER = 100 * 2**20
"""Bytes that the format allows a safetensors header."""


@dataclass(frozen=True)
class ModelFolder:
    """A trained model on disk.

    Attributes:
        weights: the folder that holds its weights.
        training: the folder that the training wrote: the same, or the one above merged weights.
        is_adapter: whether the weights are a LoRA adapter, to be loaded on top of its base model.
    """

    weights: Path
    training: Path
    is_adapter: bool = False

    @classmethod
    def find(cls, path: Path, adapter: bool = False) -> ModelFolder:
        """The model that the folder of a training holds; of a LoRA training the merged one, or with `adapter` the adapter.

        Raises:
            RefusedError: there is no model, or it was not merged yet.
        """
        if (path / "adapter_config.json").is_file():
            if adapter:
                return cls(path, path, is_adapter=True)
            if not (path / "merged").is_dir():
                raise RefusedError(
                    f"{path}: a LoRA adapter that was not merged into its base model; run `axolotl merge-lora "
                    f"{path / 'axolotl.yaml'}` first, or publish it as it is with --adapter"
                )
            return cls(path / "merged", path)
        if adapter:
            raise RefusedError(f"{path}: no adapter_config.json; leave out --adapter, or give a LoRA training's folder")
        if not (path / "config.json").is_file():
            raise RefusedError(f"{path}: no model there (no config.json); give the folder that the training wrote")
        above = path.name == "merged" and any((path.parent / name).is_file() for name in RECORDS)
        return cls(path, path.parent if above else path)

    def files(self) -> dict[str, Path]:
        """The weights and what they need, by their names in the repository; card and records are not among them.

        Raises:
            RefusedError: weights or tokenizer are missing.
        """
        if self.is_adapter:
            names = ["adapter_config.json", "adapter_model.safetensors"]
        elif (self.weights / _INDEX).is_file():
            shards = _json(self.weights / _INDEX).get("weight_map")
            if not isinstance(shards, dict) or not shards:
                raise RefusedError(f"{self.weights / _INDEX}: names no shard; save the model again")
            names = [_INDEX, *sorted({Path(str(shard)).name for shard in shards.values()})]
        else:
            names = ["model.safetensors"]
        if missing := [name for name in names if not (self.weights / name).is_file()]:
            raise RefusedError(
                f"{self.weights}: no {missing[0]}; the training did not end or the copy is not whole: "
                "give a folder with all of the model's safetensors"
            )
        if not self.is_adapter and not (self.weights / "tokenizer_config.json").is_file():
            raise RefusedError(f"{self.weights}: no tokenizer_config.json; copy the tokenizer there, or train again")
        left = ("config.json", "generation_config.json") if self.is_adapter else ()  # they are the base model's
        names += [name for name in _BESIDE if name not in left and (self.weights / name).is_file()]
        return {name: self.weights / name for name in names}

    def parameters(self) -> Counter[str]:
        """Number type -> how many parameters the files hold of it, as their headers say.

        Raises:
            RefusedError: a file is damaged or cut off.
        """
        counts: Counter[str] = Counter()
        for name, file in self.files().items():
            if name.endswith(".safetensors"):
                for tensor in _header(file).values():
                    counts[tensor["dtype"]] += prod(tensor["shape"])
        return counts


def _header(file: Path) -> dict[str, Any]:
    """The tensors of a safetensors file, which must be as long as they say."""
    try:
        with file.open("rb") as opened:
            length = int.from_bytes(opened.read(8), "little")
            tensors = json.loads(opened.read(min(length, _LONGEST_HEADER)))
        tensors.pop("__metadata__", None)
        end = max((tensor["data_offsets"][1] for tensor in tensors.values()), default=0)
        whole = bool(tensors) and file.stat().st_size == 8 + length + end
    except (OSError, ValueError, AttributeError, KeyError, TypeError):
        whole = False
    if not whole:
        raise RefusedError(f"{file}: damaged or cut off; copy it again, or save the model again")
    return dict(tensors)


def _json(file: Path) -> Mapping[str, Any]:
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        found = None
    if not isinstance(found, dict):
        raise RefusedError(f"{file}: damaged; save the model again")
    return found
