"""Figures that others published on the labelled sets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import yaml


@dataclass(frozen=True)
class Published:
    """One table of somebody else's, as far as it concerns these sets.

    Attributes:
        measure: the figure it is comparable with: `f1` or `acc_wrong` of a locator, `accuracy` of a classifier.
        source: where it stands.
        differs: what was done otherwise than here.
        figures: {model: {set or average: percent}}.
    """

    measure: str
    source: str
    differs: str
    figures: Mapping[str, Mapping[str, float]]

    def of(self, name: str) -> dict[str, float]:
        """{model: percent} on a set or for an average, the best first."""
        found = {model: figures[name] for model, figures in self.figures.items() if name in figures}
        return dict(sorted(found.items(), key=lambda pair: -pair[1]))


@cache
def published() -> tuple[Published, ...]:
    """All of `published.yaml`."""
    entries = yaml.safe_load(files(__package__).joinpath("published.yaml").read_text("utf-8"))
    return tuple(Published(**entry) for entry in entries)
