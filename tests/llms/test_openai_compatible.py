"""The client against a real server that misbehaves."""

from __future__ import annotations

import asyncio
import gc
import gzip
import threading
import time

import pytest

from lemma_steps.errors import CallFailedError, RefusedError, StoppedError
from lemma_steps.llms.calls import Caller
from lemma_steps.llms.engine import exchange, requester
from lemma_steps.llms.engine.store import Entry
from lemma_steps.llms.openai_compatible import OpenAICompatibleLLM
from lemma_steps.llms.spec import parse_llm, refuse_unpriced
from tests.chat_server import completion, completions, serving

HELLO = [{"role": "user", "content": "hello"}]


@pytest.fixture(autouse=True)
def hurry(monkeypatch):
    """Waits between attempts are a hundredth of what they are; how long they are is a test of its own."""
    sleep = asyncio.sleep
    monkeypatch.setattr(requester.asyncio, "sleep", lambda seconds: sleep(seconds / 100))


def using(server, work, **options):
    """The result of `work(llm)` with a loaded model of the server."""

    async def call():
        llm = OpenAICompatibleLLM(**{"model": "m", "base_url": server.url} | options)
        llm.load()
        try:
            return await work(llm)
        finally:
            await llm.aclose()
            llm.unload()

    return asyncio.run(call())


def ask(server, seed=5, check=None, **options):
    return using(server, lambda llm: Caller(llm).complete(HELLO, seed, check), **options)


def sample(server, n, **options):
    return using(server, lambda llm: Caller(llm).samples(HELLO, 5, n), **options)


def scripted(*replies):
    """The replies in turn, the last one for ever."""
    left = list(replies)
    return lambda body: left.pop(0) if len(left) > 1 else left[0]


def test_a_reply_with_its_usage_and_the_request_as_sent():
    with serving(lambda body: completion("hi")) as server:
        reply = ask(server, generation_kwargs={"temperature": 0.2, "max_new_tokens": 9, "stop": ["\n\n#"]})
    assert (reply.text, reply.model, reply.usage.tokens_in, reply.usage.tokens_out) == ("hi", "m", 11, 7)
    [sent] = server.requests
    assert sent == {
        "model": "m",
        "messages": HELLO,
        "seed": 5,
        "temperature": 0.2,
        "top_p": 1.0,
        "max_tokens": 9,
        "stop": ["\n\n#"],
    }


def test_sampling_that_a_model_does_not_take_is_left_out_and_extra_fields_are_sent():
    options = {"temperature": None, "top_p": None, "extra_body": {"reasoning_effort": "low"}}
    with serving(lambda body: completion("hi")) as server:
        ask(server, generation_kwargs=options)
    [sent] = server.requests
    assert set(sent) == {"model", "messages", "max_tokens", "seed", "reasoning_effort"}


def test_a_base_model_gets_the_raw_prompt():
    reply = 200, {"choices": [{"index": 0, "text": " four", "finish_reason": "stop"}], "usage": {"prompt_tokens": 3}}
    with serving(lambda body: reply) as server:
        answer = ask(server, api="completions", generation_kwargs={"stop": ["###"]})
    assert answer.text == " four"
    assert server.paths == ["/v1/completions"]
    assert server.requests[0]["prompt"] == "hello"
    assert "messages" not in server.requests[0]


PERMANENT = [
    ("filtered", completion("x", finish="content_filter"), "content_filtered"),
    ("refused", completion(None, refusal="I cannot help with that"), "refused"),
    ("too long a text", completion("x" * 1_000_001), "reply_too_long"),
    ("10 MB", completion("x" * 10_000_000), "reply_too_long"),
    ("bad request", (400, {"error": {"message": "context too long"}}), "http_400"),
]
REPEATED_ONCE = [
    ("broken off", completion("half an ans", finish="error"), "reply_aborted"),
    ("cut in other words", completion("half an ans", finish="MAX_TOKENS"), "reply_truncated"),
    ("cut", completion("half an ans", finish="length"), "reply_truncated"),
    ("empty", completion(""), "empty_reply"),
    ("blank", completion(" \n"), "empty_reply"),
    ("no text", completion([{"type": "text"}]), "garbled_reply"),
    ("choice of no form", (200, {"choices": [7]}), "garbled_reply"),
]
TRANSIENT = [
    ("busy", (429, {"error": {"message": "slow down"}}), "http_429"),
    ("broken", (500, {"error": {"message": "oops"}}), "http_500"),
    ("not there yet", (503, b"<html>starting</html>"), "http_503"),
    ("no JSON", (200, b"<html>proxy</html>"), "garbled_reply"),
    ("JSON of another kind", (200, b"[1]"), "garbled_reply"),
    ("deep JSON", (200, b"[" * 100_000), "garbled_reply"),
    ("no choices", (200, {"choices": []}), "garbled_reply"),
    ("an error that calls itself none", (200, {"error": {"message": "upstream"}}), "garbled_reply"),
    ("dropped", None, "connection_failed"),
]


def cases(*groups):
    return [pytest.param(reply, reason, sent, id=name) for group, sent in groups for name, reply, reason in group]


@pytest.mark.parametrize(("reply", "reason", "sent"), cases((PERMANENT, 1), (REPEATED_ONCE, 2), (TRANSIENT, 3)))
def test_defect_22_a_reply_that_is_none_is_a_failure_with_a_reason_and_is_asked_for_within_the_budget(
    reply, reason, sent
):
    with serving(lambda body: reply) as server, pytest.raises(CallFailedError) as failure:
        ask(server, max_attempts=3)
    assert failure.value.reason == reason
    assert "\n" not in failure.value.detail
    assert len(server.requests) == sent


@pytest.mark.parametrize(("reply", "reason", "sent"), cases((REPEATED_ONCE, 2), (TRANSIENT, 3)))
def test_a_reply_that_mends_itself_is_used(reply, reason, sent):
    with serving(scripted(*[reply] * (sent - 1), completion("good"))) as server:
        assert ask(server, max_attempts=3).text == "good"


def test_another_seed_mends_a_bad_reply():
    """A server that honours seeds would cut the same reply again."""
    with serving(lambda body: completion("good") if body["seed"] != 5 else completion("ha", finish="length")) as server:
        assert ask(server).text == "good"
    assert len(server.requests) == 2


def test_a_server_that_takes_too_long():
    with serving(lambda body: completion("late"), latency_s=0.5) as server, pytest.raises(CallFailedError) as failure:
        ask(server, timeout_s=0.1, max_attempts=2)
    assert failure.value.reason == "request_timed_out"


def test_retry_after_is_honoured():
    moments = []

    def reply(body):
        moments.append(time.monotonic())
        return (429, {"error": "later"}, {"Retry-After": "30"}) if len(moments) == 1 else completion("good")

    with serving(reply) as server:
        ask(server)
    assert moments[1] - moments[0] >= 0.3  # a hundredth, see `hurry`


@pytest.mark.parametrize("header", ["", "soon", "-5", "nan", "Wed, 21 Oct 2026 07:28:00 GMT"])
def test_a_retry_after_without_sense_is_none(header):
    assert exchange._seconds(header) == 0.0


def test_a_retry_after_of_a_year_is_two_minutes():
    assert exchange._seconds("31536000") == 120.0


def test_a_compressed_bomb_is_not_unpacked():
    bomb = gzip.compress(b" " * 200_000_000)
    with (
        serving(lambda body: (200, bomb, {"Content-Encoding": "gzip"})) as server,
        pytest.raises(CallFailedError) as failure,
    ):
        ask(server)
    assert failure.value.reason == "reply_too_long"


def test_a_reply_with_lone_surrogates_can_be_kept(tmp_path):
    body = b'{"choices": [{"message": {"content": "a\\ud800b\\u0000"}, "finish_reason": "stop"}]}'
    with serving(lambda _: (200, body)) as server:
        first = ask(server, store=str(tmp_path / "s")).text
        assert first == ask(server, store=str(tmp_path / "s")).text == "a\ufffdb\x00"
    assert len(server.requests) == 1


FATAL = [
    (
        401,
        {"error": {"message": "Incorrect API key provided: sk-secret-000."}},
        "Incorrect API key provided: \\*\\*\\*",
    ),
    (403, {"error": {"message": "not for you"}}, "not for you"),
    (
        404,
        {"error": {"message": "The model `m` does not exist"}},
        "The model `m` does not exist.*check the model's name",
    ),
    (400, {"error": {"message": "no such model", "code": "model_not_found"}}, "no such model"),
    (
        429,
        {"error": {"message": "You exceeded your quota", "code": "insufficient_quota"}},
        "exceeded your quota.*money",
    ),
]


@pytest.mark.parametrize(("status", "body", "words"), FATAL)
def test_what_no_request_can_survive_ends_the_run_at_once_in_the_endpoint_s_words(status, body, words, tmp_path):
    store = str(tmp_path / "s")
    with serving(lambda _: (status, body)) as server:
        with pytest.raises(RefusedError, match=words) as refusal:
            ask(server, api_key="sk-secret-000", store=store)
        assert len(server.requests) == 1
        assert server.url in str(refusal.value)
    with serving(scripted(completion("x"), (status, body))) as server:  # after the first paid reply it is a stop
        ask(server, seed=1, store=store)
        one_prompt_s_own = status in (403, 404)  # until it is so for twenty in a row, see below
        with pytest.raises(CallFailedError if one_prompt_s_own else StoppedError, match=words.split(".*")[0]):
            ask(server, seed=2, api_key="sk-secret-000", store=store)


def test_a_few_bad_rows_that_fail_fast_do_not_end_a_run_whose_other_rows_are_answered():
    async def many(llm):
        caller = Caller(llm)
        asked = [[{"role": "user", "content": str(n)}] for n in range(30)]
        return await asyncio.gather(*(caller.complete(messages, 1) for messages in asked), return_exceptions=True)

    def reply(body):
        if int(body["messages"][0]["content"]) % 5 == 0:
            return 400, {"error": {"message": "context too long"}}
        time.sleep(0.4)
        return completion("good")

    with serving(reply) as server:
        results = using(server, many)
    assert [type(result) for result in results].count(CallFailedError) == 6
    assert sum(getattr(result, "text", None) == "good" for result in results) == 24


def test_nothing_is_sent_any_more_once_the_run_has_ended():
    async def many(llm):
        caller = Caller(llm)
        return await asyncio.gather(*(caller.complete(HELLO, seed) for seed in range(60)), return_exceptions=True)

    with serving(lambda body: (401, {"error": "no"}), latency_s=0.05) as server:
        results = using(server, many, max_in_flight=4)
    assert {type(result) for result in results} == {RefusedError}
    assert len(server.requests) <= 8


def test_a_prompt_that_a_filter_refuses_costs_its_row_and_a_key_that_is_withdrawn_the_run():
    def asking(numbers):
        async def several(llm):
            caller = Caller(llm)
            asked = [[{"role": "user", "content": str(n)}] for n in numbers]
            return [await asyncio.gather(caller.complete(m, 1), return_exceptions=True) for m in asked]

        return several

    def reply(body):
        denied = int(body["messages"][0]["content"]) % 4 == 3
        return (403, {"error": "blocked"}) if denied else completion("good")

    with serving(reply) as server:
        results = [result for [result] in using(server, asking(range(12)))]
        assert [type(result).__name__ for result in results] == ["Entry", "Entry", "Entry", "CallFailedError"] * 3
        results = [result for [result] in using(server, asking([0, *range(3, 103, 4)]))]
        assert isinstance(results[-1], StoppedError)


def test_three_refused_requests_before_any_reply_end_the_run(tmp_path):
    async def many(llm):
        caller = Caller(llm)
        return await asyncio.gather(*(caller.complete(HELLO, seed) for seed in range(9)), return_exceptions=True)

    refuse = (400, {"error": {"message": "temperature is not supported"}})
    with serving(lambda _: refuse) as server:
        results = using(server, many)
        assert any(isinstance(r, RefusedError) and "temperature is not supported" in str(r) for r in results)
    with serving(scripted(completion("x"), refuse)) as server:  # with a reply in the store they cost their rows
        ask(server, seed=99, store=str(tmp_path / "s"))
        results = using(server, many, store=str(tmp_path / "s"))
    assert {type(result) for result in results} == {CallFailedError}


def test_no_server_at_the_start_is_refused_and_one_that_goes_away_stops_the_run(tmp_path):
    store = str(tmp_path / "s")
    with serving(lambda body: completion("x")) as server:
        pass
    with pytest.raises(RefusedError, match=rf"{server.url}.*start the server"):
        ask(server, store=store)
    with serving(lambda body: completion("x")) as server:
        ask(server, seed=1, store=store)
    with pytest.raises(StoppedError, match="start the server or mend the network, then run again"):
        ask(server, seed=2, store=store)
    assert ask(server, seed=1, store=store).text == "x", "what is stored needs no server"


def test_a_server_that_keeps_its_connections_but_takes_no_new_ones_is_not_waited_for(tmp_path):
    """What a server does that was told to end while requests were under way."""
    hanging = threading.Event()

    async def two(llm):
        caller = Caller(llm)
        first = asyncio.ensure_future(caller.complete(HELLO, 1))
        while not server.requests:
            await asyncio.sleep(0.01)
        server.shutdown()
        server.socket.close()
        second = asyncio.ensure_future(caller.complete(HELLO, 2))
        return await asyncio.gather(first, second, return_exceptions=True)

    def hang(body):
        hanging.wait(30)
        return completion("too late")

    try:
        with serving(hang) as server:
            results = using(server, two, timeout_s=60.0)
    finally:
        hanging.set()
    assert any(isinstance(result, RefusedError) and "start the server" in str(result) for result in results)


def test_a_request_that_alone_breaks_the_connection_costs_its_row_only():
    """The server answers others (here: `GET /models` with an error), so it is not gone."""
    with serving(lambda body: None) as server, pytest.raises(CallFailedError, match="connection_failed"):
        ask(server, max_attempts=4)
    assert len(server.requests) == 4


def test_all_models_of_an_endpoint_share_one_cap():
    async def call(url):
        models = [OpenAICompatibleLLM(model=name, base_url=url, max_in_flight=3) for name in "ab"]
        for model in models:
            model.load()
        callers = [Caller(model) for model in models]
        await asyncio.gather(*(caller.complete(HELLO, seed=n) for n in range(10) for caller in callers))
        for model in models:
            await model.aclose()
            model.unload()

    with serving(lambda body: completion("x"), latency_s=0.02) as server:
        asyncio.run(call(server.url))
    assert len(server.requests) == 20
    assert server.peak == 3


def test_the_same_request_is_sent_once_and_another_seed_is_another_request():
    async def several(llm):
        replies = await asyncio.gather(*(Caller(llm).complete(HELLO, seed) for seed in (1, 1, 2, 1)))
        return [reply.key for reply in replies]

    with serving(lambda body: completion("x"), latency_s=0.02) as server:
        keys = using(server, several)
    assert len(server.requests) == 2
    assert keys[0] == keys[1] == keys[3] != keys[2]


def numbered(body):
    """As many choices as asked for; their texts tell seed and place."""
    return completions([f"{body['seed']}/{index}" for index in range(body.get("n", 1))])


def single(body):
    """A server that always gives one choice, as llama.cpp's does."""
    return completion(f"{body['seed']}/0")


def refusing_n(body):
    return (400, {"error": "n must be 1"}) if body.get("n", 1) > 1 else single(body)


@pytest.mark.parametrize(("reply", "requests"), [(numbered, 1), (single, 4), (refusing_n, 5)])
def test_n_samples_come_in_one_request_where_the_server_can_and_else_with_distinct_seeds(reply, requests):
    with serving(reply) as server:
        texts = [answer.text for answer in sample(server, 4)]
    assert len(server.requests) == requests
    assert len(set(texts)) == 4


@pytest.mark.parametrize("reply", [numbered, single, refusing_n])
def test_eight_samples_after_four_pay_for_four(tmp_path, reply):
    store = str(tmp_path / "s")
    with serving(reply) as server:
        four = [answer.text for answer in sample(server, 4, store=store)]
    with serving(reply) as server:
        eight = [answer.text for answer in sample(server, 8, store=store)]
    assert eight[:4] == four
    assert len(set(eight)) == 8
    assert len(server.requests) == 4
    assert all("n" not in request for request in server.requests)


def test_bad_samples_of_one_request_are_asked_for_again_alone_in_the_same_run():
    """So that a run that is resumed there asks the same."""

    def reply(body):
        return completions(["a", "", "c"]) if body.get("n") else completion("b")

    with serving(reply) as server:
        assert [answer.text for answer in sample(server, 3)] == ["a", "b", "c"]
    assert [request.get("n") for request in server.requests] == [3, None]


def test_a_prompt_that_is_refused_says_nothing_about_n():
    async def two(llm):
        long = [{"role": "user", "content": "long"}]
        caller = Caller(llm)
        await caller.complete(HELLO, 9)
        return await caller.samples(long, 1, 3), await caller.samples(HELLO, 1, 3)

    def reply(body):
        return (400, {"error": "too long"}) if body["messages"][0]["content"] == "long" else numbered(body)

    with serving(reply) as server:
        bad, good = using(server, two)
    assert {answer.reason for answer in bad} == {"http_400"}
    assert len({answer.text for answer in good}) == 3
    assert server.requests[-1]["n"] == 3


def test_the_tokens_of_one_request_are_not_counted_per_sample():
    with serving(numbered) as server:
        answers = sample(server, 4)
    assert [a.usage.tokens_in for a in answers] == [11, 0, 0, 0]
    assert sum(a.usage.tokens_out for a in answers) == 7


def test_a_lost_sample_among_others_costs_itself():
    with serving(lambda body: completions(["a", "", "c"]) if body.get("n") else completion("")) as server:
        answers = sample(server, 3)
    assert [answer.text if isinstance(answer, Entry) else answer.reason for answer in answers] == [
        "a",
        "empty_reply",
        "c",
    ]


def test_a_reply_is_paid_once_over_runs_and_a_failed_one_is_asked_for_again(tmp_path):
    store = str(tmp_path / "s")
    with serving(scripted((400, {"error": "no"}), completion("good"))) as server:
        with pytest.raises(CallFailedError):
            ask(server, store=store)
        for _ in range(3):
            assert ask(server, store=store).text == "good"
    assert len(server.requests) == 2


def test_a_text_that_its_asker_cannot_use_is_no_answer(tmp_path):
    def check(text):
        if text != "good":
            raise CallFailedError("reply_unparsed", "not what was asked for")

    store = str(tmp_path / "s")
    with serving(scripted(completion("bad"), completion("bad"), completion("good"))) as server:
        with pytest.raises(CallFailedError, match="reply_unparsed"):
            ask(server, check=check, store=store)
        assert len(server.requests) == 2
        assert ask(server, check=check, store=store).text == "good"


def test_what_was_sent_is_stored_although_its_asker_left(tmp_path):
    async def leave(llm):
        asked = asyncio.ensure_future(Caller(llm).complete(HELLO, 5))
        while not llm.under_way:
            await asyncio.sleep(0.001)
        asked.cancel()

    store = str(tmp_path / "s")
    with serving(lambda body: completion("paid"), latency_s=0.3) as server:
        using(server, leave, store=store)
        assert ask(server, store=store).text == "paid"
    assert len(server.requests) == 1


PRICES = "- {model: m, input: 1000000, cached: 500000, output: 100000}\n"


def test_a_call_has_its_price_and_a_model_without_one_has_none(tmp_path):
    (tmp_path / "prices.yaml").write_text(PRICES)
    with serving(lambda body: completion("x")) as server:
        assert ask(server, prices=str(tmp_path / "prices.yaml")).usd == pytest.approx(11 + 0.7)
        assert ask(server).usd is None


def test_a_budget_is_not_passed_by_more_than_what_is_under_way(tmp_path):
    (tmp_path / "prices.yaml").write_text(PRICES)

    async def many(llm):
        llm._connected()._store.ledger.budget_usd = 1000.0
        caller = Caller(llm)
        results = await asyncio.gather(*(caller.complete(HELLO, seed) for seed in range(200)), return_exceptions=True)
        return results, llm._store.ledger.totals.usd

    with serving(lambda body: completion("x"), latency_s=0.01) as server:
        results, spent = using(server, many, prices=str(tmp_path / "prices.yaml"), max_in_flight=4)
    stopped = [result for result in results if isinstance(result, StoppedError)]
    assert stopped
    assert "give a larger --budget-usd" in str(stopped[0])
    assert 500 < spent <= 1000
    assert len(server.requests) == round(spent / 11.7)


def test_a_budget_cannot_be_kept_with_a_server_that_counts_no_tokens(tmp_path):
    (tmp_path / "prices.yaml").write_text(PRICES)

    async def one(llm):
        llm._connected()._store.ledger.budget_usd = 1000.0
        await Caller(llm).complete(HELLO, 1)

    silent = 200, {"choices": [{"message": {"content": "x"}, "finish_reason": "stop"}]}
    with serving(lambda body: silent) as server, pytest.raises(StoppedError, match="does not count tokens"):
        using(server, one, prices=str(tmp_path / "prices.yaml"))


def test_a_budget_needs_a_price(tmp_path):
    (tmp_path / "prices.yaml").write_text(PRICES)
    llm = OpenAICompatibleLLM(model="some-model", base_url="http://localhost:1/v1")
    with pytest.raises(RefusedError, match="no price is known for some-model; give one with --prices"):
        refuse_unpriced([llm, None], str(tmp_path / "prices.yaml"), 5.0)
    refuse_unpriced([llm, None], str(tmp_path / "prices.yaml"), None)


@pytest.mark.parametrize("amount", [0.0, -1.0, float("nan"), float("inf")])
def test_a_budget_is_an_amount(amount):
    with pytest.raises(RefusedError, match="give an amount above 0"):
        refuse_unpriced([], None, amount)


def test_stock_distilabel_gets_none_in_the_place_of_a_failed_reply_not_its_text(tmp_path):
    def generate():
        llm = OpenAICompatibleLLM(model="m", base_url=server.url, max_attempts=1, store=str(tmp_path / "s"))
        llm.load()
        outputs = llm.generate([HELLO, [{"role": "user", "content": "cut"}]], num_generations=2)
        llm.unload()
        return [output["generations"] for output in outputs]

    cut = completions(["half"] * 2, finish="length")
    with serving(lambda body: cut if body["messages"][0]["content"] == "cut" else completions(["a", "b"])) as server:
        assert generate() == [["a", "b"], [None, None]]
        asked = len(server.requests)
        assert generate() == [["a", "b"], [None, None]]
    assert len(server.requests) == asked + 3, "only what was cut: both together, then each alone"


def test_the_key_is_sent_and_never_dumped(monkeypatch, tmp_path):
    (tmp_path / "key").write_text("sk-of-a-file\n")
    with serving(lambda body: completion("x")) as server:
        ask(server, api_key="sk-given")
        monkeypatch.setenv("OPENAI_API_KEY_FILE", str(tmp_path / "key"))
        monkeypatch.delenv("OPENAI_API_KEY", raising=False)
        ask(server)
        monkeypatch.setenv("OPENAI_API_KEY", "sk-of-the-environment")
        ask(server)
    assert server.keys == ["Bearer sk-given", "Bearer sk-of-a-file", "Bearer sk-of-the-environment"]
    llm = OpenAICompatibleLLM(model="m", api_key="sk-not-to-be-seen")
    assert "sk-not" not in str(llm.dump()) + repr(llm)


def test_a_server_that_tells_the_key_back_does_not_get_it_written_down(tmp_path):
    key = "sk-secret-0123456789"
    with serving(lambda body: completion(f"your key is {key}")) as server:
        assert ask(server, api_key=key, store=str(tmp_path / "s")).text == "your key is ***"
    assert key.encode() not in b"".join(path.read_bytes() for path in tmp_path.iterdir())


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("gpt-4o", "unknown model"),
        ("openai:", "unknown model"),
        ("vllm:http://localhost:8000/v1", "write vllm:URL#MODEL"),
        ("vllm:localhost#m", "write vllm:URL#MODEL"),
        ("openai:gpt-4o", "set OPENAI_API_KEY"),
    ],
)
def test_specs_that_name_no_model(spec, message, monkeypatch):
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with pytest.raises(RefusedError, match=f"--teacher '?{spec}'?: .*{message}"):
        parse_llm(spec, "--teacher")


@pytest.mark.parametrize("key", ["two words", "two\nlines", "sk-\u2026"])
def test_what_is_no_key_is_refused_and_not_shown(key, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", key)
    with pytest.raises(RefusedError, match="OPENAI_API_KEY: more than one line or word") as refusal:
        parse_llm("openai:gpt-4o", "--teacher")
    assert key not in str(refusal.value)


def test_a_server_of_one_s_own_may_have_a_key_of_its_own(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-of-openai")
    monkeypatch.setenv("VLLM_API_KEY", "of-the-server")
    with serving(lambda body: completion("x")) as server:
        ask(server)
        monkeypatch.setenv("OPENAI_BASE_URL", server.url)
        ask(server, seed=6, base_url=None)
    assert server.keys == ["Bearer of-the-server", "Bearer sk-of-openai"]


def test_a_base_url_of_the_environment_may_hold_no_key_either(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-x")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://me:sk-secret@localhost/v1")
    with pytest.raises(RefusedError, match="URL with a key in it"):
        parse_llm("openai:gpt-4o", "--teacher")


@pytest.mark.parametrize("url", ["http://me:sk-secret@localhost:8000/v1", "http://localhost:8000/v1?api_key=sk-secret"])
def test_a_key_in_a_url_is_refused_and_not_repeated(url):
    with pytest.raises(RefusedError, match="give the key in OPENAI_API_KEY") as refusal:
        parse_llm(f"vllm:{url}#m", "--teacher")
    assert "sk-secret" not in str(refusal.value)


def test_a_wrong_field_of_an_endpoint_is_named():
    with pytest.raises(RefusedError, match="--teacher, max_attempts: "):
        parse_llm("vllm:http://localhost:8000/v1#m", "--teacher", max_attempts=0)


PROXIES = [
    ("http://localhost:8000/v1", None),
    ("http://127.0.0.1:8000/v1", None),
    ("http://inside.example/v1", None),
    ("http://outside.example/v1", "http://proxy:1"),
    ("https://outside.example/v1", "http://proxy:2"),
]


@pytest.mark.parametrize(("url", "proxy"), PROXIES)
def test_the_environment_s_proxy_is_used_but_not_for_this_machine(url, proxy, monkeypatch):
    for name, value in {
        "http_proxy": "http://proxy:1",
        "https_proxy": "http://proxy:2",
        "no_proxy": "inside.example",
    }.items():
        monkeypatch.setenv(name, value)
    assert exchange._proxy(url) == proxy


@pytest.mark.parametrize("api", ["chat", "completions"])
def test_a_saved_model_keeps_its_api(api):
    assert OpenAICompatibleLLM.from_dict(OpenAICompatibleLLM(model="m", api=api).dump()).api == api


def test_a_refused_field_leaves_no_noise(capsys):
    with pytest.raises(RefusedError):
        parse_llm("vllm:http://localhost:8000/v1#m", "--teacher", timeout_s=-1)
    gc.collect()
    assert capsys.readouterr().err == ""


def test_defect_8_any_model_name_makes_a_client():
    llm = parse_llm("vllm:http://localhost:8000/v1#nvidia/Llama-3.1-Nemotron-70B-Instruct", "--teacher")
    assert llm.model_name == "nvidia/Llama-3.1-Nemotron-70B-Instruct"
