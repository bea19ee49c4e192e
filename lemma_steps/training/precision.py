"""In which precision a configuration keeps weights, gradients and optimiser states, and how many bytes that takes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from lemma_steps.errors import RefusedError

PLAIN_ADAM = "adamw_torch"


@dataclass(frozen=True, slots=True)
class Precision:
    """Words for a person, and bytes per trained parameter on a GPU.

    The bytes are of one whole copy; `sharded` says which of weights, gradients and optimiser states ZeRO splits over the
    GPUs. With an adapter they are of the adapter's parameters, and `base_bytes` is of the model's frozen ones. `host_bytes`
    are in the machine's memory instead. `compute_bytes` is the width of activations.
    """

    weights: str
    gradients: str
    optimiser: str
    weight_bytes: float
    gradient_bytes: float
    optimiser_bytes: float
    base_bytes: float = 0.0
    host_bytes: float = 0.0
    compute_bytes: int = 2
    sharded: frozenset[str] = frozenset()

    @property
    def loses_updates(self) -> bool:
        """Whether weights of half precision take every update rounded to the nearest, so that small ones are lost."""
        return self.weights in ("bf16", "fp16")

    @classmethod
    def of(cls, config: Mapping[str, Any]) -> Self:
        """That of a configuration.

        Axolotl loads the weights in the precision that it computes in, and torch keeps gradients and Adam states in the
        weights' precision: `bf16: true` alone trains bf16 everything. DeepSpeed, and our plugin `Fp32Weights`, keep more.

        Raises:
            RefusedError: its DeepSpeed file cannot be read.
        """
        half = "bf16" if config.get("bf16") or config.get("bfloat16") else ""
        half = half or ("fp16" if config.get("fp16") or config.get("float16") else "")
        compute, optimiser = (2 if half else 4), str(config.get("optimizer") or PLAIN_ADAM)
        if config.get("adapter"):
            base, base_bytes = half or "fp32", float(compute)
            if config.get("load_in_4bit"):
                base, base_bytes = "4-bit", 0.55  # NF4 with its scales
            elif config.get("load_in_8bit"):
                base, base_bytes = "8-bit", 1.05
            states, state_bytes = _states(optimiser, "fp32")
            return cls(f"{base}, frozen; adapter fp32", "fp32", states, 4, 4, state_bytes, base_bytes, 0, compute)
        if config.get("deepspeed"):
            return cls._zero(_read(config["deepspeed"]), half, compute)
        if any(str(plugin).endswith(".Fp32Weights") for plugin in config.get("plugins") or ()):
            states, state_bytes = _states(optimiser, "fp32")
            return cls(f"fp32, {half} computation", "fp32", states, 4, 4, state_bytes, compute_bytes=compute)
        states, state_bytes = _states(optimiser, half or "fp32")
        rounded = ", stochastically rounded" if "stochastic_round" in str(config.get("optim_args")) else ""
        width = float(compute)
        return cls((half or "fp32") + rounded, half or "fp32", states, width, width, state_bytes, compute_bytes=compute)

    @classmethod
    def _zero(cls, settings: Mapping[str, Any], half: str, compute: int) -> Self:
        """Beside what it computes with, ZeRO keeps fp32 weights and Adam states: 12 bytes, and 4 for gradients in a step."""
        zero = settings.get("zero_optimization") or {}
        stage = int(zero.get("stage", 0))
        sharded = {name for first, name in ((1, "optimiser"), (2, "gradients"), (3, "weights")) if stage >= first}
        away = (zero.get("offload_optimizer") or {}).get("device") == "cpu"
        added = (settings.get("data_types") or {}).get("grad_accum_dtype") == "fp32"
        return cls(
            f"{half}, fp32 masters" if half else "fp32",
            (f"{half}, added up in fp32" if added else half) if half else "fp32",
            "fp32 Adam" + (" in the machine's memory" if away else ""),
            compute,
            4 if added and not away else compute,
            0 if away else 16 if half else 8,
            host_bytes=16 if away else 0,
            compute_bytes=compute,
            sharded=frozenset(sharded),
        )

    def __str__(self) -> str:
        return f"weights {self.weights}; gradients {self.gradients}; optimiser {self.optimiser}"


def _states(optimiser: str, weights: str) -> tuple[str, float]:
    """Words and bytes of the two Adam states; of an optimiser that we do not know, those of plain Adam."""
    for mark, width in (("8bit", 2.1), ("4bit", 1.1), ("fp8", 2.1)):
        if mark in optimiser:
            return f"{optimiser} (two states of {mark})", width
    return f"{weights} Adam", 8.0 if weights == "fp32" else 4.0


def _read(deepspeed: Any) -> Mapping[str, Any]:
    if isinstance(deepspeed, Mapping):
        return deepspeed
    try:
        return json.loads(Path(deepspeed).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise RefusedError(
            f"deepspeed: {deepspeed}: cannot be read ({error}); run from the checkout, or name the file by its whole path"
        ) from None
