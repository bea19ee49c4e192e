"""Axolotl's `type: lemma_steps.training.published`: the set that the paper's authors released, `panzs19/LEMMA` on the Hub."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lemma_steps.training.strategy import Strategy


def load(tokenizer: Any, cfg: Mapping[str, Any], ds_cfg: Mapping[str, Any]) -> Strategy:
    """What Axolotl asks a dataset type for."""
    return Strategy("published", tokenizer, cfg, ds_cfg)
