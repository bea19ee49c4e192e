"""The engine's drills against the simulated endpoint: a failing call, kills, and a mix of faults.

Each drives the public command line in processes of its own and gives back the figures, raw ones included. The benchmark
runs them at full size, the tests at a small one.
"""

from __future__ import annotations

import hashlib
import json
import random
import sqlite3
import sys
import time
from collections import Counter
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import pyarrow.parquet as pq
import yaml
from engine_processes import RECIPE, RESULT_FILES, EndpointProcess, RequestLog, Run, Watched

FAULT_MIX = {
    "too_many": 0.05,
    "too_many_with_retry_after": 0.05,
    "server_error": 0.05,
    "dropped": 0.02,
    "truncated": 0.01,
    "garbage": 0.01,
}
"""10 % 429, 5 % 500, 2 % dropped connections, 1 % truncated, 1 % garbage."""
NO_FAULTS = dict.fromkeys(FAULT_MIX, 0.0)
CALLS_PER_PROBLEM = 6
STALLED_S = 180.0
"""A re-run that has neither sent a request nor ended by then hangs."""


@dataclass(frozen=True)
class Bench:
    """One set of problems, one configuration of the longest chain, one endpoint.

    The chain has six calls per problem: sample_student, classify_errors, inject_error, locate_first_error, fix_continue
    and smooth. The injected error is a calculation error, which the rule-based locator confirms.
    """

    scratch: Path
    endpoint: EndpointProcess
    problems: Path
    count: int
    in_flight: int

    @classmethod
    def make(
        cls, scratch: Path, endpoint: EndpointProcess, problems: Path, count: int, in_flight: int, **settings: Any
    ) -> Self:
        """Write the configuration and the distribution of error types beside the problems.

        Args:
            scratch: the folder for everything that is made.
            endpoint: where the models are.
            problems: the problem file.
            count: how many problems it has.
            in_flight: the cap.
            settings: further settings of the recipe.
        """
        only = scratch / "calculation_errors.json"
        only.write_text(json.dumps({"source": "made", "student": "sim", "n": 1, "counts": {"CA": 1}}), encoding="utf-8")
        config = {
            "problems": [str(problems)],
            "teacher": f"vllm:{endpoint.url}#sim",
            "distribution": str(only),
            "ablate": ["fresh-restart"],
            "max_in_flight": in_flight,
            "sampling": {"temperature": 0.7, "max_new_tokens": 2048},
            "student_sampling": {"temperature": 0.7, "max_new_tokens": 1024},
            "steps": {
                "sample_student": {"n_samples": 1},
                "error_type_sampler": {"n_errors": 1, "student_share": 0.0, "floor": 0.0},
                "fix_continue": {"reference": "gold"},
            },
            **settings,
        }
        (scratch / "chain.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
        return cls(scratch, endpoint, problems, count, in_flight)

    def options(self, output: Path) -> list[str]:
        """The options of the command line."""
        url = f"vllm:{self.endpoint.url}#sim"
        config = str(self.scratch / "chain.yaml")
        return ["--config", config, "--teacher", url, "--student", url, "--output", str(output)]

    def command(self, output: Path) -> Watched:
        """The public command line, as a process of its own."""
        return Watched([sys.executable, str(RECIPE), *self.options(output)], self.scratch)

    def run(self, output: Path, log: RequestLog) -> Run:
        """The command, however it ends."""
        return self.command(output).run(log.growth())

    def whole(self, output: Path, log: RequestLog) -> Run:
        """An undisturbed run.

        Raises:
            RuntimeError: it did not end with 0.
        """
        run = self.run(output, log)
        if run.returncode:
            raise RuntimeError(f"the run ended with {run.returncode}: {run.output[-2000:]}")
        return run


def digests(output: Path) -> dict[str, str]:
    """SHA-256 of the files whose bytes must not depend on what happened on the way."""
    return {name: hashlib.sha256((output / name).read_bytes()).hexdigest() for name in RESULT_FILES}


def rows_of(output: Path, name: str) -> list[dict[str, Any]]:
    """Rows of `train` or `rejected`, the columns that say what became of them."""
    rows = pq.read_table(output / f"{name}.parquet").to_pylist()
    return [{key: row.get(key) for key in ("id", "problem_id", "question", "rejected_by", "reason")} for row in rows]


def undisturbed(bench: Bench) -> tuple[Path, Path, dict[str, Any]]:
    """One run without latency: its directory, the record of its prompts, and what it made."""
    output, record = bench.scratch / "undisturbed", bench.scratch / "record.jsonl"
    before = bench.endpoint.control()["latency"]
    log = bench.endpoint.new_log(latency=0.0, record=str(record))
    run = bench.whole(output, log)
    bench.endpoint.control(latency=before, record=None)
    counts = log.counts()
    return (
        output,
        record,
        {
            "problems": bench.count,
            "kept": len(rows_of(output, "train")),
            "calls": len(counts),
            "calls_per_problem": round(len(counts) / bench.count, 3),
            "calls_repeated": counts.total() - len(counts),
            "seconds_without_latency": round(run.ended - log.first(), 2),
        },
    )


def failing_call(bench: Bench, record: Path, reference: Path) -> dict[str, Any]:
    """One call that always fails costs one row, and the next run without the failure makes it good.

    Args:
        record: bodies of an undisturbed run, from which the call to `fix_continue` of one problem is taken.
        reference: the directory of an undisturbed run.
    """
    entries = [json.loads(line) for line in record.read_text(encoding="utf-8").splitlines()]
    calls = [entry for entry in entries if _title(entry) == "# Task: Fix and continue"]
    failing = random.Random(7).choice(calls)
    output = bench.scratch / "failing"
    log = bench.endpoint.new_log(failing=[failing["key"]])
    first = bench.run(output, log)
    rejected = rows_of(output, "rejected") if first.returncode == 0 else []
    before = {row["id"] for row in rows_of(reference, "rejected")}
    lost = [row for row in rejected if row["id"] not in before]
    again = bench.endpoint.new_log(failing=[])
    second = bench.run(output, again)
    repeated = again.counts()
    return {
        "failing_rows_rejected": len(lost),
        "failing_reasons": sorted({str(row["reason"]) for row in lost}),
        "failing_right_row": [row["question"] for row in lost] == [failing["problem"]],
        "failing_attempts": log.counts()[failing["key"]],
        "failing_requests_of_next_run": repeated.total(),
        "failing_kept_next_run": second.returncode == 0 and digests(output) == digests(reference),
        "failing_returncodes": [first.returncode, second.returncode],
    }


def _title(entry: dict[str, Any]) -> str:
    messages = entry["body"].get("messages") or [{"content": ""}]
    return messages[0]["content"].partition("\n")[0]


def kills(bench: Bench, reference: Path, expected_s: float, times: int = 10, seed: int = 0) -> dict[str, Any]:
    """`kill -9` of the whole process group at random moments of one run, the same command again after each.

    In flight means sent and not committed: the contents in the log less the replies in the store, and never more than the cap,
    since a request holds its place until its reply is on disk. `in_flight_by_log` is what the endpoint alone can tell: what
    it had not answered, or answered in the last 50 ms; a process that waits for a core leaves replies unread for longer.

    Args:
        reference: the directory of an undisturbed run.
        expected_s: seconds that an undisturbed run takes from its first request.
        times: how many kills.
        seed: of the moments.
    """
    draw = random.Random(seed)
    output, log = bench.scratch / "killed", bench.endpoint.new_log()
    moments: list[dict[str, Any]] = []
    tried = survived = 0
    finished, pending = None, False
    while tried < times and finished is None:
        left = max(0.1, 1 - len(log.counts()) / (CALLS_PER_PROBLEM * bench.count))
        delay = draw.uniform(0, 1.8 * left * expected_s / (times - tried + 1))
        try:
            run = bench.command(output).run(log.growth(), delay, STALLED_S + expected_s * 3)
        except TimeoutError:
            break
        survived += pending and run.returncode in (0, -9)
        if run.returncode != -9:
            finished = run
            break
        tried, pending = tried + 1, True
        time.sleep(0.3)  # what was sent before the kill may be read after it
        by_log, stored = log.in_flight_at(run.ended, time.time()), _stored(output)
        missing = len(log.counts()) - stored
        moments.append(
            {
                "after_s": round(delay, 2),
                "stored": stored,
                "not_committed": missing,
                "in_flight": min(missing, bench.in_flight),
                "in_flight_by_log": by_log,
            }
        )
    if finished is None and (tried == times):
        finished = bench.command(output).run(log.growth(), timeout=STALLED_S + expected_s * 3)
        survived += finished.returncode == 0
    counts = log.counts()
    repeated = counts.total() - len(counts)
    in_flight, by_log = (sum(moment[name] for moment in moments) for name in ("in_flight", "in_flight_by_log"))
    ended = finished is not None and finished.returncode == 0
    return {
        "kills_tried": tried,
        "kills_survived": survived,
        "kills_lost": times - survived,
        "kill_moments": moments,
        "requests": counts.total(),
        "distinct_requests": len(counts),
        "repeated": repeated,
        "in_flight_at_kills": in_flight,
        "in_flight_at_kills_by_log": by_log,
        "repeated_beyond_in_flight": max(0, repeated - in_flight),
        "kills_same_bytes": ended and digests(output) == digests(reference),
        "kills_last_output": "" if ended or finished is None else finished.output[-1000:],
    }


def _stored(output: Path) -> int:
    """Requests whose reply is on disk after a kill."""
    path = output / "requests.sqlite"
    if not path.exists():
        return 0
    with closing(sqlite3.connect(path)) as store:
        return store.execute("SELECT count(DISTINCT key) FROM reply WHERE text IS NOT NULL").fetchone()[0]


def fault_mix(bench: Bench, reference: Path, fault_free_s: float) -> dict[str, Any]:
    """The mix of faults: what became of every row, how often each request was sent, and how long it took.

    Args:
        reference: the directory of an undisturbed run.
        fault_free_s: wall time of an undisturbed run from its first request.
    """
    output, log = bench.scratch / "faults", bench.endpoint.new_log(**FAULT_MIX)
    run = bench.run(output, log)
    bench.endpoint.control(**NO_FAULTS)
    if run.returncode:
        return {
            "fault_returncode": run.returncode,
            "fault_output": run.output[-1000:],
            "fault_rows_unaccounted": bench.count,
        }
    kept, rejected = rows_of(output, "train"), rows_of(output, "rejected")
    seconds = (output / "train.parquet").stat().st_mtime - log.first()
    answers = Counter(line.status for line in log.lines() if line.event == "answered")
    budget = request_budget(output)
    again = bench.endpoint.new_log()
    rerun = bench.run(output, again)
    return {
        "fault_returncode": 0,
        "fault_rows_unaccounted": unaccounted(bench.problems, kept, rejected),
        "fault_kept": len(kept),
        "fault_rejected": dict(Counter(str(row["reason"]) for row in rejected)),
        "fault_seconds": round(seconds, 2),
        "fault_time_ratio": round(seconds / fault_free_s, 3),
        "fault_answers": {str(status): count for status, count in sorted(answers.items())},
        "fault_requests": log.counts().total(),
        "fault_most_attempts": max(log.attempts().values()),
        "fault_budget": budget,
        "fault_beyond_budget": sum(count > budget for count in log.attempts().values()) if budget else None,
        "fault_rerun": {
            "returncode": rerun.returncode,
            "requests": again.counts().total(),
            "kept": len(rows_of(output, "train")),
            "kept_undisturbed": len(rows_of(reference, "train")),
        },
    }


def unaccounted(problems: Path, kept: list[dict[str, Any]], rejected: list[dict[str, Any]]) -> int:
    """Problems that are neither kept nor rejected, rows that are both or twice, and rejected rows without a reason."""
    questions = {json.loads(line)["question"] for line in problems.read_text(encoding="utf-8").splitlines()}
    seen = Counter(row["question"] for row in [*kept, *rejected])
    twice = sum(count - 1 for count in seen.values())
    return len(questions - set(seen)) + twice + sum(not (row["reason"] and row["rejected_by"]) for row in rejected)


def request_budget(output: Path) -> int | None:
    """How often a request may be sent, as the run's `pipeline.yaml` says; None where it does not."""
    found = _values(yaml.safe_load((output / "pipeline.yaml").read_text(encoding="utf-8")), "max_attempts")
    return max(found, default=None)


def _values(node: Any, name: str) -> list[int]:
    children = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
    own = [node[name]] if isinstance(node, dict) and isinstance(node.get(name), int) else []
    return own + [value for child in children for value in _values(child, name)]
