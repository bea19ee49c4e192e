"""The offline teacher's phrases, from `phrases.yaml`."""

from __future__ import annotations

import random
from functools import cache
from importlib.resources import files
from typing import Any

import yaml


@cache
def phrases() -> dict[str, Any]:
    """The whole table."""
    return yaml.safe_load(files(__package__).joinpath("phrases.yaml").read_text("utf-8"))


def variants(*path: str) -> list[str]:
    """The phrases at `path`."""
    found: Any = phrases()
    for key in path:
        found = found[key]
    return found


def leaves(*path: str) -> list[str]:
    """The phrases at and below `path`."""
    found: Any = variants(*path)
    return [form for key in found for form in leaves(*path, key)] if isinstance(found, dict) else found


def say(rng: random.Random, *path: str, **slots: object) -> str:
    """One of the phrases at `path`, its slots filled."""
    return rng.choice(variants(*path)).format(**slots)
