"""The endpoint and the problems that the engine is measured with: what they promise, at a small size."""

from __future__ import annotations

import http.client
import json
import statistics
import sys
import time
import urllib.error
import urllib.request
from itertools import islice
from math import log
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parent.parent / "benchmarks"))
from arithmetic_problems import problems, write_problems
from engine_drills import NO_FAULTS
from engine_processes import EndpointProcess, RequestLog
from simulated_behaviour import FAULTS, Behaviour, key_of, latency_of, prompt_of

from lemma_steps import prompts
from lemma_steps.answers import Verdict, verify
from lemma_steps.contamination import shipped_index
from lemma_steps.duplicates import SeenTrajectories
from lemma_steps.llms.offline.desk import answer
from lemma_steps.llms.offline.inject import inject
from lemma_steps.llms.offline.judge import classify, locate
from lemma_steps.llms.offline.revise import revise
from lemma_steps.trajectory import gold_trajectory

SOME = list(islice(problems(), 300))
QUESTION = SOME[0]["question"]
GOLD = SOME[0]["answer"].rpartition("#### ")[2]
KEYS = [f"{number:024x}" for number in range(5000)]
STUDENT = {
    "model": "sim",
    "seed": 3,
    "messages": [{"role": "user", "content": prompts.inference_prompt(QUESTION)}],
}
TEACHER = {
    "model": "sim",
    "seed": 5,
    "messages": prompts.render(
        "inject_error",
        question=QUESTION,
        reference_solution=gold_trajectory(SOME[0]["answer"], GOLD),
        error_type="CA",
    ),
}


def reference(problem):
    return gold_trajectory(problem["answer"], problem["answer"].rpartition("#### ")[2])


class TestProblems:
    def test_more_of_them_begin_with_the_same_ones_and_a_seed_makes_others(self):
        assert list(islice(problems(), 40)) == SOME[:40]
        assert {p["question"] for p in islice(problems(1), 300)}.isdisjoint(p["question"] for p in SOME)

    def test_the_offline_teacher_treats_every_one_and_finds_its_own_error(self):
        for seed, problem in enumerate(SOME[:30]):
            gold = reference(problem)
            made = inject(problem["question"], gold, "CA", seed)
            assert classify(problem["question"], gold, made.steps)[0] == "CA"
            assert locate(problem["question"], gold, made.steps)[0] == made.error + 1
            assert revise(problem["question"], gold, made.steps[: made.error + 1], "fix_continue", seed)

    def test_none_is_a_test_question_of_a_known_set(self):
        index = shipped_index()
        assert [p["id"] for p in SOME if index.query(p["question"])] == []

    @pytest.mark.parametrize("count", [1500, pytest.param(100_000, marks=pytest.mark.long)])
    def test_no_two_are_near_duplicates(self, count):
        seen = SeenTrajectories()
        made = list(islice(problems(), count))
        repeated = [p["id"] for p in made if seen.check(p["id"], reference(p), p["question"])]
        seen.close()
        assert repeated == []
        assert len({p["question"] for p in made}) == len({p["id"] for p in made}) == count


class TestBehaviour:
    def test_latency_is_lognormal_and_a_function_of_the_content(self):
        logs = [log(latency_of(key)) for key in KEYS]
        assert statistics.fmean(logs) == pytest.approx(0.0, abs=0.03)
        assert statistics.stdev(logs) == pytest.approx(0.6, abs=0.03)
        assert latency_of(KEYS[0]) == latency_of(KEYS[0])

    @pytest.mark.parametrize("name", FAULTS)
    def test_a_share_of_faults_is_that_share_and_spares_most_retries(self, name):
        behaviour = Behaviour(**{name: 0.2})
        hit = [key for key in KEYS if behaviour.fault(key, 0) == name]
        assert len(hit) == pytest.approx(1000, abs=100)
        again = [key for key in hit if behaviour.fault(key, 1)]
        assert len(again) == pytest.approx(200, abs=60)

    def test_a_failing_key_fails_every_time(self):
        behaviour = Behaviour(failing=["a"])
        assert [behaviour.fault("a", attempt) for attempt in range(20)] == ["server_error"] * 20
        assert behaviour.fault("b", 0) is None

    def test_shares_above_one_are_refused(self):
        with pytest.raises(ValueError, match="more than 1"):
            Behaviour.of(dropped=0.6, garbage=0.6)

    def test_the_key_is_the_content_and_the_prompt_forgets_the_seed(self):
        turned = dict(reversed(list(STUDENT.items())))
        other = {**STUDENT, "seed": 4}
        assert key_of(turned) == key_of(STUDENT) != key_of(other)
        assert prompt_of(other) == prompt_of(STUDENT) != prompt_of(TEACHER)


@pytest.fixture(scope="module")
def process(tmp_path_factory):
    scratch = tmp_path_factory.mktemp("endpoint")
    write_problems(scratch / "problems.jsonl", 40)
    with EndpointProcess(scratch, scratch / "problems.jsonl", latency=0.0) as running:
        yield running


@pytest.fixture
def endpoint(process):
    """The endpoint without latency or faults, with a log of its own."""
    process.log = process.new_log(latency=0.0, right_share=0.0, failing=[], limit=None, record=None, **NO_FAULTS)
    return process


def post(endpoint, body, path="/chat/completions"):
    request = urllib.request.Request(endpoint.url + path, json.dumps(body).encode())
    with urllib.request.urlopen(request, timeout=30) as reply:
        return json.load(reply)


def failed(endpoint, body):
    with pytest.raises(urllib.error.HTTPError) as error:
        post(endpoint, body)
    return error.value


def text(reply):
    return reply["choices"][0]["message"]["content"]


class TestEndpoint:
    def test_a_teacher_prompt_gets_the_offline_teachers_reply(self, endpoint):
        assert text(post(endpoint, TEACHER)) == answer(TEACHER["messages"], 5)

    @pytest.mark.parametrize(("share", "verdict"), [(0.0, Verdict.WRONG), (1.0, Verdict.RIGHT)])
    def test_a_student_prompt_gets_a_wrong_or_right_solution_of_that_problem(self, endpoint, share, verdict):
        endpoint.control(right_share=share)
        assert verify(GOLD, text(post(endpoint, STUDENT))) == verdict

    def test_the_same_content_gets_the_same_reply_and_another_seed_another(self, endpoint):
        replies = {seed: text(post(endpoint, {**STUDENT, "seed": seed})) for seed in range(6)}
        assert replies[3] == text(post(endpoint, STUDENT))
        assert len(set(replies.values())) > 1

    def test_completions_take_a_raw_prompt_several_samples_and_stops(self, endpoint):
        body = {"model": "sim", "prompt": STUDENT["messages"][0]["content"], "seed": 3}
        reply = post(endpoint, {**body, "n": 4, "stop": ["The answer is:"]}, "/completions")
        assert [choice["index"] for choice in reply["choices"]] == [0, 1, 2, 3]
        assert all("The answer" not in choice["text"] for choice in reply["choices"])
        assert post(endpoint, body, "/completions")["choices"][0]["text"] == text(post(endpoint, STUDENT))

    def test_usage_counts_what_was_sent_and_the_shared_prefix_as_cached(self, endpoint):
        usage, short = post(endpoint, TEACHER)["usage"], post(endpoint, STUDENT)["usage"]
        cached = usage["prompt_tokens_details"]["cached_tokens"]
        assert 0 < cached < usage["prompt_tokens"]
        assert cached % 128 == 0
        assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"]
        assert short["prompt_tokens_details"]["cached_tokens"] == 0

    def test_models(self, endpoint):
        with urllib.request.urlopen(endpoint.url + "/models", timeout=30) as reply:
            assert json.load(reply)["data"][0]["id"] == "sim"

    @pytest.mark.parametrize(
        ("fault", "status", "wait"),
        [("too_many", 429, None), ("too_many_with_retry_after", 429, "1"), ("server_error", 500, None)],
    )
    def test_a_status_that_says_no(self, endpoint, fault, status, wait):
        endpoint.control(**{fault: 1.0})
        error = failed(endpoint, STUDENT)
        assert (error.code, error.headers.get("Retry-After")) == (status, wait)
        assert json.load(error)["error"]["message"]

    def test_a_dropped_connection(self, endpoint):
        endpoint.control(dropped=1.0)
        with pytest.raises((http.client.RemoteDisconnected, ConnectionError)):
            post(endpoint, STUDENT)

    def test_a_truncated_reply_says_so(self, endpoint):
        whole = text(post(endpoint, STUDENT))
        endpoint.control(truncated=1.0)
        reply = post(endpoint, STUDENT)
        assert reply["choices"][0]["finish_reason"] == "length"
        assert whole.startswith(text(reply))
        assert len(text(reply)) < len(whole)

    def test_garbage_is_half_no_json_and_half_nonsense(self, endpoint):
        endpoint.control(garbage=1.0)
        broken = 0
        for seed in range(40):
            try:
                assert text(post(endpoint, {**TEACHER, "seed": seed})).startswith("lorem")
            except json.JSONDecodeError:
                broken += 1
        assert 8 < broken < 32

    def test_a_content_that_fails_until_it_is_told_not_to(self, endpoint):
        endpoint.control(failing=[key_of(STUDENT)])
        assert failed(endpoint, STUDENT).code == failed(endpoint, STUDENT).code == 500
        assert text(post(endpoint, TEACHER))
        endpoint.control(failing=[])
        assert text(post(endpoint, STUDENT))

    def test_above_the_limit_in_flight_it_refuses(self, endpoint):
        endpoint.control(limit=0)
        assert failed(endpoint, STUDENT).code == 429
        endpoint.control(limit=1)
        assert text(post(endpoint, STUDENT))

    def test_the_port_goes_down_for_a_while_and_comes_back_the_same(self, endpoint):
        endpoint.control(down_s=0.5)
        down, deadline = False, time.monotonic() + 30
        while time.monotonic() < deadline:
            try:
                reply = post(endpoint, STUDENT)
            except OSError:
                down = True
                time.sleep(0.05)
            else:
                if down:
                    break
        assert down
        assert text(reply)

    def test_an_unknown_option_is_refused(self, endpoint):
        with pytest.raises(urllib.error.HTTPError) as error:
            endpoint.control(colour=1)
        assert error.value.code == 400

    def test_the_log_tells_every_request_while_the_endpoint_runs(self, endpoint):
        endpoint.control(server_error=1.0)
        failed(endpoint, STUDENT)
        endpoint.control(server_error=0.0)
        post(endpoint, STUDENT)
        post(endpoint, {**STUDENT, "seed": 4})
        key = key_of(STUDENT)
        time.sleep(0.05)  # the last line follows the reply
        assert [(line.event, line.status) for line in endpoint.log.lines() if line.key == key] == [
            ("received", 500),
            ("answered", 500),
            ("received", 200),
            ("answered", 200),
        ]
        assert endpoint.log.counts() == {key: 2, key_of({**STUDENT, "seed": 4}): 1}
        assert endpoint.log.attempts() == {prompt_of(STUDENT): 3}

    def test_the_record_holds_each_content_once_with_its_problem(self, endpoint, tmp_path):
        endpoint.control(record=str(tmp_path / "record.jsonl"))
        for body in (STUDENT, TEACHER, STUDENT):
            post(endpoint, body)
        entries = [json.loads(line) for line in (tmp_path / "record.jsonl").read_text(encoding="utf-8").splitlines()]
        assert [(entry["body"], entry["problem"]) for entry in entries] == [(STUDENT, QUESTION), (TEACHER, QUESTION)]


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ([(1.0, "received"), (2.0, "answered")], 0),
        ([(1.0, "received"), (9.0, "gone")], 1),
        ([(1.0, "received"), (4.97, "answered")], 1),
        ([(1.0, "received"), (4.9, "answered")], 0),
        ([(5.1, "received"), (5.2, "gone")], 1),
        ([(6.1, "received"), (7.0, "answered")], 0),
        ([(1.0, "received"), (2.0, "gone")], 0),
    ],
    ids=[
        "answered before",
        "under way",
        "answered just before",
        "answered and committed",
        "read after the kill",
        "the next run's",
        "a kill before",
    ],
)
def test_in_flight_at_a_kill_is_what_was_sent_and_not_committed(tmp_path, lines, expected):
    log = RequestLog(tmp_path / "log")
    log.path.write_text("".join(f"{at}\t{event}\tk\t200\t1\tp\n" for at, event in lines), encoding="utf-8")
    assert log.in_flight_at(5.0, until=6.0) == expected
