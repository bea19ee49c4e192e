"""What code writes into the rows of the comparison methods, by method."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any

import yaml


@cache
def layout(method: str) -> dict[str, Any]:
    """The entry of a method in `templates/other_methods.yaml`."""
    texts = files("lemma_steps").joinpath("templates", "other_methods.yaml").read_text(encoding="utf-8")
    return yaml.safe_load(texts)[method]
