"""The rows that the paper prints."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from importlib.resources import files
from typing import Any

import yaml

from lemma_steps.errors import RefusedError
from lemma_steps.evaluation.results.estimate import Estimate
from lemma_steps.evaluation.results.layout import AVERAGE, Layout
from lemma_steps.evaluation.results.row import Row

ENDS = ("SFT", "LEMMA")
"""Where the paper begins and where it ends: the methods that are shown unless a model is asked for."""


@functools.cache
def _tables() -> dict[str, Any]:
    return yaml.safe_load(files(__package__).joinpath("paper.yaml").read_text(encoding="utf-8"))


def paper_models() -> list[str]:
    """The base models that have rows in the paper."""
    return list(_tables()["main"]["models"])


def choose_paper(asked: Sequence[str]) -> dict[str, tuple[str, ...] | None]:
    """Base model -> methods (None for all), for what was asked on the command line.

    Nothing asked for: SFT and LEMMA of every model, since a run does not say what its model was made of. `none` and `all` mean
    what they say; a model's name, all its methods. Case does not count, and the beginning of a name will do.

    Raises:
        RefusedError: the paper has no such model, or the name fits several.
    """
    models = paper_models()
    if not asked:
        return dict.fromkeys(models, ENDS)
    chosen: dict[str, tuple[str, ...] | None] = {}
    for name in asked:
        if name.lower() in ("none", "all"):
            chosen |= {model: None for model in models if name.lower() == "all"}
            continue
        fitting = [model for model in models if name and model.lower().startswith(name.lower())]
        if len(fitting) != 1:
            raise RefusedError(f"--paper {name}: no such model; use {', '.join(models)}, all or none")
        chosen[fitting[0]] = None
    return chosen


def paper_shots(task: str) -> int | None:
    """How many demonstrations the paper's scripts gave for a set of its main table; None for other tasks."""
    main = _tables()["main"]
    return dict(zip(main["columns"], main["shots"], strict=False)).get(
        task.removeprefix("lemma_").removesuffix("_maj32")
    )


def paper_rows(layout: Layout, chosen: dict[str, tuple[str, ...] | None]) -> list[Row]:
    """The paper's rows for a table of ours; none where it has no such table."""
    table = _tables().get(layout.key)
    if table is None:
        return []
    # where the votes stand beside Pass@1, that is the main table's
    shown = {"Pass@1": _tables()["main"], "Maj@32": table} if layout.key == "maj32" else {"": table}
    rows = []
    for model, methods in chosen.items():
        for method in table["models"].get(model, {}):
            if methods is None or method in methods:
                for line, source in shown.items():
                    group = f"{model} (paper, {table['source'][model]})"
                    rows.append(Row(group, method, line, _cells(layout, source, source["models"][model][method])))
    return rows


def _cells(layout: Layout, table: dict[str, Any], numbers: list[float | None]) -> dict[str, Estimate]:
    by_task = {task: number for task, number in zip(table["columns"], numbers, strict=True) if number is not None}
    headings = {**layout.columns, AVERAGE: "avg"} if layout.averaged else layout.columns
    return {heading: Estimate(by_task[task]) for heading, task in headings.items() if task in by_task}
