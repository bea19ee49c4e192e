"""The part of a study that says how its arms are trained."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, NonNegativeInt


class TrainingPart(BaseModel):
    """How every arm is trained, unless it says otherwise.

    Attributes:
        configs: folder of Axolotl configurations; a relative path begins at the checkout.
        config: variant in it, without `.yaml`.
        base_model: Hub id or folder; None for the configurations' own.
        smoke_weights: make the small weights that the `smoke` configurations name (recipes/smoke_model.py).
        gpus: GPUs to train on; None for all of them.
        seeds: one training run per arm and seed.
        overrides: Axolotl keys, such as `num_epochs` or `learning_rate`.
    """

    model_config = ConfigDict(extra="forbid")

    configs: Path
    config: str = "paper"
    base_model: str | None = None
    smoke_weights: bool = False
    gpus: int | None = Field(default=None, ge=1)
    seeds: list[NonNegativeInt] = Field(default=[42], min_length=1)
    overrides: dict[str, Any] = Field(default_factory=dict)
