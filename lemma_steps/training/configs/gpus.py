"""How many GPUs a configuration is written for: the third factor of its global batch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_BY_DEEPSPEED = {"zero2": 8, "zero3": 32}
"""The paper's server has eight GPUs (A.3.1); 70B parameters with fp32 master weights need four of them."""


def written_for(config: Mapping[str, Any]) -> int:
    """GPUs by which `micro_batch_size x gradient_accumulation_steps` is to be multiplied to get the global batch.

    Axolotl has no key for it; what tells is how the optimiser is spread: one GPU unless DeepSpeed spreads it.
    """
    path = config.get("deepspeed")
    return _BY_DEEPSPEED.get(path.rsplit("/", 1)[-1].removesuffix(".json"), 1) if isinstance(path, str) else 1


def global_batch(config: Mapping[str, Any]) -> int:
    """Sequences per optimiser step on the GPUs that the configuration is written for."""
    return config["micro_batch_size"] * config["gradient_accumulation_steps"] * written_for(config)
