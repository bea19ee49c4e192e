"""The closed loop in earnest, on a CPU: the study that comes with the project, in environments that uv makes."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from tests.study.conftest import ROOT


@pytest.mark.long
def test_the_smoke_study_ends_with_a_table(tmp_path, lemma_data):
    command = [sys.executable, str(ROOT / "recipes" / "study.py"), "--output", str(tmp_path / "study")]
    given = {"LEMMA_DATA": str(lemma_data), "LEMMA_DATA_SUBSET": "1", "HF_HUB_OFFLINE": "1"}
    done = subprocess.run(command, env=os.environ | given, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr

    result = json.loads((tmp_path / "study" / "study.json").read_text())
    arms = {one["arm"]: one for one in result["arms"]}
    assert set(arms) == {"lemma", "lemma_masked", "sft_equal_rows", "sft_equal_tokens"}
    data = {name: one["training"]["data"] for name, one in arms.items()}
    assert data["lemma"]["rows"] == data["lemma_masked"]["rows"] == data["sft_equal_rows"]["rows"] == 24
    assert data["lemma_masked"]["trained_tokens"] < data["lemma"]["trained_tokens"]
    over_all = {name: data[name]["trained_tokens"] * arms[name]["training"]["epochs"] for name in arms}
    assert over_all["sft_equal_tokens"] == pytest.approx(over_all["lemma"], rel=0.01)
    assert all(one["losses"] for one in arms.values())
    assert {one["model"] for one in result["scores"]} == {"base", *arms}
    assert len(result["differences"]) == 9  # three pairs, two tasks and their mean
