"""The command against a server in trouble: what a user reads, how the run ends, and that the next run goes on."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from lemma import app
from typer.testing import CliRunner

from lemma_steps.llms import openai_compatible
from lemma_steps.llms.engine import requester
from lemma_steps.llms.offline.desk import answer
from tests import batch_server
from tests.chat_server import completion, serving

ROOT = Path(__file__).parent.parent
KEY = "sk-never-to-be-seen-0123456789"
RESULT = ("train.parquet", "train.jsonl", "rejected.parquet")


def teacher(body):
    """The offline teacher behind the API."""
    return completion(answer(body["messages"], body["seed"]))


@pytest.fixture(autouse=True)
def environment(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setattr(requester.random, "uniform", lambda low, high: 0.01)


def arguments(server, output, *more):
    url = server if isinstance(server, str) else server.url
    return ["--teacher", f"vllm:{url}#m", "--limit", "8", "--output", str(output), *map(str, more)]


def lemma(server, output, *more):
    """The command in this process; nothing that it says or writes holds the key."""
    run = CliRunner().invoke(app, arguments(server, output, *more))
    if run.exception and not isinstance(run.exception, SystemExit):
        raise run.exception
    assert KEY not in run.output
    if output.exists():
        assert not [path.name for path in output.rglob("*") if path.is_file() and KEY.encode() in path.read_bytes()]
    return run


def start(server, output, *more, **options):
    """The command in a process of its own."""
    command = [sys.executable, str(ROOT / "recipes" / "lemma.py"), *arguments(server, output, *more)]
    return subprocess.Popen(command, stderr=subprocess.PIPE, text=True, cwd=ROOT, start_new_session=True, **options)


def rows_of(directory, name="train"):
    return pq.read_table(directory / f"{name}.parquet").to_pylist()


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    """A run without trouble: its files and its number of requests."""
    directory = tmp_path_factory.mktemp("undisturbed") / "out"
    with serving(teacher) as server:
        run = CliRunner().invoke(app, arguments(server, directory))
    assert run.exit_code == 0, run.output
    return {name: (directory / name).read_bytes() for name in RESULT}, len(server.requests)


def same(directory, undisturbed):
    return {name: (directory / name).read_bytes() for name in RESULT} == undisturbed[0]


def test_a_second_run_asks_for_nothing_and_gives_the_same_bytes(tmp_path, undisturbed):
    with serving(teacher) as server:
        assert lemma(server, tmp_path / "out").exit_code == 0
        assert same(tmp_path / "out", undisturbed)
        asked = len(server.requests)
        assert lemma(server, tmp_path / "out").exit_code == 0
        assert same(tmp_path / "out", undisturbed)
    assert len(server.requests) == asked == undisturbed[1]
    assert lemma(server, tmp_path / "out").exit_code == 0, "nor does it need the server"
    calls = json.loads((tmp_path / "out" / "report.json").read_text())["calls"]
    assert all(call["tokens_in"] for call in calls)
    assert all(call["usd"] is None and call["unpriced"] == call["calls"] for call in calls)


AT_ONCE = [
    (
        (401, {"error": {"message": f"Incorrect API key provided: {KEY}."}}),
        "http_401: Incorrect API key provided: ***.",
    ),
    ((404, {"error": {"message": "The model `m` does not exist."}}), "http_404: The model `m` does not exist."),
    ((400, {"object": "error", "message": "top_p is not supported"}), "every request is refused"),
]


@pytest.mark.parametrize(("reply", "words"), AT_ONCE)
def test_what_no_request_can_survive_is_refused_at_once_in_one_line(tmp_path, reply, words):
    with serving(lambda body: reply, latency_s=0.05) as server:
        run = lemma(server, tmp_path / "out")
    assert run.exit_code == 2
    assert words in run.stderr
    assert run.stderr.strip().splitlines()[-1].startswith("error: ")
    assert len(server.requests) <= 100, "no more than were under way"
    with serving(teacher) as server:
        assert lemma(server, tmp_path / "out").exit_code == 0, "the same directory, with the trouble mended"


def test_no_server_at_the_start_is_refused(tmp_path):
    with serving(teacher) as server:
        pass
    run = lemma(server, tmp_path / "out")
    assert run.exit_code == 2
    assert f"{server.url}, model m: connection_failed" in run.stderr
    assert "start the server or mend the network" in run.stderr


def test_a_server_that_goes_away_stops_the_run_and_the_next_one_goes_on(tmp_path, undisturbed):
    served = []
    with serving(teacher) as server:

        def until_thirty(body):
            if len(served) == 30:
                threading.Thread(target=server.shutdown).start()
                server.socket.close()
                return None
            served.append(body)
            return teacher(body)

        server.reply = until_thirty
        run = lemma(server, tmp_path / "out")
    assert run.exit_code == 3
    assert "stopped: " in run.stderr
    assert "start the server or mend the network, then run again" in run.stderr
    assert not (tmp_path / "out" / "train.parquet").exists()
    with serving(teacher) as server:
        assert lemma(server, tmp_path / "out").exit_code == 0
    assert same(tmp_path / "out", undisturbed)
    assert len(server.requests) == undisturbed[1] - len(served), "no reply was lost"


def test_one_reply_of_10_mb_costs_one_row_and_is_asked_for_again_by_the_next_run(tmp_path, undisturbed):
    huge = []

    def reply(body):
        if "smooth" in body["messages"][0]["content"][:400].lower() and not huge:
            huge.append(body)
            return completion("x" * 10_000_000)
        return teacher(body)

    with serving(reply) as server:
        run = lemma(server, tmp_path / "out")
        assert run.exit_code == 0
        assert "note: a call failed for 1 rejected rows; the same command asks again" in run.stderr
        rejected = [row for row in rows_of(tmp_path / "out", "rejected") if row["reason"] == "reply_too_long"]
        assert [row["rejected_by"] for row in rejected] == ["smooth"]
        assert lemma(server, tmp_path / "out").exit_code == 0
    assert same(tmp_path / "out", undisturbed)
    assert len(server.requests) == undisturbed[1] + 1


def test_a_damaged_store_is_refused_and_untouched(tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "requests.sqlite").write_bytes(b"not a database, " * 1000)
    with serving(teacher) as server:
        run = lemma(server, tmp_path / "out")
    assert run.exit_code == 2
    assert "requests.sqlite: no request store, or a damaged one" in run.stderr
    assert server.requests == []
    assert (tmp_path / "out" / "requests.sqlite").read_bytes() == b"not a database, " * 1000


def test_a_full_disk_stops_the_run_and_nothing_stored_is_lost(tmp_path, undisturbed):
    """A limit on the size of files is to a program what a full disk is."""

    def small_files():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, 60_000))

    output = tmp_path / "out"
    # Python would leave its byte code cut off at the limit, for every process after it to stumble over
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    with serving(teacher, latency_s=0.01) as server:
        with start(server, output, preexec_fn=small_files, env=environment) as run:
            said = run.stderr.read()
        assert run.returncode == 3, said
        assert said.strip().splitlines()[-1].startswith("stopped: ")
        assert "free some space" in said
        assert KEY not in said
        stored = len(server.requests)
        assert lemma(server, output).exit_code == 0
    assert same(output, undisturbed)
    assert len(server.requests) <= undisturbed[1] + 100, "only what was under way is asked for again"
    assert stored > 0


@pytest.mark.parametrize("interrupts", [signal.SIG_DFL, signal.SIG_IGN])
def test_a_request_to_end_keeps_what_was_sent_and_the_next_run_goes_on(tmp_path, undisturbed, interrupts):
    """SIGTERM of a scheduler or a container, treated as Ctrl-C; also of a run that a script left in the background."""
    output = tmp_path / "out"
    told = threading.Event()

    def reply(body):  # a busy machine may look up late: no reply then brings the run to its end before it is told
        if len(server.requests) >= 40:
            told.wait(60)
        return teacher(body)

    with serving(reply) as server:
        with start(server, output, preexec_fn=lambda: signal.signal(signal.SIGINT, interrupts)) as run:
            while len(server.requests) < 40:
                assert run.poll() is None
                time.sleep(0.02)
            run.send_signal(signal.SIGTERM)
            time.sleep(1)
            told.set()
            said = run.stderr.read()
        assert run.returncode == 3, said
        assert "requests that were sent; Ctrl-C leaves them" in said
        assert said.strip().splitlines()[-1] == "stopped: interrupted; run the same command again to resume"
        assert lemma(server, output).exit_code == 0
    assert same(output, undisturbed)
    assert len(server.requests) == undisturbed[1], "not one request twice"


def test_kill_9_repeats_only_what_was_under_way(tmp_path, undisturbed):
    output = tmp_path / "out"
    with serving(teacher, latency_s=0.1) as server:
        with start(server, output) as run:
            while len(server.requests) < 60:
                assert run.poll() is None
                time.sleep(0.005)
            under_way = server.peak
            os.killpg(run.pid, signal.SIGKILL)
        server.latency_s = 0
        assert lemma(server, output).exit_code == 0
    assert same(output, undisturbed)
    assert len(server.requests) - undisturbed[1] <= max(under_way, server.peak)


def test_a_budget_stops_the_run_cleanly_and_a_larger_one_goes_on(tmp_path, undisturbed):
    prices = tmp_path / "prices.yaml"
    prices.write_text("- {model: m, input: 1000, cached: 1000, output: 1000}\n")  # 18 tokens: 1.8 cents a call
    output, options = tmp_path / "out", ["--prices", prices]
    with serving(teacher) as server:
        assert "no price is known for m" in lemma(server, output, "--budget-usd", 3).stderr
        run = lemma(server, output, *options, "--budget-usd", 3)
        assert run.exit_code == 3
        assert "stopped: budget of $3.00" in run.stderr
        asked = len(server.requests)
        assert 0 < asked <= 3 / 0.018
        again = lemma(server, output, *options, "--budget-usd", 3)
        assert again.exit_code == 3, "a budget is for the directory, not for each of its runs"
        assert asked <= len(server.requests) <= 3 / 0.018
        assert lemma(server, output, *options, "--budget-usd", 100).exit_code == 0
    assert len(server.requests) == undisturbed[1]
    report = json.loads((output / "report.json").read_text())
    assert sum(call["usd"] for call in report["calls"]) == pytest.approx(0.018 * undisturbed[1])


def test_a_run_through_the_batch_api_gives_the_same_rows_at_half_the_price(tmp_path, undisturbed, monkeypatch):
    monkeypatch.setattr(openai_compatible, "BATCH_QUIET_S", 0.3)
    monkeypatch.setattr(openai_compatible, "BATCH_POLL_S", 0.05)
    prices, told = tmp_path / "prices.yaml", {"usage": {"prompt_tokens": 10, "completion_tokens": 10}}
    prices.write_text(
        "- {model: m, input: 1000, cached: 1000, output: 1000}\n"
    )  # 20 tokens: 2 cents, half of it in batches
    with batch_server.serving(
        lambda key, body: batch_server.completion(answer(body["messages"], body["seed"]), **told)
    ) as server:
        run = lemma(server, tmp_path / "out", "--batch", "--prices", prices)
    assert run.exit_code == 0, run.stderr
    assert set(server.lines.values()) == {1}
    assert len(server.batches) < 15, "a batch per stage, or a few"
    report = json.loads((tmp_path / "out" / "report.json").read_text())
    assert report["run"]["requests_in_store"]["usd"] == pytest.approx(0.01 * undisturbed[1])
    directory = tmp_path / "plain"
    with serving(teacher) as plain:
        assert lemma(plain, directory).exit_code == 0
    texts = [[row["output"] for row in rows_of(where)] for where in (tmp_path / "out", directory)]
    assert texts[0] == texts[1]


def test_a_student_that_is_named_is_asked_although_the_recipe_has_recorded_samples(tmp_path):
    def reply(body):
        return completion(" 2 + 2 = 5.\nThe answer is: 5") if len(body["messages"]) == 1 else teacher(body)

    with serving(reply) as server:
        assert lemma(server, tmp_path / "out", "--student", f"vllm:{server.url}#pupil").exit_code == 0
    assert {row["student"] for row in rows_of(tmp_path / "out", "rejected")} >= {"pupil"}


def test_a_fault_of_ours_shows_no_key(tmp_path, monkeypatch):
    code = (
        "import sys; sys.path.insert(0, 'recipes')\n"
        "from lemma_steps.steps import FixContinue\nimport lemma\n"
        "def broken(self, row): raise KeyError('a fault')\n"
        "FixContinue.format_input = broken\nlemma.app()\n"
    )
    with serving(teacher) as server:
        command = [sys.executable, "-c", code, *arguments(server, tmp_path / "out")]
        run = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=120)
    assert run.returncode == 1
    assert "KeyError: 'a fault'" in run.stderr
    assert KEY not in run.stdout + run.stderr


def test_stock_distilabel_runs_the_saved_pipeline_with_the_same_rows_from_the_same_store(tmp_path):
    code = (
        "import json, sys; from pathlib import Path\n"
        "from distilabel.pipeline import Pipeline\n"
        "if __name__ == '__main__':\n"
        "    distiset = Pipeline.from_yaml(sys.argv[1]).run(use_cache=False)\n"
        "    Path(sys.argv[2]).write_text(json.dumps([dict(row) for row in distiset['default']['train']]))\n"
    )
    script, output = tmp_path / "stock.py", tmp_path / "out"
    script.write_text(code)
    env = {
        **os.environ,
        "DISTILABEL_LOG_LEVEL": "ERROR",
        "DISTILABEL_CACHE_DIR": str(tmp_path / "cache"),
        "HF_HUB_OFFLINE": "1",
    }
    with serving(teacher) as server:
        assert lemma(server, output).exit_code == 0
        asked = len(server.requests)
        command = [sys.executable, str(script), str(output / "pipeline.yaml"), str(tmp_path / "rows.json")]
        run = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=600)
        assert run.returncode == 0, run.stderr[-2000:]
    assert len(server.requests) == asked
    rows = json.loads((tmp_path / "rows.json").read_text())
    ours = [{**row, "rejected_by": None, "reason": None, "detail": None} for row in rows_of(output)] + rows_of(
        output, "rejected"
    )
    order = lambda row: (row["problem_id"], row["id"] or "")  # noqa: E731
    assert sorted(rows, key=order) == sorted(ours, key=order)
    assert KEY not in (output / "pipeline.yaml").read_text() + run.stderr + run.stdout
