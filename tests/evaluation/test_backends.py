"""The tasks with lm-eval's own models: hf, and local-completions with a server that honours seeds as vLLM does."""

from __future__ import annotations

import gc
import math
from collections.abc import Callable
from contextlib import contextmanager
from hashlib import sha256
from itertools import count

import pytest

from lemma_steps.prompts import inference_prompt
from tests.chat_server import ChatServer, Reply, serving

pytest.importorskip("lm_eval", reason="needs the eval extra")

from .evaluated import evaluate, replies, run_of

TURNS = ["lemma_mathchat_fqa", "lemma_mathchat_fqa_turn2", "lemma_mathchat_fqa_turn3"]


@contextmanager
def completions(tokenizer, healthy: Callable[[int], bool] = lambda number: True, **arguments):
    """A completions server, lm-eval's arguments for it, and the prompts in the order in which they came.

    The text is a function of prompt and seed; without a seed it is another one each time. The request of each `number`,
    from 0, fails where it is not `healthy`.
    """
    prompts: list[str] = []
    numbers = count()

    def reply(body: dict) -> Reply:
        number = next(numbers)
        if not healthy(number):
            return 500, {"error": "out of memory"}
        if len(body["stop"]) > 4:  # OpenAI's limit, and vLLM's
            return 400, {"error": "List should have at most 4 items"}
        [tokens] = body["prompt"]
        prompts.append(tokenizer.decode(tokens))
        seed = body.get("seed")
        digest = sha256(f"{tokens} {number if seed is None else seed}".encode()).hexdigest()
        choice = {
            "index": 0,
            "text": f"{40 * ' It is said.'}\nThe answer is: {int(digest[:4], 16)}",
            "finish_reason": "stop",
        }
        return 200, {"id": "c", "object": "text_completion", "model": "m", "choices": [choice]}

    with serving(reply) as server:
        given = {"base_url": f"{server.url}/completions", "model": "m", "tokenizer": tokenizer.name_or_path}
        given |= {"tokenizer_backend": "huggingface", "max_retries": 1, **arguments}
        yield server, ",".join(f"{key}={value}" for key, value in given.items()), prompts


@pytest.fixture
def tokenizer(tiny_llama):
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(tiny_llama)


def asked(server: ChatServer, key: str) -> set:
    return {str(body.get(key)) for body in server.requests}


def test_hf_answers_every_turn_and_every_kind_of_task(tmp_path, stand_ins, tiny_llama):
    model_args = f"pretrained={tiny_llama}"
    tasks = "lemma_math500,lemma_mathchat,lemma_svamp_0shot"
    run = run_of(tmp_path, model="hf", model_args=model_args, tasks=tasks, limit=2, gen_kwargs="max_gen_toks=12")
    assert set(run.tasks) == {"lemma_math500", "lemma_mathchat_ec", "lemma_svamp_0shot", *TURNS}
    assert {run.size(task) for task in run.tasks} == {2}
    assert min(run.score(task, "length_cut") for task in run.tasks) > 0  # special tokens among the 12 leave no text
    assert {len(reply) for task in run.tasks for [reply] in replies(run, task)} != {0}
    assert run.model == str(tiny_llama)
    assert run.results["config"]["model"] == "hf"
    assert run.results["config"]["model_args"] == {"pretrained": str(tiny_llama)}


def test_hf_draws_32_different_samples(tmp_path, stand_ins, tiny_llama):
    run = run_of(
        tmp_path,
        model="hf",
        model_args=f"pretrained={tiny_llama}",
        tasks="lemma_gsm8k_maj32",
        limit=1,
        batch_size=32,
        gen_kwargs="max_gen_toks=6",
    )
    [texts] = replies(run, "lemma_gsm8k_maj32")
    assert (len(texts), len(set(texts))) == (32, 32)


def test_an_unreachable_length_is_not_called_cut(tmp_path, stand_ins, tokenizer):
    with completions(tokenizer) as (_, model_args, _):
        run = run_of(tmp_path, model="local-completions", model_args=model_args, tasks="lemma_gsm8k")
    assert run.score("lemma_gsm8k", "length_cut") == 0


@pytest.mark.parametrize("num_concurrent", [1, 4])
def test_a_server_is_asked_the_training_prompt_greedily_and_every_turn(tmp_path, stand_ins, tokenizer, num_concurrent):
    with completions(tokenizer, num_concurrent=num_concurrent) as (server, model_args, prompts):
        run = run_of(tmp_path, model="local-completions", model_args=model_args, tasks="lemma_mathchat_fqa")
    first, second, third = (list(run.samples(task)) for task in TURNS)
    for before, after, question in ((first, second, "Q2"), (second, third, "Q3")):
        for one, other in zip(before, after, strict=True):
            [[said]] = one["filtered_resps"]
            so_far = f"{one['doc']['question']}\n\n{said.strip()}\n\n"
            assert other["doc"]["question"].startswith(so_far), question
    whole = [f"<s>{inference_prompt(one['doc']['question'])}" for one in (*first, *second, *third)]
    assert sorted(prompts) == sorted(whole)
    assert max(map(len, whole)) > 1024  # lm-eval's client would cut these
    assert (asked(server, "temperature"), asked(server, "max_tokens")) == ({"0.0"}, {"1024"})
    assert all("\n\n#" in body["stop"] for body in server.requests)
    assert math.isfinite(run.score(TURNS[2], "refaug_match"))


@pytest.mark.parametrize(("gen_kwargs", "seeds", "different"), [("", {"None"}, True), ("seed=1234", {"1234"}, False)])
def test_the_32_samples_differ_because_no_seed_is_sent(tmp_path, stand_ins, tokenizer, gen_kwargs, seeds, different):
    task = "lemma_gsm8k_maj32"
    with completions(tokenizer, num_concurrent=8) as (server, model_args, _):
        options = {"model": "local-completions", "model_args": model_args, "tasks": task, "limit": 2}
        run = run_of(tmp_path, **options, gen_kwargs=gen_kwargs)
    assert len(server.requests) == 64
    assert (asked(server, "seed"), asked(server, "temperature")) == (seeds, {"0.7"})
    assert [len(texts) for texts in replies(run, task)] == [32, 32]
    assert all((len(set(texts)) > 16) == different for texts in replies(run, task))
    assert all((len(set(texts)) == 1) != different for texts in replies(run, task))


def test_a_chat_template_puts_the_prompt_into_a_message(tmp_path, stand_ins, tokenizer):
    with completions(tokenizer) as (_, model_args, prompts):
        run_of(
            tmp_path,
            model="local-completions",
            model_args=model_args,
            tasks="lemma_gsm8k",
            limit=1,
            **{"apply-chat-template": True},
        )
    [prompt] = prompts
    assert prompt.startswith("[user]### Instruction:")
    assert prompt.endswith("[assistant]")


def test_what_is_said_of_a_server_stands(tmp_path, stand_ins, tokenizer):
    with completions(tokenizer, max_length=1100, add_bos_token=False) as (_, model_args, prompts):
        run = run_of(tmp_path, model="local-completions", model_args=model_args, tasks="lemma_gsm8k", limit=1)
    [prompt] = prompts
    assert len(prompt) == 1100 - 1 - 1024
    assert run.results["config"]["model_args"]["max_length"] == 1100
    assert not prompt.startswith("<s>")


@pytest.mark.parametrize("num_concurrent", [1, 4])
def test_a_lost_server_ends_with_3_and_the_cache_keeps_what_was_answered(
    tmp_path, stand_ins, tokenizer, num_concurrent
):
    options = {"tasks": "lemma_mathchat_fqa", "use-cache": tmp_path / "cache", "model": "local-completions"}
    lost = [True]
    with completions(tokenizer, lambda number: number < 4 or not lost, num_concurrent=num_concurrent) as (
        _,
        model_args,
        prompts,
    ):
        ended = evaluate(tmp_path, model_args=model_args, **options)
        assert ended.exit_code == 3
        assert "server failed" in ended.stderr
        assert len(list(tmp_path.rglob(f"samples_{TURNS[0]}_2*.jsonl"))) == 1
        assert not list(tmp_path.rglob(f"samples_{TURNS[1]}_*.jsonl"))
        assert len(prompts) == 4
        lost.clear()
        run = run_of(tmp_path, model_args=model_args, **options)
    assert run.tasks == TURNS
    assert len(set(prompts)) == 9
    assert len(prompts) < 9 + num_concurrent  # what was under way when another request failed is asked again


def test_a_server_that_answers_nothing_is_one_line_and_no_pile_of_tracebacks(tmp_path, stand_ins, tokenizer, caplog):
    with completions(tokenizer, lambda number: False, num_concurrent=8) as (_, model_args, _):
        options = {"model": "local-completions", "model_args": model_args, "tasks": "lemma_gsm8k_maj32"}
        code = evaluate(tmp_path, **options).exit_code
    gc.collect()  # asyncio tells of lost tasks when they are collected, so nothing may hold the exception
    assert code == 3
    assert not [record for record in caplog.records if record.name == "asyncio"]
    assert not list(tmp_path.rglob("*.json"))


def test_the_cache_of_one_model_is_not_read_for_another(tmp_path, stand_ins, tokenizer):
    options = {"tasks": "lemma_gsm8k", "use-cache": tmp_path / "cache", "model": "local-completions"}
    with completions(tokenizer) as (_, model_args, prompts):
        for number, model in enumerate("mmn"):
            run_of(tmp_path / str(number), model_args=model_args.replace("model=m", f"model={model}"), **options)
    assert len(prompts) == 2 * 4


@pytest.mark.long
def test_vllm_answers_every_turn_and_draws_different_samples(tmp_path, stand_ins, tiny_llama):
    pytest.importorskip("vllm", reason="needs vLLM")
    model_args = f"pretrained={tiny_llama},max_model_len=4096,enforce_eager=True"
    tasks = "lemma_gsm8k,lemma_mathchat_fqa,lemma_gsm8k_maj32"
    run = run_of(tmp_path, model="vllm", model_args=model_args, tasks=tasks, limit=2, gen_kwargs="max_gen_toks=12")
    assert set(run.tasks) == {"lemma_gsm8k", "lemma_gsm8k_maj32", *TURNS}
    assert {run.size(task) for task in run.tasks} == {2}
    assert min(run.score(task, "length_cut") for task in run.tasks) > 0
    assert [len(set(texts)) for texts in replies(run, "lemma_gsm8k_maj32")] == [32, 32]
