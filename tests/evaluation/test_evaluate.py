"""The evaluation recipe with a model that speaks from a script: turns, files, refusals, ends."""

from __future__ import annotations

import json
import re
from hashlib import sha256
from typing import ClassVar

import pytest

from lemma_steps.evaluation.benchmarks.registry import benchmark
from lemma_steps.evaluation.runs.run import Run
from lemma_steps.prompts import inference_prompt

pytest.importorskip("lm_eval", reason="needs the eval extra")

from lm_eval.api.model import LM
from lm_eval.api.registry import register_model

from .evaluated import evaluate, replies, run_of

TURNS = ["lemma_mathchat_fqa", "lemma_mathchat_fqa_turn2", "lemma_mathchat_fqa_turn3"]


@register_model("scripted")
class Scripted(LM):
    """Answers every prompt with a number of its own, and goes on to a question of its own.

    Attributes:
        calls: the prompts of each call.
        fault: what is raised from the call `faulty` on.
    """

    calls: ClassVar[list[list[str]]] = []
    faulty: int | None = None
    fault: type[BaseException] = ConnectionError

    def __init__(self, batch_size, device):
        super().__init__()

    def generate_until(self, requests):
        if len(self.calls) == self.faulty:
            raise self.fault("gone")
        self.calls.append([request.args[0] for request in requests])
        return [f"{reply_to(request.args[0])}\n\n### Instruction:\nAnd now?" for request in requests]

    def loglikelihood(self, requests):
        raise NotImplementedError

    def loglikelihood_rolling(self, requests):
        raise NotImplementedError


def reply_to(prompt):
    return f" It is said.\nThe answer is: {int(sha256(prompt.encode()).hexdigest()[:6], 16)}"


@pytest.fixture(autouse=True)
def _fresh_script(stand_ins, monkeypatch):
    monkeypatch.setattr(Scripted, "calls", [])
    monkeypatch.setattr(Scripted, "faulty", None)


def dialogues(folder):
    """What must be asked, turn by turn: text so far, reply and question joined as RefAug's evaluation joins them."""
    turns = [[], [], []]
    for line in (folder / "refaug_mathchat_followup.jsonl").read_text("utf-8").splitlines():
        row, text, reply = json.loads(line), "", ""
        for number, turn in enumerate(turns, 1):
            text = (text + "\n\n" + reply + "\n\n" + row[f"Q{number}"]).strip()
            turn.append(inference_prompt(text))
            reply = reply_to(turn[-1]).strip()
    return turns


def test_every_turn_stands_after_the_models_own_replies(tmp_path, stand_ins):
    run = run_of(tmp_path, model="scripted", tasks="lemma_mathchat_fqa")
    asked = dialogues(stand_ins)
    assert Scripted.calls == asked
    assert run.tasks == TURNS
    assert [replies(run, task) for task in TURNS] == [[[reply_to(prompt)] for prompt in turn] for turn in asked]
    assert [len(list(run.samples(task))) for task in TURNS] == [3, 3, 3]


def test_each_turn_is_scored_by_its_own_answers(tmp_path, stand_ins, monkeypatch):
    rows = [json.loads(line) for line in (stand_ins / "refaug_mathchat_followup.jsonl").read_text("utf-8").splitlines()]
    right = {row[f"Q{turn}"]: row[f"A{turn}"] for row in rows for turn in (1, 3)}

    def reply(self, requests):
        asked = [request.args[0].partition("\n\n### Response")[0] for request in requests]
        known = [next((gold for question, gold in right.items() if text.endswith(question)), "-1") for text in asked]
        return [f" The answer is: {gold}" for gold in known]

    monkeypatch.setattr(Scripted, "generate_until", reply)
    run = run_of(tmp_path, model="scripted", tasks="lemma_mathchat_fqa")
    for metric in ("math_verify", "qwen_match", "refaug_match"):
        assert [run.score(task, metric) for task in TURNS] == [1, 0, 1]


@pytest.mark.parametrize(
    "asked", ["lemma_mathchat", "lemma_mathchat_fqa_turn3", "lemma_mathchat_fqa,lemma_mathchat_ec"]
)
def test_turns_are_run_wherever_the_first_is_asked_for(tmp_path, asked):
    run = run_of(tmp_path, model="scripted", tasks=asked)
    assert [task for task in run.tasks if task in TURNS] == TURNS
    assert len(Scripted.calls) == 3


def test_other_tasks_are_one_call(tmp_path):
    run = run_of(tmp_path, model="scripted", tasks="lemma_id,lemma_svamp")
    assert set(run.tasks) == {"lemma_gsm8k", "lemma_math", "lemma_svamp"}
    assert len(Scripted.calls) == 1
    assert run.results["groups"]["lemma_id"]["math_verify,none"] == 0


def test_a_limit_is_that_of_the_first_turn_and_every_turn_says_so(tmp_path, stand_ins):
    run = run_of(tmp_path, model="scripted", tasks="lemma_mathchat_fqa", limit=2)
    assert Scripted.calls == [turn[:2] for turn in dialogues(stand_ins)]
    assert [run.results["n-samples"][task] for task in TURNS] == [{"original": 3, "effective": 2}] * 3
    assert run.results["config"]["limit"] == 2


def test_one_results_file_in_lm_evals_layout(tmp_path):
    run = run_of(tmp_path, model="scripted", tasks="lemma_mathchat")
    assert [file.name for file in tmp_path.rglob("results_*.json")] == [run.file.name]
    tasks = {*TURNS, "lemma_mathchat_ec"}
    for part in ("configs", "n-samples", "task_hashes"):
        assert set(run.results[part]) == tasks
    for part in ("results", "versions", "n-shot", "higher_is_better"):
        assert tasks <= set(run.results[part])
    assert run.results["config"]["model"] == run.results["model_source"] == "scripted"
    assert {run.version(task) for task in tasks} == {"1.0"}
    assert all("3 stand-in rows" in run.results["results"][task]["alias"] for task in tasks)
    assert "previous_turn" not in run.file.read_text("utf-8")


def test_public_sets_go_through_all_tasks_and_a_subset_is_named_as_such(tmp_path, lemma_data, monkeypatch):
    monkeypatch.delenv("LEMMA_DIGESTS")
    ended = evaluate(tmp_path, model="scripted", data=lemma_data)
    if ended.exit_code != 0:  # rows may be missing there
        assert ended.exit_code == 2
        assert re.search(r"error: \w+: [\d,]+ of [\d,]+ rows are missing", ended.stderr)
        assert not Scripted.calls
    Scripted.calls.clear()
    run = run_of(tmp_path, model="scripted", data=lemma_data, subset=True, limit=2)
    sets = ["gsm8k", "math", "asdiv", "mathematics", "mawps", "svamp", "college_math", "mathchat_ec"]
    assert set(run.tasks) == {*TURNS, *(f"lemma_{name}" for name in sets)}
    assert [len(prompts) for prompts in Scripted.calls] == [18, 2, 2]
    for task in run.tasks:
        count = sum(1 for _ in run.samples(task))
        assert (run.size(task), count) == (2, 2)
        assert run.full_size(task) == benchmark(re.sub("lemma_|_turn.", "", task)).rows


REFUSED = {
    "no such task": ({"tasks": "lemma_gsm9k"}, "lemma_gsm9k: no such task; there are lemma, "),
    "a task twice": ({"tasks": "lemma,lemma_gsm8k"}, "Duplicate task 'lemma_gsm8k'.*once"),
    "no such model": ({"model": "scriptedd"}, "--model scriptedd: .*no model for this name"),
    "no such argument": ({"model_args": "prettrained=x"}, "--model scripted: .*prettrained.*check"),
    "arguments without a value": ({"model_args": "pretrained"}, "--model scripted: .*pretrained.*check"),
    "several processes": ({}, "several processes: start .* once"),
    "no folder of sets": ({"data": "nowhere"}, "gsm8k: no file nowhere"),
    "no server": (
        {"model": "local-completions", "model_args": "base_url=http://127.0.0.1:9/v1/completions,model=m"},
        "--model local-completions: .*127.0.0.1.*check",
    ),
    "no weights": ({"model": "hf", "model_args": "pretrained=./none,revision=x"}, "--model hf: .*none.*check"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_evaluated_is_refused_in_one_line(tmp_path, monkeypatch, case):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    if case == "several processes":
        monkeypatch.setenv("WORLD_SIZE", "2")
    options, told = REFUSED[case]
    ended = evaluate(tmp_path / "out", **{"model": "scripted", "tasks": "lemma_gsm8k"} | options)
    [line] = [line for line in ended.stderr.splitlines() if line.startswith("error: ")]
    assert ended.exit_code == 2
    assert re.search(told, line)
    assert "Traceback" not in ended.output
    assert not Scripted.calls
    assert not list((tmp_path / "out").rglob("*.json"))


def test_an_output_that_is_a_file_is_refused(tmp_path):
    (tmp_path / "file").write_text("")
    ended = evaluate(tmp_path / "file", model="scripted")
    assert (ended.exit_code, Scripted.calls) == (2, [])
    assert re.search("error: --output .*choose another folder", ended.stderr)


@pytest.mark.parametrize("faulty", [0, 1, 2])
def test_a_lost_server_ends_with_3_and_keeps_the_turns_that_were_done(tmp_path, monkeypatch, faulty):
    monkeypatch.setattr(Scripted, "faulty", faulty)
    ended = evaluate(tmp_path, model="scripted", tasks="lemma_mathchat")
    assert ended.exit_code == 3
    [line] = [line for line in ended.stderr.splitlines() if line.startswith("stopped: ")]
    assert "server" in line
    assert ("written" in line) == (faulty > 0)
    assert [len(list(tmp_path.rglob(f"samples_{task}_2*.jsonl"))) for task in TURNS] == [1] * faulty + [0] * (
        3 - faulty
    )
    assert len(list(tmp_path.rglob("results_*.json"))) == (faulty > 0)


@pytest.mark.parametrize(("fault", "code"), [(ZeroDivisionError, 1), (KeyboardInterrupt, 3)])
def test_whatever_ends_a_later_turn_the_earlier_is_written(tmp_path, monkeypatch, fault, code):
    monkeypatch.setattr(Scripted, "faulty", 1)
    monkeypatch.setattr(Scripted, "fault", fault)
    ended = evaluate(tmp_path, model="scripted", tasks="lemma_mathchat")
    assert ended.exit_code == code
    assert "server" not in ended.stderr
    assert Run.read(tmp_path).tasks == [TURNS[0], "lemma_mathchat_ec"]


def test_results_that_cannot_be_written_are_no_success(tmp_path, monkeypatch):
    from lm_eval.loggers import EvaluationTracker

    def torn(self, task_name, samples):
        [file] = tmp_path.rglob("results_*.json")
        file.with_name(f"samples_{task_name}_{self.date_id}.jsonl").write_text("")  # the writer warns and goes on

    monkeypatch.setattr(EvaluationTracker, "save_results_samples", torn)
    ended = evaluate(tmp_path, model="scripted", tasks="lemma_gsm8k")
    assert ended.exit_code == 3
    assert "could not be written" in ended.stderr
