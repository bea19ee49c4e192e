"""What tests of training share: rows as the recipe writes them, and the smallest real weights."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from lemma_steps.errors import RefusedError
from lemma_steps.training.smoke_weights import is_whole, smoke_weights

ROOT = Path(__file__).parents[2]
os.environ["AXOLOTL_DO_NOT_TRACK"] = "1"  # before any test imports Axolotl


@pytest.fixture(scope="session")
def kept_rows(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that the recipe writes for bundled problems: a few dozen kept rows."""
    out = tmp_path_factory.mktemp("run") / "out"
    command = [sys.executable, str(ROOT / "recipes" / "lemma.py"), "--limit", "6", "--output", str(out)]
    subprocess.run(command, check=True, capture_output=True, cwd=ROOT, timeout=300)
    return out


@pytest.fixture(scope="session")
def smoke_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """SmolLM2-135M-Instruct as safetensors: the checkout's, where recipes/smoke_model.py has made it, or made now."""
    made = ROOT / "out" / "models" / "SmolLM2-135M-Instruct"
    if is_whole(made):
        return made
    folder = tmp_path_factory.mktemp("models") / made.name
    try:
        smoke_weights(folder)
    except RefusedError as error:
        pytest.skip(str(error))
    return folder
