"""The facts behind the configurations: base models, variants, and every key with its value in the paper's run."""

from __future__ import annotations

import functools
from importlib.resources import files
from typing import Any

import yaml

from lemma_steps.training.model_shape import ModelShape


@functools.cache
def read(name: str) -> Any:
    """`models`, `variants` or `base`: the data file of that name beside this module."""
    return yaml.safe_load(files(__package__).joinpath(f"{name}.yaml").read_text(encoding="utf-8"))


def parameters(slug: str) -> int:
    """Parameters of a base model, counted from its shape; the tests hold the sum against what the makers state."""
    shape = read("models")[slug]["shape"]
    linear = sum(rows * columns for rows, columns in _linear(shape))
    biases = (shape["heads"] + 2 * shape["kv_heads"]) * shape["head"] if shape.get("bias") else 0
    norms = 2 * shape["hidden"] + (2 * shape["head"] if shape.get("head_norms") else 0)
    ends = (1 if shape["tied"] else 2) * shape["vocabulary"] * shape["hidden"] + shape["hidden"]
    return ends + shape["layers"] * (linear + biases + norms)


def model_shape(slug: str, rank: int = 0) -> ModelShape:
    """What the memory estimate needs of a base model, with adapters of `rank` on every linear layer but the output head."""
    shape = read("models")[slug]["shape"]
    adapters = shape["layers"] * rank * sum(rows + columns for rows, columns in _linear(shape))
    sizes = (shape["layers"], shape["hidden"], shape["intermediate"], shape["vocabulary"])
    return ModelShape(parameters(slug), adapters, *sizes)


def _linear(shape: dict[str, Any]) -> list[tuple[int, int]]:
    """Sizes of the linear layers of one block: attention's four, the gated MLP's three."""
    hidden, inner = shape["hidden"], shape["intermediate"]
    queries, keys = shape["heads"] * shape["head"], shape["kv_heads"] * shape["head"]
    return [(hidden, queries), (hidden, keys), (hidden, keys), (queries, hidden)] + [(hidden, inner)] * 3
