"""What a set of another method is called, and what there is to say about it."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any

import yaml


def about(method: str) -> dict[str, Any]:
    """What `methods.yaml` says of a method, every key there; one that is not known here is called by its name."""
    named = {"title": f"Solutions by {method}", "rows": f"solutions by {method}", "cite": ""}
    return {**named, "made": [], "limits": [], "without_gold": [], **_methods().get(method, {})}


@cache
def _methods() -> dict[str, dict[str, Any]]:
    return yaml.safe_load(files(__package__).joinpath("methods.yaml").read_text(encoding="utf-8"))
