"""How much memory one GPU (or, without one, this machine) needs for a configuration: arithmetic, before anything starts.

Parameters by bytes (`Precision`). Activations after Korthikanti et al. 2022 (arXiv 2205.05198), for layers with a gated
MLP and attention that keeps no quadratic matrix: with gradient checkpointing the input of each layer and the inside of
one; without, the inside of all. Logits: in the computation's precision, once more in fp32, and their gradient, unless
a fused loss never makes them. The estimate knows nothing of fragmentation and of a library's own buffers, for which a flat
allowance stands; a run that just fits may still fail.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from lemma_steps.errors import RefusedError
from lemma_steps.training.machine import Machine
from lemma_steps.training.model_shape import ModelShape
from lemma_steps.training.precision import Precision

ALLOWANCE = 2e9
"""Bytes for the runtime, its kernels' workspace and communication buffers."""

_FUSED_LOSSES = ("liger_fused_linear_cross_entropy", "cut_cross_entropy", "chunked_cross_entropy")


@dataclass(frozen=True, slots=True)
class Memory:
    """Bytes on each GPU; `host` is what the machine's memory holds besides, of an offloaded optimiser."""

    parameters: float
    activations: float
    logits: float
    host: float = 0.0

    @property
    def total(self) -> float:
        """All of them and the allowance."""
        return self.parameters + self.activations + self.logits + ALLOWANCE

    @classmethod
    def estimate(cls, shape: ModelShape, config: Mapping[str, Any], gpus: int) -> Self:
        """What a configuration takes on each of `gpus` GPUs, with rows of full length."""
        kept = Precision.of(config)
        trained = shape.adapter_parameters or shape.parameters
        parts = {"weights": kept.weight_bytes, "gradients": kept.gradient_bytes, "optimiser": kept.optimiser_bytes}
        per_trained = sum(width / (gpus if name in kept.sharded else 1) for name, width in parts.items())
        parameters = kept.base_bytes * shape.parameters + per_trained * trained
        tokens = int(config.get("micro_batch_size") or 1) * int(config.get("sequence_len") or 512)
        inside = 10 * shape.hidden + 4 * shape.intermediate
        kept_layers = (
            shape.layers * shape.hidden if config.get("gradient_checkpointing") else (shape.layers - 1) * inside
        )
        values = kept_layers + inside
        fused = any(config.get(name) for name in _FUSED_LOSSES)
        logits = 0 if fused else tokens * shape.vocabulary * (kept.compute_bytes + 8)
        return cls(parameters, tokens * values * kept.compute_bytes, logits, kept.host_bytes * trained)

    def check(self, machine: Machine, force: bool = False) -> None:
        """Look whether the machine has that much.

        Raises:
            RefusedError: it has not, and `force` is false.
        """
        there = machine.gpu_bytes if machine.gpus else machine.host_bytes
        what, needed = ("each GPU", self.total) if machine.gpus else ("free memory", self.total + self.host)
        if (needed <= there and self.host + (0 if machine.gpus else self.total) <= machine.host_bytes) or force:
            return
        if needed <= there:
            what, needed, there = "free memory of the machine", self.host, machine.host_bytes
        raise RefusedError(
            f"{needed / 1e9:.0f} GB are estimated, and {what} has {there / 1e9:.0f}; use more GPUs, a smaller "
            "micro_batch_size, or another variant (single-gpu-offload, lora); --force trains all the same"
        )

    def __str__(self) -> str:
        return (
            f"{self.total / 1e9:.1f} GB (parameters with gradients and optimiser {self.parameters / 1e9:.1f}, "
            f"activations {self.activations / 1e9:.1f}, logits {self.logits / 1e9:.1f}, allowance {ALLOWANCE / 1e9:.0f})"
            + (f" and {self.host / 1e9:.0f} GB of the machine's memory" if self.host else "")
        )
