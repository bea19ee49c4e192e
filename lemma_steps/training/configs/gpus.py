"""How many GPUs a configuration is written for: the third factor of its global batch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lemma_steps.errors import RefusedError

_BY_DEEPSPEED = {"zero2": 8, "zero3": 32, "zero2-offload": 1}
"""The paper's server has eight GPUs (A.3.1); 70B parameters with fp32 master weights need four of them."""


def written_for(config: Mapping[str, Any]) -> int:
    """GPUs by which `micro_batch_size x gradient_accumulation_steps` is to be multiplied to get the global batch.

    Axolotl has no key for it; what tells is how the optimiser is spread: one GPU unless DeepSpeed spreads it.

    Raises:
        RefusedError: it is spread in another way than by our files.
    """
    path = config.get("deepspeed")
    name = path.rsplit("/", 1)[-1].removesuffix(".json") if isinstance(path, str) else ""
    if (path and name not in _BY_DEEPSPEED) or config.get("fsdp_config"):
        raise RefusedError("a configuration for an unknown number of GPUs; give --global-batch N, the rows per step")
    return _BY_DEEPSPEED.get(name, 1)


def global_batch(config: Mapping[str, Any]) -> int:
    """Sequences per optimiser step on the GPUs that the configuration is written for."""
    per_gpu = int(config.get("micro_batch_size") or 1) * int(config.get("gradient_accumulation_steps") or 1)
    return per_gpu * written_for(config)
