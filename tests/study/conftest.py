"""A study whose stages are run by a fake Python."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]

STUDY = {
    "data": {"problems": ["starter"], "teacher": "offline", "seed": 0},
    "rows": 12,
    "reference": "lemma",
    "arms": {
        "lemma": {"method": "lemma"},
        "lemma_masked": {"method": "lemma", "config": "masked"},
        "sft_rows": {"method": "sft"},
        "sft_tokens": {"method": "sft", "rows": "equal_tokens"},
    },
    "training": {"configs": "axolotl", "smoke_weights": True, "overrides": {"num_epochs": 2}},
    "evaluation": {"tasks": ["lemma_gsm8k", "lemma_svamp"], "limit": 20},
    "comparisons": [["lemma", "sft_rows"], ["lemma", "lemma_masked"], ["sft_tokens", "base"]],
}


CONFIG = "base_model: some/model\nnum_epochs: 3\nsequence_len: 64\ndatasets: [{type: lemma_steps.training.response}]\n"


class FakeStudy:
    """The recipe with fake environments."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.output, self.config = folder, folder / "out", folder / "study.yaml"
        self.calls_file = folder / "calls.jsonl"
        self.study = json.loads(json.dumps(STUDY))
        configs = folder / "axolotl"
        configs.mkdir()
        for name in ("paper", "masked", "lora"):
            (configs / f"{name}.yaml").write_text(CONFIG)
        self.study["training"]["configs"] = str(configs)
        for name in ("data", "train", "eval"):
            python = folder / name / "bin" / "python"
            python.parent.mkdir(parents=True)
            fake = Path(__file__).with_name("fake_recipes.py")
            python.write_text(f'#!/bin/sh\nPYTHONPATH={ROOT} exec {sys.executable} {fake} {name} "$@"\n')
            python.chmod(0o755)

    def command(self, *more: str) -> list[str]:
        self.config.write_text(yaml.safe_dump(self.study, sort_keys=False))
        rooms = [
            part for name in ("data", "train", "eval") for part in ("--environment", f"{name}={self.folder / name}")
        ]
        given = ["--config", str(self.config), "--output", str(self.output), *rooms, *more]
        return [sys.executable, str(ROOT / "recipes" / "study.py"), *given]

    def variables(self, trouble: dict[str, str] | None = None, **more: str) -> dict[str, str]:
        told = {"FAKE_CALLS": str(self.calls_file), "FAKE_TROUBLE": json.dumps(trouble or {}), "VIRTUAL_ENV": "/leaks"}
        return os.environ | told | more

    def run(self, trouble: dict[str, str] | None = None, **more: str) -> subprocess.CompletedProcess[str]:
        self.calls_file.unlink(missing_ok=True)
        return subprocess.run(self.command(), env=self.variables(trouble, **more), capture_output=True, text=True)

    def calls(self) -> list[list[str]]:
        if not self.calls_file.exists():
            return []
        return [json.loads(line) for line in self.calls_file.read_text().splitlines()]

    def called(self) -> list[str]:
        """Program and output folder of every call."""
        return [
            f"{Path(call[1]).stem if call[1] != '-m' else 'measure'} {_place(call, self.output)}"
            for call in self.calls()
        ]


def _place(call: list[str], output: Path) -> str:
    place = call[call.index("--output") + 1] if "--output" in call else call[7]
    return str(Path(place).relative_to(output))


@pytest.fixture
def fake_study(tmp_path: Path) -> FakeStudy:
    """A study in an empty folder."""
    return FakeStudy(tmp_path)
