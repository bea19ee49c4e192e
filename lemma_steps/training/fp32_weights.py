"""Axolotl plugin that trains fp32 weights under bf16 autocast, for a full fine-tune on one GPU without DeepSpeed."""

from __future__ import annotations

from typing import Any

import torch
from axolotl.integrations.base import BasePlugin


class Fp32Weights(BasePlugin):
    """Turn the loaded model's weights into fp32, and leave `bf16: true` to mean what the matrix products compute in.

    Axolotl loads every model with `bf16: true` in bf16 and has no key for fp32 weights beside bf16 products. Adam then keeps
    its states in bf16 too, and an update of 1e-5 is lost on any weight above 0.004 (bf16 has 8 significant bits). With this
    plugin weights, gradients and states are fp32: 16 bytes per parameter. Autocast's cache of bf16 copies (2 more bytes per
    parameter) is switched off: every weight is read once per forward pass, so it would save nothing.
    """

    def post_model_load(self, cfg: Any, model: torch.nn.Module) -> None:
        model.float()
        torch.set_autocast_cache_enabled(False)
