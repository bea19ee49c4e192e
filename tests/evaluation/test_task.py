"""The task class under settings that users give on lm-eval's command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

pytest.importorskip("lm_eval", reason="needs the eval extra")

from lm_eval import simple_evaluate
from lm_eval.api.model import LM
from lm_eval.tasks import TaskManager

from lemma_steps.errors import RefusedError

TASKS = Path(__file__).parents[2] / "eval_tasks"


class Model(LM):
    """Says the gold answer after a word that holds every letter of the stop string."""

    def __init__(self, reply=" Two. Questions, see? The answer is: {answer}\n\nQuestion: next"):
        super().__init__()
        self.reply, self.asked = reply, []

    def generate_until(self, requests, disable_tqdm=False):
        self.asked += [request.args[0] for request in requests]
        return [self.reply.format(**request.doc) for request in requests]

    def loglikelihood(self, *_, **__):
        raise NotImplementedError

    loglikelihood_rolling = loglikelihood


def evaluated(task, *, model=None, metadata=None, **settings):
    manager = TaskManager(include_path=str(TASKS), include_defaults=False, metadata=metadata or {})
    return simple_evaluate(model=model or Model(), tasks=[task], task_manager=manager, bootstrap_iters=0, **settings)


def turn_1(folder, limit=None, task="lemma_mathchat_fqa", reply=" Two. The answer is: {answer}"):
    samples = evaluated(task, model=Model(reply), limit=limit)["samples"][task]
    path = folder / f"{task}.jsonl"
    path.write_text("".join(json.dumps(sample) + "\n" for sample in samples), encoding="utf-8")
    return path


@pytest.mark.parametrize("until", ["\n\nQuestion:", ["\n\nQuestion:"], "Nowhere", [], None])
def test_one_stop_string_is_one_stop_string(stand_ins, until):
    found = evaluated("lemma_gsm8k", gen_kwargs={"until": until})
    assert found["results"]["lemma_gsm8k"]["math_verify,none"] == 1


@pytest.mark.parametrize(
    ("settings", "cut"),
    [
        ({}, 0),
        ({"max_gen_toks": 10}, 1),
        ({"max_tokens": 10}, 1),
        ({"max_new_tokens": 10}, 1),
        ({"max_tokens": 900}, 0),
    ],
)
def test_the_length_limit_goes_by_all_its_names(stand_ins, tiny_llama, settings, cut):
    found = evaluated("lemma_gsm8k", metadata={"pretrained": str(tiny_llama)}, gen_kwargs=settings)
    assert found["results"]["lemma_gsm8k"]["length_cut,none"] == cut


def test_dialogues_that_were_not_begun_are_named_in_the_later_turn(stand_ins, tmp_path):
    found = evaluated("lemma_mathchat_fqa_turn2", metadata={"previous_turn": str(turn_1(tmp_path, limit=2))})
    scores = found["results"]["lemma_mathchat_fqa_turn2"]
    assert "2 of the 3 stand-in rows, those answered before" in scores["alias"]
    assert "2 of the 3 stand-in" in found["configs"]["lemma_mathchat_fqa_turn2"]["metadata"]["subset"]
    assert scores["share_of_set,none"] < 1


def test_replies_of_another_turn_or_several_replies_are_refused(stand_ins, tmp_path):
    before = {"previous_turn": str(turn_1(tmp_path))}
    with pytest.raises(RefusedError, match="no sample file of turn 2"):
        evaluated("lemma_mathchat_fqa_turn3", metadata=before)
    with pytest.raises(RefusedError, match="32 replies"):
        evaluated(
            "lemma_mathchat_fqa_turn2",
            metadata={"previous_turn": str(turn_1(tmp_path, task="lemma_mathchat_fqa_maj32"))},
        )


def test_kept_requests_of_another_run_are_not_asked_again(stand_ins, tmp_path, monkeypatch):
    monkeypatch.setattr("lm_eval.caching.cache.PATH", str(tmp_path / "cache"))
    for word in ("first", "second"):
        path = turn_1(tmp_path, reply=f" {word}. The answer is: {{answer}}")
        model = Model()
        evaluated("lemma_mathchat_fqa_turn2", model=model, metadata={"previous_turn": str(path)}, cache_requests=True)
        assert all(f"\n\n{word}. The answer is" in prompt for prompt in model.asked)


def test_replies_alone_are_kept_where_no_score_is_wanted(stand_ins):
    found = evaluated("lemma_gsm8k", predict_only=True)
    assert all(sample["bypass"] == 0 for sample in found["samples"]["lemma_gsm8k"])
