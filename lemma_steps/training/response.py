"""Axolotl's `type: lemma_steps.training.response`: loss on the whole response, wrong step included, as the published runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lemma_steps.training.strategy import Strategy


def load(tokenizer: Any, cfg: Mapping[str, Any], ds_cfg: Mapping[str, Any]) -> Strategy:
    """What Axolotl asks a dataset type for."""
    return Strategy("response", tokenizer, cfg, ds_cfg)
