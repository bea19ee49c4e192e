"""Defects of the published code that belong to no single module; the others are named in the tests of their module."""

from __future__ import annotations

import re
import tomllib
from importlib.metadata import requires
from pathlib import Path

import yaml

from lemma_steps.settings import Settings
from lemma_steps.steps import LocateFirstError
from tests.scripted_llm import advance, made
from tests.steps.test_locate_first_error import vote
from tests.steps.test_teacher_steps import ROW

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_defect_1_the_readme_names_only_files_that_exist():
    named = set(re.findall(r"(?:recipes|benchmarks|lemma_steps|docs|tests)/[\w./-]*\w", README))
    assert "recipes/lemma.py" in named
    assert [path for path in sorted(named) if not (ROOT / path).exists()] == []


def test_defect_2_one_command_runs_all_stages():
    recipe = yaml.safe_load((ROOT / "recipes" / "configs" / "offline.yaml").read_text())
    assert Settings(**recipe).problems == ["starter"]
    assert "uv run recipes/lemma.py" in README


def test_defect_3_making_data_needs_no_torch_and_no_cuda():
    needed = [requirement for requirement in requires("lemma-recipes") or [] if "extra ==" not in requirement]
    assert any(requirement.startswith("distilabel") for requirement in needed)
    assert not [r for r in needed if re.match(r"(torch|vllm|transformers|nvidia|deepspeed)\b", r)]


def test_defect_4_versions_are_reproducible():
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["uv"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT.*Z", settings["exclude-newer"])


def test_defect_5_one_licence_everywhere():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["license"] == "Apache-2.0"
    assert "Apache License" in (ROOT / "LICENSE").read_text()
    assert "Apache-2.0" in README


def test_defect_6_every_ablation_of_the_paper_is_a_switch():
    for ablation in ("error-augmentation", "fresh-restart", "fix-continue", "truncation", "smooth"):
        assert Settings(problems=["starter"], teacher="offline", ablate=[ablation]).ablate == [ablation]


def test_defect_23_every_request_has_a_seed_of_its_own_and_the_same_in_every_run():
    def asked():
        seeds = []

        def script(task, fields, seed):
            seeds.append(seed)
            return vote("2")

        advance(made(LocateFirstError, script, votes=5, seed=3), ROW)
        return seeds

    first = asked()
    assert len(set(first)) == 5
    assert None not in first
    assert asked() == first
