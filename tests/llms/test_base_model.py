"""Students without a chat template: the bare prompt, its demonstrations, and where they must stop."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from lemma_steps import prompts
from lemma_steps.errors import CallFailedError, RefusedError
from lemma_steps.llms.embedded import start_server
from lemma_steps.llms.open_weights import OpenWeights
from lemma_steps.llms.openai_compatible import OpenAICompatibleLLM
from lemma_steps.steps import SampleStudent
from tests.chat_server import completion, serving

ROW = {"problem_id": "p-1", "question": "Tom has 5 apples and buys 7 more. How many apples has he?"}


def continued(body: dict[str, Any]) -> Any:
    """What a completions endpoint answers: one choice per sample, as text."""
    choices = [{"index": i, "finish_reason": "stop", "text": f" It is 5. {i}"} for i in range(body.get("n", 1))]
    return 200, {"object": "text_completion", "choices": choices, "usage": {"prompt_tokens": 9, "completion_tokens": 4}}


def sampled(llm: OpenAICompatibleLLM, **options: Any) -> dict[str, Any]:
    """The row that the step makes."""
    step = SampleStudent(name="sample_student", llm=llm, n_samples=2, **options)
    step.load()

    async def run() -> dict[str, Any]:
        try:
            return await step.process_row(dict(ROW))
        finally:
            await step.aclose()

    try:
        return asyncio.run(run())
    finally:
        step.unload()


@pytest.mark.parametrize("shots", [0, 2])
@pytest.mark.parametrize("stop", [None, ["\n\n"]])
def test_a_base_model_continues_the_bare_prompt_and_stops_before_the_next_problem(shots, stop):
    with serving(continued) as server:
        kwargs = {"stop": stop} if stop else {}
        llm = OpenAICompatibleLLM(model="base", base_url=server.url, api="completions", generation_kwargs=kwargs)
        row = sampled(llm, shots=shots)
    [body] = server.requests
    assert server.paths == ["/v1/completions"]
    assert body["prompt"] == prompts.inference_prompt(ROW["question"], shots=shots)
    assert body["stop"] == (stop or list(prompts.INFERENCE_STOP))
    assert "messages" not in body
    assert [sample["solution"] for sample in row["samples"]] == [" It is 5. 0", " It is 5. 1"]


def test_an_instruct_model_needs_no_stop():
    with serving(lambda body: completion("It is 5.")) as server:
        sampled(OpenAICompatibleLLM(model="chat", base_url=server.url))
    assert all("stop" not in body for body in server.requests)


def test_the_stop_is_where_a_problem_begins():
    for shots in (0, 1, 3):
        begun = prompts.inference_prompt("Why?", shots=shots).split(prompts.INFERENCE_STOP[0])
        assert len(begun) == shots + 2
    assert prompts.inference_prompt("Why?").startswith(prompts.INFERENCE_STOP)


def test_the_template_id_covers_the_demonstrations():
    ids = [prompts.template_id("inference", shots=shots) for shots in (0, 1, 2)]
    assert len(set(ids)) == 3
    assert ids[0] == prompts.template_id("inference")
    with serving(continued) as server:
        llm = OpenAICompatibleLLM(model="base", base_url=server.url, api="completions")
        row = sampled(llm, shots=1)
    assert {entry["template"] for entry in row["provenance"]} == {ids[1]}


def missing(name: str) -> str:
    """Why the model cannot be run here; empty where it can."""
    try:
        OpenWeights.named(name).check()
    except RefusedError as refused:
        return str(refused)
    return ""


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=pytest.mark.skipif(bool(missing(name)), reason=missing(name)))
        for name in ("SmolLM2-135M-Instruct", "Gemma-3-270M")
    ],
)
@pytest.mark.parametrize("stop", [None, ["never written"]])
def test_a_real_model_goes_on_to_problems_of_its_own_unless_it_is_stopped(name, stop):
    server = start_server(OpenWeights.named(name).file(), 1024)
    llm = OpenAICompatibleLLM(
        model=name,
        base_url=f"{server.listening_address}/v1",
        api="completions",
        generation_kwargs={"temperature": 0.0, "max_new_tokens": 64, "stop": stop},
    )
    if stop:
        with pytest.raises(CallFailedError, match="reply_truncated"):
            sampled(llm, shots=2)
    else:
        for sample in sampled(llm, shots=2)["samples"]:
            assert sample["student"] == name
            assert "###" not in sample["solution"]
            assert sample["solution"].startswith(" ")
            assert "The answer is" in sample["solution"]
