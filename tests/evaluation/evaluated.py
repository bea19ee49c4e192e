"""Runs recipes/evaluate.py in this process and reads what it wrote."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

from typer.testing import CliRunner, Result

from lemma_steps.evaluation.runs.run import Run

RECIPE = Path(__file__).parents[2] / "recipes" / "evaluate.py"


def recipe() -> Any:
    """The recipe as a module; by its path, because a library of the same name may be installed."""
    spec = importlib.util.spec_from_file_location("evaluate_recipe", RECIPE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def evaluate(output: Path, **options: Any) -> Result:
    """The recipe's end under these options; `True` is a bare flag."""
    words = [f"--output={output}"]
    for name, value in options.items():
        words.append(f"--{name}" if value is True else f"--{name}={value}")
    return CliRunner().invoke(recipe().app, words)


def run_of(output: Path, **options: Any) -> Run:
    """What a run wrote that had to end well."""
    ended = evaluate(output, **options)
    assert ended.exit_code == 0, f"{ended.output}\n{ended.exception!r}"
    return Run.read(output)


def replies(run: Run, task: str) -> list[list[str]]:
    """The replies of a task by document, cut at the stop strings."""
    return [sample["filtered_resps"][0] for sample in run.samples(task)]
