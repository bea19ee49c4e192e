"""The plain client against a real server that misbehaves."""

from __future__ import annotations

import asyncio

import pytest

from lemma_steps.errors import CallFailedError, RefusedError
from lemma_steps.llms import OpenAICompatibleLLM, parse_llm
from lemma_steps.llms.calls import Caller
from tests.chat_server import completion, serving

HELLO = [{"role": "user", "content": "hello"}]


def ask(server, **options):
    async def call():
        llm = OpenAICompatibleLLM(model="m", base_url=server.url, **options)
        llm.load()
        return await Caller(llm).complete(HELLO, seed=5)

    return asyncio.run(call())


def test_a_reply_with_its_usage_and_the_request_as_sent():
    with serving(lambda body: completion("hi")) as server:
        reply = ask(server, generation_kwargs={"temperature": 0.2, "max_new_tokens": 9, "stop": ["\n\n#"]})
    assert (reply.text, reply.model, reply.tokens_in, reply.tokens_out) == ("hi", "m", 11, 7)
    [sent] = server.requests
    assert (sent["messages"], sent["seed"], sent["temperature"], sent["max_tokens"], sent["stop"]) == (
        HELLO,
        5,
        0.2,
        9,
        ["\n\n#"],
    )


FAILURES = [
    ("cut", completion("half an ans", finish="length"), "reply_truncated"),
    ("filtered", completion("x", finish="content_filter"), "content_filtered"),
    ("refused", completion(None, refusal="I cannot help with that"), "refused"),
    ("empty", completion(""), "empty_reply"),
    ("blank", completion(" \n"), "empty_reply"),
    ("busy", (429, {"error": {"message": "slow down"}}), "http_429"),
    ("broken", (500, {"error": {"message": "oops"}}), "http_500"),
    ("wrong key", (401, {"error": {"message": "bad key"}}), "http_401"),
    ("dropped", None, "connection_failed"),
]


@pytest.mark.parametrize(("reply", "reason"), [case[1:] for case in FAILURES], ids=[case[0] for case in FAILURES])
def test_defect_22_a_reply_that_is_none_is_a_failure_with_a_reason_and_is_sent_once(reply, reason):
    with serving(lambda body: reply) as server, pytest.raises(CallFailedError) as failure:
        ask(server)
    assert failure.value.reason == reason
    assert len(server.requests) == 1


def test_a_server_that_takes_too_long():
    with serving(lambda body: completion("late"), latency_s=0.5) as server, pytest.raises(CallFailedError) as failure:
        ask(server, timeout_s=0.1)
    assert failure.value.reason == "request_timed_out"


def test_no_server():
    with serving(lambda body: completion("x")) as server:
        pass
    with pytest.raises(CallFailedError) as failure:
        ask(server)
    assert failure.value.reason == "connection_failed"


def test_all_models_of_an_endpoint_share_one_cap():
    async def call(url):
        models = [OpenAICompatibleLLM(model=name, base_url=url, max_in_flight=3) for name in "ab"]
        for model in models:
            model.load()
        callers = [Caller(model) for model in models]
        await asyncio.gather(*(caller.complete(HELLO, seed=n) for n in range(10) for caller in callers))

    with serving(lambda body: completion("x"), latency_s=0.02) as server:
        asyncio.run(call(server.url))
    assert len(server.requests) == 20
    assert server.peak == 3


def test_the_same_request_is_sent_once_and_another_seed_is_another_request():
    async def call(url):
        llm = OpenAICompatibleLLM(model="m", base_url=url)
        llm.load()
        caller = Caller(llm)
        replies = await asyncio.gather(*(caller.complete(HELLO, seed=seed) for seed in (1, 1, 2, 1)))
        return [reply.key for reply in replies]

    with serving(lambda body: completion("x"), latency_s=0.02) as server:
        keys = asyncio.run(call(server.url))
    assert len(server.requests) == 2
    assert keys[0] == keys[1] == keys[3] != keys[2]


def test_the_key_is_never_dumped():
    llm = OpenAICompatibleLLM(model="m", api_key="sk-not-to-be-seen")
    assert "sk-not" not in str(llm.dump()) + repr(llm)


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("gpt-4o", "unknown model"),
        ("openai:", "unknown model"),
        ("vllm:http://localhost:8000/v1", "write vllm:URL#MODEL"),
        ("vllm:localhost#m", "write vllm:URL#MODEL"),
        ("openai:gpt-4o", "set the environment variable OPENAI_API_KEY"),
    ],
)
def test_specs_that_name_no_model(spec, message, monkeypatch):
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with pytest.raises(RefusedError, match=f"--teacher {spec}: .*{message}"):
        parse_llm(spec, "--teacher")


def test_defect_8_any_model_name_makes_a_client():
    llm = parse_llm("vllm:http://localhost:8000/v1#nvidia/Llama-3.1-Nemotron-70B-Instruct", "--teacher")
    assert llm.model_name == "nvidia/Llama-3.1-Nemotron-70B-Instruct"
