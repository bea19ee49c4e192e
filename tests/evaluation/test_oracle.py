"""Oracle runs: gold answers are right, silence and another row's gold are not."""

from __future__ import annotations

import importlib.util
import json
import os
from pathlib import Path

import pytest
from typer import Typer
from typer.testing import CliRunner

pytest.importorskip("lm_eval", reason="needs the eval extra")

ORACLE = Path(__file__).parents[2] / "eval_tasks" / "oracle.py"
SMALL = ["lemma_gsm8k", "lemma_asdiv", "lemma_mathchat_fqa", "lemma_mathchat_fqa_turn2", "lemma_mathchat_fqa_turn3"]


@pytest.fixture(scope="module")
def oracle():
    spec = importlib.util.spec_from_file_location("oracle", ORACLE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def run(oracle, output, *tasks):
    app = Typer()
    app.command()(oracle.main)
    ended = CliRunner().invoke(app, [f"--json={output}", *(f"--task={task}" for task in tasks)])
    return ended.exit_code, json.loads(output.read_text()) if output.exists() else ended.output


def test_gold_is_right_and_nothing_else_is(oracle, stand_ins, tmp_path):
    code, figures = run(oracle, tmp_path / "o.json", *SMALL)
    assert (code, list(figures)) == (0, SMALL)
    for found in figures.values():
        assert found["n"] >= 3
        assert "stand-in rows" in found["subset"]
        assert (found["gold_score"], found["empty_score"], found["misses"]) == (1, 0, [])
        assert found["shuffled_score"] <= found["chance_collisions"]


def test_a_grader_that_is_too_lax_or_too_strict_ends_with_1(oracle, stand_ins, tmp_path, monkeypatch):
    from lemma_steps.evaluation.scores.grade import Grade

    for word in (True, False):
        monkeypatch.setattr(Grade, "math_verify", property(lambda _, word=word: word))
        assert run(oracle, tmp_path / f"{word}.json", "lemma_gsm8k")[0] == 1


@pytest.mark.parametrize("n", [2, 3, 50])
def test_another_row_is_never_the_row_itself(oracle, n):
    docs = [{"id": str(number)} for number in range(n)]
    other = oracle.others(docs)
    assert sorted(doc["id"] for doc in other.values()) == sorted(other)
    assert all(doc["id"] != name for name, doc in other.items())


@pytest.mark.long
def test_every_public_set_is_scored_as_it_must_be(oracle, tmp_path, monkeypatch):
    if not os.environ.get("LEMMA_DATA"):
        pytest.skip("needs the public sets: LEMMA_DATA")
    code, figures = run(oracle, tmp_path / "o.json")
    assert (code, list(figures)) == (0, oracle.TASKS)
