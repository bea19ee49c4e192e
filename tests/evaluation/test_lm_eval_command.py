"""Plain `lm_eval` knows the tasks: it validates and lists them, and runs all that need no earlier turn."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from lemma_steps.evaluation.runs.run import Run

pytest.importorskip("lm_eval", reason="needs the eval extra")

TASKS = Path(__file__).parents[2] / "eval_tasks"
GROUPS = ["lemma", "lemma_id", "lemma_ood", "lemma_mathchat", "lemma_maj32"]


def lm_eval(*words: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "2"}
    command = [sys.executable, "-m", "lm_eval", *words, "--include_path", str(TASKS)]
    return subprocess.run(command, capture_output=True, text=True, env=environment, timeout=280, check=False)


def test_it_validates_all_tasks(stand_ins):
    ended = lm_eval("validate", "--tasks", ",".join(GROUPS))
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "All tasks found and valid" in ended.stdout


def test_it_lists_every_group():
    listed = {line.split("|")[1].strip() for line in lm_eval("ls", "groups").stdout.splitlines() if line.count("|") > 2}
    assert set(GROUPS) <= listed


def test_it_runs_turn_1_of_the_dialogues(tmp_path, stand_ins, tiny_llama):
    words = [
        "--model",
        "hf",
        "--model_args",
        f"pretrained={tiny_llama}",
        "--tasks",
        "lemma_mathchat_fqa",
        "--limit",
        "2",
    ]
    words += ["--gen_kwargs", "max_gen_toks=8", "--output_path", str(tmp_path), "--log_samples"]
    ended = lm_eval("run", *words)
    assert ended.returncode == 0, ended.stderr
    run = Run.read(tmp_path)
    assert (run.tasks, run.size("lemma_mathchat_fqa")) == (["lemma_mathchat_fqa"], 2)
    assert run.score("lemma_mathchat_fqa", "length_cut") > 0
    assert "lemma_mathchat_fqa, turn 1 (3 stand-in rows)" in ended.stdout


def test_it_is_told_that_turn_2_needs_turn_1(tmp_path, stand_ins, tiny_llama):
    ended = lm_eval("run", "--model", "dummy", "--tasks", "lemma_mathchat_fqa_turn2", "--limit", "2")
    assert ended.returncode != 0
    assert "needs the replies to turn 1; run recipes/evaluate.py" in ended.stderr
