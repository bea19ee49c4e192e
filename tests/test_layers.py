"""The layers point one way, and the plain ones stay light."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import lemma_steps

PACKAGE = Path(lemma_steps.__file__).parent
PLAIN = {
    "answers",
    "arithmetic",
    "segmentation",
    "trajectory",
    "taxonomy",
    "contamination",
    "duplicates",
    "audits",
    "injections",
    "seeds",
    "errors",
    "scratch",
    "share",
    "distribution_distance",
}
MIDDLE = {
    "prompts",
    "llms",
    "sources",
    "settings",
    "baseline_settings",
    "subsets",
    "student_samples",
    "console",
    "options",
    "run_directory",
    "output",
    "publish",
    "labelled",
    "label_quality",
    "error_analysis",
    "evaluation",
    "training",
    "study",
    "review",
}
TOP = {"execution", "steps", "runner", "progress", "dry_run", "shards", "ray_parts"}
MODULES = sorted(path for path in PACKAGE.rglob("*.py") if path != PACKAGE / "__init__.py")


def room(path):
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            if node.module == "lemma_steps":
                yield from (f"lemma_steps.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


def test_every_room_has_a_layer():
    assert {room(path) for path in MODULES} <= PLAIN | MIDDLE | TOP | {"data"}


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_point_down(path):
    names = set(imported(path))
    rooms = {name.split(".")[1] for name in names if name.startswith("lemma_steps.")}
    if room(path) in PLAIN:
        assert not any(name.split(".")[0] in {"distilabel", "datasets", "openai"} for name in names)
        assert rooms <= PLAIN
    elif room(path) in MIDDLE:
        assert rooms <= PLAIN | MIDDLE


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_any_file_is_read_in_one_sitting(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 500


def test_the_median_file_is_short():
    lengths = sorted(len(path.read_text(encoding="utf-8").splitlines()) for path in MODULES)
    assert lengths[len(lengths) // 2] <= 150


@pytest.mark.parametrize(
    "module",
    ["lemma_steps", "lemma_steps.answers", "lemma_steps.prompts", "lemma_steps.segmentation", "lemma_steps.arithmetic"],
)
def test_training_and_evaluation_import_no_distilabel(module):
    code = f"import sys, {module}; print([m for m in ('distilabel', 'datasets', 'torch', 'sympy', 'openai', 'pyarrow') if m in sys.modules])"
    assert (
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"
    )
