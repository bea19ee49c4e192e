"""What the engine relies on, tried on a running vLLM server; docs/vllm.md says how to start a small one without a GPU.

    LEMMA_VLLM_URL=http://localhost:8000/v1 uv run pytest -m long tests/test_vllm_server.py

Any model will do, a small one best: nothing here depends on what it says. LEMMA_VLLM_BASE=1 says that it has no chat template.
"""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import signal
import sqlite3
import subprocess
import sys
import time
import urllib.request
from itertools import takewhile
from pathlib import Path

import pytest
import yaml

from lemma_steps.errors import CallFailedError, RefusedError
from lemma_steps.llms.calls import Caller
from lemma_steps.llms.engine.store import Entry
from lemma_steps.llms.openai_compatible import OpenAICompatibleLLM, api_key
from lemma_steps.output.calls import Calls
from lemma_steps.prompts import TASKS, inference_prompt, render, template_id
from lemma_steps.segmentation import segment
from lemma_steps.sources import Source

URL = os.environ.get("LEMMA_VLLM_URL", "").rstrip("/")
BASE = os.environ.get("LEMMA_VLLM_BASE") == "1"
REPO = Path(__file__).parents[1]
WIDEST_BLOCK = 128
"""Tokens of one block of the prefix cache: 16 on GPUs, 128 on CPUs. The rest of a prefix is computed again."""

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(not URL, reason="LEMMA_VLLM_URL names no running vLLM server"),
]
chat_only = pytest.mark.skipif(BASE, reason="LEMMA_VLLM_BASE: this model has no chat template")
HELLO = [{"role": "user", "content": inference_prompt("Ann has 3 apples and buys 4 more. How many has she?")}]


ROOT = URL.removesuffix("/v1")


def get(url, body=None):
    headers = {"Authorization": f"Bearer {api_key()}", "Content-Type": "application/json"}
    request = urllib.request.Request(url, headers=headers, data=body and json.dumps(body).encode())
    with urllib.request.urlopen(request, timeout=60) as response:
        return response.read().decode()


def post(path, body):
    return json.loads(get(ROOT + path, body))


@pytest.fixture(scope="module")
def model():
    [served, *_] = json.loads(get(f"{URL}/models"))["data"]
    return served


def using(work, model, **options):
    """The result of `work(llm)` with a loaded model of the server."""

    async def call():
        sampling = {"max_new_tokens": 24} | options.pop("generation_kwargs", {})
        fields = {"model": model["id"], "base_url": URL, "api": "completions" if BASE else "chat"}
        llm = OpenAICompatibleLLM(**fields | options, generation_kwargs=sampling)
        llm.load()
        try:
            return await work(llm)
        finally:
            await llm.aclose()
            llm.unload()

    return asyncio.run(call())


def stored(path):
    """Key and reason of every answer in a request store."""
    with sqlite3.connect(path) as connection:
        return connection.execute("SELECT hex(key), reason, text FROM reply ORDER BY id").fetchall()


def answered():
    """Requests that the server has answered to their end, every sample of one counted."""
    lines = get(f"{ROOT}/metrics").splitlines()
    return sum(float(line.split()[-1]) for line in lines if line.startswith("vllm:request_success_total"))


def texts(answers):
    """What was said, cut or not: a small model rarely comes to an end within the tokens that a test allows."""
    return [text for _, _, text in answers]


def test_eight_samples_after_four_pay_for_four(model, tmp_path):
    file = str(tmp_path / "requests.sqlite")
    sampling = {"stop": ["."], "max_new_tokens": 96}  # a reply of one sentence is a whole reply
    before = answered()
    four = using(lambda llm: Caller(llm).samples(HELLO, 5, 4), model, store=file, generation_kwargs=sampling)
    eight = using(lambda llm: Caller(llm).samples(HELLO, 5, 8), model, store=file, generation_kwargs=sampling)
    kept = [answer for answer in four if isinstance(answer, Entry)]
    assert kept, four
    assert [answer for answer in eight[:4] if isinstance(answer, Entry)][: len(kept)] == kept
    failed = len(four) - len(kept)
    assert len(stored(file)) == answered() - before
    assert 8 <= len(stored(file)) <= 8 + 3 * failed


def test_samples_differ_whether_asked_for_together_or_later(model, tmp_path):
    """vLLM draws sample k of seed s with seed s + k: the same seed for a later request would bring the same samples."""
    file = str(tmp_path / "requests.sqlite")
    sampling = {"temperature": 1.5, "max_new_tokens": 48}
    for n in (3, 6):
        using(lambda llm, n=n: Caller(llm).samples(HELLO, 5, n), model, store=file, generation_kwargs=sampling)
    reasons = {reason for _, reason, _ in stored(file)}
    assert reasons <= {None, "reply_truncated", "empty_reply"}
    good = [text for text in texts(stored(file)) if text]
    assert len(good) == len(set(good))


def test_several_greedy_samples_are_asked_one_by_one(model):
    """vLLM refuses n > 1 at temperature 0."""
    sampling = {"temperature": 0.0, "stop": ["."], "max_new_tokens": 96}
    answers = using(lambda llm: Caller(llm).samples(HELLO, 5, 3), model, generation_kwargs=sampling)
    assert not [answer for answer in answers if getattr(answer, "reason", "").startswith("http_")], answers


@pytest.mark.parametrize(
    ("prompt", "sampling", "reason", "words"),
    [
        ("Count from 1 to 1000.", {"max_new_tokens": 3}, "reply_truncated", "length"),
        ("word " * 200_000, {}, "http_400", "context"),
        ("Hi", {"max_new_tokens": 10_000_000}, "http_400", "max_tokens"),
    ],
    ids=["cut", "prompt too long", "reply too long"],
)
def test_a_request_that_brings_no_text_says_why(model, prompt, sampling, reason, words):
    messages = [{"role": "user", "content": prompt}]
    [answer] = using(lambda llm: Caller(llm).samples(messages, 5, 1), model, generation_kwargs=sampling)
    assert isinstance(answer, CallFailedError)
    assert (answer.reason, words in answer.detail) == (reason, True), answer


def test_an_unknown_model_ends_the_run_at_once(model):
    with pytest.raises(RefusedError, match=r"no-such-model.*does not exist"):
        using(lambda llm: Caller(llm).samples(HELLO, 5, 1), {"id": "no-such-model"})


@pytest.mark.skipif(not BASE, reason="this model has a chat template")
def test_a_base_model_is_refused_as_a_chat_model_with_the_remedy(model):
    with pytest.raises((RefusedError, CallFailedError), match="chat template"):
        using(lambda llm: Caller(llm).complete(HELLO, 5), model, api="chat")


def new_prompts(task, n):
    """Prompts of a task that no cache can hold beyond their fixed part."""
    for row in Source("starter").rows(n):
        gold, new = row["gold_solution"], f"{secrets.token_hex(4)}: {row['question']}"
        fields = {"question": new, "reference_solution": gold, "error_type": "CA"}
        fields |= {"steps": segment(gold), "attempt": segment(gold), "reflection": "Wait.", "correction": gold}
        yield render(task, **{name: fields[name] for name in TASKS[task]})


def common(lists):
    """How many first elements the lists have in common."""
    return sum(1 for _ in takewhile(lambda column: len(set(column)) == 1, zip(*lists, strict=False)))


@chat_only
@pytest.mark.parametrize("task", TASKS)
def test_the_server_takes_the_shared_prefix_from_its_cache(model, task):
    """Needs `--enable-prompt-tokens-details`. Once a first prompt has filled the cache, less than a block is lost."""
    asked = list(new_prompts(task, 5))

    async def usages(llm):
        for messages in asked:
            await llm.ask(messages, 1, 5)  # one token is no reply, but its usage is stored
        first = "SELECT min(id) FROM reply GROUP BY key"
        query = f"SELECT tokens_in, tokens_cached, tokens_out FROM reply WHERE id IN ({first}) ORDER BY id"
        return llm._store.connection.execute(query).fetchall()

    told = using(usages, model, generation_kwargs={"max_new_tokens": 1})[1:]
    if told[0][1] is None:
        pytest.skip("the server says nothing of its cache; start it with --enable-prompt-tokens-details")
    tokens = [post("/tokenize", {"model": model["id"], "messages": messages})["tokens"] for messages in asked]
    assert [tokens_in for tokens_in, *_ in told] == [len(each) for each in tokens[1:]]
    shared = common(tokens)
    assert all(shared - WIDEST_BLOCK < cached <= shared for _, cached, _ in told)

    calls = Calls()
    for number, usage in enumerate(told):
        call = {"step": task, "template": template_id(task), "key": str(number), "model": model["id"]}
        names = ("tokens_in", "tokens_cached", "tokens_out")
        calls.add([call | dict(zip(names, usage, strict=True))], new_problem=False)
    [entry] = calls.report()
    exact, reported, cached = shared * len(told) / entry["tokens_in"], entry["shared_prefix"], entry["cached_share"]
    print(f"\n{task}: {entry['tokens_in'] / len(told):.0f} tokens a prompt, {shared} = {exact:.1%} shared", end=" ")
    print(f"(reported {reported:.1%}), {cached:.1%} from the cache")
    assert reported == pytest.approx(exact, rel=0.2)  # an estimate, where the tokenizer is not on this machine
    assert cached == pytest.approx(sum(cached for _, cached, _ in told) / entry["tokens_in"], abs=1e-4)


@pytest.fixture
def recipe(model, tmp_path):
    """The recipe's command with the server's model as the student of the offline teacher."""
    settings = yaml.safe_load((REPO / "recipes" / "configs" / "offline.yaml").read_text(encoding="utf-8"))
    settings |= {"student_samples": None, "max_in_flight": 4}
    settings["student_sampling"] = {"max_new_tokens": 48, "stop": [".", "\n"]}
    settings["student_endpoint"] = {"api": "completions" if BASE else "chat"}
    (tmp_path / "recipe.yaml").write_text(yaml.safe_dump(settings), encoding="utf-8")
    options = ["--config", tmp_path / "recipe.yaml", "--output", tmp_path / "out", "--limit", "12"]
    return [sys.executable, REPO / "recipes" / "lemma.py", *options, "--student", f"vllm:{URL}#{model['id']}"]


def test_a_killed_run_asks_again_only_for_what_has_no_good_reply(recipe, tmp_path):
    file = tmp_path / "out" / "requests.sqlite"
    with subprocess.Popen(recipe, start_new_session=True, stderr=subprocess.DEVNULL) as process:
        while process.poll() is None and not (file.exists() and file.stat().st_size and len(_peek(file)) >= 12):
            time.sleep(0.1)
        assert process.poll() is None, "ended before it could be killed"
        os.killpg(process.pid, signal.SIGKILL)
    at_kill = _peek(file)
    good = {key for key, reason, _ in at_kill if reason is None}
    assert subprocess.run(recipe, check=False, stderr=subprocess.DEVNULL).returncode == 0
    after = stored(file)
    assert not good & {key for key, *_ in after[len(at_kill) :]}
    assert len({key for key, *_ in after}) == 12 * 4
    report = json.loads((tmp_path / "out" / "report.json").read_text(encoding="utf-8"))
    assert report["entered"] == report["kept"] + report["rejected"] > 0

    if all(reason is None for _, reason, _ in after):
        before = answered()
        assert subprocess.run(recipe, check=False, stderr=subprocess.DEVNULL).returncode == 0
        assert answered() == before


def _peek(file):
    """What is in the store of a run that is under way; nothing while it is being made."""
    try:
        return stored(file)
    except sqlite3.Error:
        return []
