"""What a set of another method is called, and what there is to say about it."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any

import yaml


def about(method: str) -> dict[str, Any]:
    """`title`, `rows`, `made`, `limits`, `cite` of a method; one that is not known here is called by its name."""
    blank = {"title": f"Solutions by {method}", "rows": f"solutions by {method}", "made": [], "limits": [], "cite": ""}
    return blank | _methods().get(method, {})


@cache
def _methods() -> dict[str, dict[str, Any]]:
    return yaml.safe_load(files(__package__).joinpath("methods.yaml").read_text(encoding="utf-8"))
