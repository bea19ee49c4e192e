"""The engine's drills, short: whole runs over HTTP against the simulated endpoint, with faults, kills and outages."""

from __future__ import annotations

import asyncio
import sys
import threading
import time
from itertools import pairwise
from pathlib import Path

import pytest
from lemma import app
from typer.testing import CliRunner

from lemma_steps.llms.engine import requester

sys.path.append(str(Path(__file__).parent.parent / "benchmarks"))
from arithmetic_problems import write_problems
from bare_loop import read_chains, send
from engine_drills import (
    CALLS_PER_PROBLEM,
    FAULT_MIX,
    NO_FAULTS,
    Bench,
    digests,
    failing_call,
    fault_mix,
    kills,
    rows_of,
    unaccounted,
    undisturbed,
)
from engine_processes import EndpointProcess, Run

PROBLEMS, IN_FLIGHT, ATTEMPTS = 12, 8, 5
LINUX = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="processes are watched through /proc")


class InProcess(Bench):
    """Runs the command in this process: importing it again for every run would take most of the time."""

    def run(self, output, log):
        started = time.time()
        result = CliRunner().invoke(app, self.options(output))
        return Run(result.exit_code, started, time.time(), 0.0, 0.0, None, 0.0, result.output)


def drill(scratch, count, in_flight, kind, **behaviour):
    """An endpoint and a bench on it, its undisturbed run made."""
    write_problems(scratch / "problems.jsonl", count)
    with EndpointProcess(scratch, scratch / "problems.jsonl", latency=0.02, **behaviour) as endpoint:
        attempts = {"max_attempts": ATTEMPTS}
        settings = {"teacher_endpoint": attempts, "student_endpoint": attempts}
        bench = kind.make(scratch, endpoint, scratch / "problems.jsonl", count, in_flight, **settings)
        yield bench, *undisturbed(bench)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """The bench with its undisturbed directory, its record and its figures."""
    yield from drill(tmp_path_factory.mktemp("drills"), PROBLEMS, IN_FLIGHT, InProcess)


@pytest.fixture
def bench(made, tmp_path, monkeypatch):
    """The bench with a quiet endpoint and a folder of its own; waits between attempts are a hundredth of what they are."""
    found = made[0]
    found.endpoint.control(latency=0.02, failing=[], limit=None, **NO_FAULTS)
    sleep = asyncio.sleep
    monkeypatch.setattr(requester.asyncio, "sleep", lambda seconds: sleep(seconds / 100))
    own = InProcess(tmp_path, found.endpoint, found.problems, found.count, IN_FLIGHT)
    (tmp_path / "chain.yaml").write_bytes((found.scratch / "chain.yaml").read_bytes())
    return own


@pytest.fixture
def reference(made):
    return made[1]


@pytest.fixture
def record(made):
    return made[2]


def test_the_chain_takes_six_calls_per_problem_and_no_call_twice(made):
    figures = made[3]
    assert figures["kept"] == PROBLEMS
    assert (figures["calls"], figures["calls_repeated"]) == (PROBLEMS * CALLS_PER_PROBLEM, 0)


def test_latency_changes_the_order_of_replies_and_no_byte(bench, reference):
    log = bench.endpoint.new_log(latency=0.1)
    bench.whole(bench.scratch / "slow", log)
    order = [line.key for line in log.lines() if line.event == "answered"]
    assert order != [line.key for line in log.lines() if line.event == "received"]
    assert digests(bench.scratch / "slow") == digests(reference)


def test_no_more_requests_in_flight_than_the_cap_and_the_cap_is_used(bench):
    log = bench.endpoint.new_log(latency=0.1)
    bench.whole(bench.scratch / "capped", log)
    assert max(line.in_flight for line in log.lines()) == IN_FLIGHT


def test_the_bare_loop_sends_the_same_requests_each_after_the_reply_before(bench, record):
    chains = read_chains(record)
    assert [len(chain) for chain in chains] == [CALLS_PER_PROBLEM] * PROBLEMS
    log = bench.endpoint.new_log()
    asyncio.run(send(bench.endpoint.url, chains, IN_FLIGHT))
    lines = log.lines()
    assert log.counts() == {entry["key"]: 1 for chain in chains for entry in chain}
    assert max(line.in_flight for line in lines) == IN_FLIGHT
    at = {(line.key, line.event): line.time for line in lines}
    for chain in chains:
        keys = [entry["key"] for entry in chain]
        assert all(at[a, "answered"] <= at[b, "received"] for a, b in pairwise(keys))


def test_a_call_that_always_fails_costs_its_row_and_is_made_good_by_the_next_run(bench, record, reference):
    found = failing_call(bench, record, reference)
    assert found == {
        "failing_rows_rejected": 1,
        "failing_reasons": ["http_500"],
        "failing_right_row": True,
        "failing_attempts": ATTEMPTS,
        "failing_requests_of_next_run": 2,
        "failing_kept_next_run": True,
        "failing_returncodes": [0, 0],
    }


@pytest.mark.parametrize(
    "times", [pytest.param(1, id="the mix"), pytest.param(3, id="three times the mix", marks=pytest.mark.long)]
)
def test_faults_cost_no_row_without_a_reason_and_no_request_more_than_its_budget(bench, reference, monkeypatch, times):
    monkeypatch.setattr("engine_drills.FAULT_MIX", {name: times * share for name, share in FAULT_MIX.items()})
    found = fault_mix(bench, reference, 1.0)
    assert found["fault_rows_unaccounted"] == 0, found
    assert found["fault_budget"] == ATTEMPTS
    assert found["fault_beyond_budget"] == 0
    assert found["fault_requests"] > PROBLEMS * CALLS_PER_PROBLEM
    assert found["fault_rerun"]["returncode"] == 0
    assert found["fault_rerun"]["kept"] >= found["fault_kept"]


def test_an_endpoint_that_takes_fewer_at_once_than_the_cap_is_lived_with(bench, reference):
    log = bench.endpoint.new_log(limit=3, latency=0.05)
    bench.whole(bench.scratch / "limited", log)
    assert any(line.status == 429 for line in log.lines())
    assert digests(bench.scratch / "limited") == digests(reference)


def test_an_outage_in_the_middle_stops_the_run_and_the_next_one_ends_it(bench, reference):
    log = bench.endpoint.new_log(latency=0.2)
    begun, ended = log.growth(), threading.Event()

    def cut():
        while not begun() and not ended.is_set():
            time.sleep(0.01)
        time.sleep(0.5)
        bench.endpoint.control(down_s=3.0)

    thread = threading.Thread(target=cut)
    thread.start()
    output = bench.scratch / "cut"
    run = bench.run(output, log)
    ended.set()
    thread.join()
    assert run.returncode == 3, run.output
    assert "run again" in run.output
    before = len(log.counts())
    assert 0 < before < PROBLEMS * CALLS_PER_PROBLEM
    while True:
        try:
            bench.endpoint.control(latency=0.02)
            break
        except OSError:
            time.sleep(0.1)
    bench.whole(output, log)
    assert digests(output) == digests(reference)


@pytest.mark.parametrize(
    ("kept", "rejected", "expected"),
    [
        (["a", "b"], [], 0),
        (["a"], [("b", "http_500")], 0),
        (["a"], [], 1),
        (["a", "a"], [("b", "declined")], 1),
        (["a"], [("b", "declined"), ("a", "declined")], 1),
        (["a"], [("b", "")], 1),
    ],
    ids=["kept", "rejected", "lost", "twice", "both", "no reason"],
)
def test_rows_unaccounted(tmp_path, kept, rejected, expected):
    problems = tmp_path / "problems.jsonl"
    problems.write_text('{"question": "a"}\n{"question": "b"}\n', encoding="utf-8")
    left = [{"question": question, "reason": reason, "rejected_by": "smooth"} for question, reason in rejected]
    assert unaccounted(problems, [{"question": question} for question in kept], left) == expected


def assert_survived(found, times):
    assert (found["kills_tried"], found["kills_survived"]) == (times, times), found
    assert found["kills_same_bytes"], found
    assert found["repeated_beyond_in_flight"] == 0, found
    assert found["repeated"] > 0


@LINUX
def test_a_killed_run_is_finished_by_the_next_which_repeats_only_what_was_in_flight(bench, reference):
    bench.endpoint.control(latency=0.3)
    found = kills(bench, reference, expected_s=2.5, times=1)
    assert_survived(found, 1)
    assert 0 < found["kill_moments"][0]["stored"] < PROBLEMS * CALLS_PER_PROBLEM


@LINUX
@pytest.mark.long
def test_ten_kills_and_the_mix_of_faults_at_size(tmp_path):
    for bench, reference, record, figures in drill(tmp_path, 200, 50, Bench):
        assert figures["kept"] == 200
        bench.endpoint.control(latency=0.3)
        assert_survived(kills(bench, reference, expected_s=10.0, times=10), 10)
        found = fault_mix(bench, reference, 10.0)
        assert found["fault_rows_unaccounted"] == found["fault_beyond_budget"] == 0
        assert failing_call(bench, record, reference)["failing_kept_next_run"]
        assert len(rows_of(bench.scratch / "failing", "train")) == 200
