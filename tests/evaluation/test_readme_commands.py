"""The commands of eval_tasks/README.md, as written there, on a tiny model and two documents of every task."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from lemma_steps.evaluation.runs.run import Run

pytest.importorskip("lm_eval", reason="needs the eval extra")

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "eval_tasks" / "README.md").read_text(encoding="utf-8")
LATER_TURNS = {"lemma_mathchat_fqa_turn2", "lemma_mathchat_fqa_turn3"}
QUICK = ["--limit", "2"]


def commands() -> list[list[str]]:
    """The indented lines after the first paragraph, continued lines joined and remarks left out."""
    block = re.search(r"\n((?:    .+\n)+)", TEXT)[1].replace("\\\n", " ")
    return [shlex.split(line, comments=True) for line in block.splitlines()]


def every_task() -> set[str]:
    from lm_eval.tasks import TaskManager

    return set(TaskManager(include_path=str(ROOT / "eval_tasks"), include_defaults=False).all_subtasks) - LATER_TURNS


def run(words: list[str], folder: Path, model: Path) -> subprocess.CompletedProcess[str]:
    """One command with this model and folder, in the environment that the tests run in."""
    assert words[:4] == ["uv", "run", "--extra", "eval"]
    names = {"runs/NAME": str(folder / "name"), "runs/OTHER": str(folder / "other")}
    words = [names.get(word, word.replace("MODEL", str(model))) for word in words[4:]]
    program = [sys.executable, "-m", "lm_eval", *words[1:]] if words[0] == "lm_eval" else [sys.executable, *words]
    environment = os.environ | {"HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "2"}
    ended = subprocess.run(program, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=560, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended


def test_every_command_works_on_every_task(tmp_path, stand_ins, tiny_llama):
    install, ask, dialogues, *reports = commands()
    assert install == ["uv", "sync", "--extra", "eval"]
    assert [words[4] for words in reports] == [
        f"recipes/{name}.py" for name in ("results", "disagreements", "self_correction")
    ]

    tasks = ask.index("--tasks") + 1
    assert ask[tasks] == "lemma"
    ask[tasks] = ",".join(sorted(every_task()))
    run([*ask, *QUICK, "--gen_kwargs", "max_gen_toks=8"], tmp_path, tiny_llama)
    all_tasks = Run.read(tmp_path / "name")
    assert set(all_tasks.tasks) == every_task()
    assert {all_tasks.size(task) for task in all_tasks.tasks} == {2}
    votes = next(iter(all_tasks.samples("lemma_gsm8k_maj32")))
    assert len(set(votes["filtered_resps"][0])) > 1

    dialogues[dialogues.index("runs/NAME")] = "runs/OTHER"
    run([*dialogues, *QUICK, "--gen-kwargs", "max_gen_toks=8"], tmp_path, tiny_llama)
    assert set(Run.read(tmp_path / "other").tasks) >= LATER_TURNS

    for words in reports:
        output = [] if words[4].endswith("disagreements.py") else ["--output", str(tmp_path / Path(words[4]).stem)]
        run([*words, *output], tmp_path, tiny_llama)
    assert (tmp_path / "results" / "results.png").stat().st_size > 0
