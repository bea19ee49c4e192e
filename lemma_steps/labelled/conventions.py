"""The labelled sets by name, each with its own conventions, as `sets.yaml` describes them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any, Literal

import yaml

from lemma_steps.errors import RefusedError


@dataclass(frozen=True)
class Conventions:
    """One set of `sets.yaml`; the comments there say what each entry means."""

    name: str
    title: str
    paper: str
    licence: str
    labels: str
    rows: int
    file: str
    columns: Mapping[str, str]
    steps: Literal["list", "numbered", "lines"]
    base: int
    none: tuple[Any, ...]
    sources: tuple[Mapping[str, Any], ...]
    where: Mapping[str, Any] = field(default_factory=dict)
    reference: Mapping[str, Any] | None = None
    average: str | None = None

    @property
    def has_types(self) -> bool:
        """Whether its rows say which kind of error it is."""
        return "error_type" in self.columns

    @classmethod
    def of(cls, name: str) -> Conventions:
        """Those of the set of that name.

        Raises:
            RefusedError: there is no such set.
        """
        if name not in registry():
            raise RefusedError(f"{name}: no such labelled set; there are {', '.join(registry())}")
        return registry()[name]


@cache
def registry() -> dict[str, Conventions]:
    """All sets, in the order in which they are shown."""
    entries = yaml.safe_load(files(__package__).joinpath("sets.yaml").read_text("utf-8"))
    return {
        name: Conventions(name, **entry | {"none": tuple(entry["none"]), "sources": tuple(entry["sources"])})
        for name, entry in entries.items()
    }
