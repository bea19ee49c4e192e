"""The solved problems that stand before a question in the few-shot tasks."""

from __future__ import annotations

from importlib.resources import files

import yaml


def demonstrations() -> list[dict[str, str]]:
    """Questions and worked answers, in the order of the published scripts."""
    return yaml.safe_load(files(__package__).joinpath("demonstrations.yaml").read_text("utf-8"))
