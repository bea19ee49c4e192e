"""The processes of the engine's benchmark and drills: the simulated endpoint with its log, and runs of the recipe.

Runs are watched through /proc, so `Watched` needs Linux; the endpoint runs everywhere.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
RECIPE = HERE.parent / "recipes" / "lemma.py"
POLL_S = 0.02
WORKERS_S = 0.5
"""Seconds between two looks at the workers' CPU time."""
TICKS = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100
RESULT_FILES = ("train.parquet", "train.jsonl", "rejected.parquet")


@dataclass(frozen=True, slots=True)
class LogLine:
    """One event in the endpoint's log."""

    time: float
    event: str
    key: str
    status: int
    in_flight: int
    prompt: str


class RequestLog:
    """The log that one simulated endpoint writes; read whole, whenever asked."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def lines(self) -> list[LogLine]:
        """All whole lines so far."""
        text = self.path.read_text(encoding="utf-8") if self.path.exists() else ""
        rows = (line.split("\t") for line in text[: text.rfind("\n") + 1].splitlines())
        return [LogLine(float(a), b, c, int(d), int(e), f) for a, b, c, d, e, f in rows]

    def counts(self) -> Counter[str]:
        """How often each key was received."""
        return Counter(line.key for line in self.lines() if line.event == "received")

    def attempts(self) -> Counter[str]:
        """How often each prompt was received, whatever its seed."""
        return Counter(line.prompt for line in self.lines() if line.event == "received")

    def growth(self) -> Callable[[], bool]:
        """Tells whether there is a line more than now."""
        size = self.path.stat().st_size
        return lambda: self.path.stat().st_size > size

    def first(self) -> float:
        """When the first request was received.

        Raises:
            ValueError: there was none.
        """
        return min(line.time for line in self.lines() if line.event == "received")

    def in_flight_at(self, moment: float, until: float, commit_s: float = 0.05) -> int:
        """Requests sent but not committed at a kill: under way, answered at most `commit_s` before it, or read after it.

        Args:
            moment: when the kill was sent, seconds since the epoch.
            until: when the next run began; what the endpoint read in between had been sent before the kill.
            commit_s: time in which a reply must be on disk.
        """
        lines = self.lines()
        sent = sum(line.event == "received" and line.time < until for line in lines)
        committed = sum(line.event == "answered" and line.time < moment - commit_s for line in lines)
        given_up = sum(line.event == "gone" and line.time < moment for line in lines)
        return sent - committed - given_up


class EndpointProcess:
    """The simulated endpoint in a process of its own, until the block ends.

    Args:
        scratch: folder for its logs.
        problems: the file whose questions its student knows.
        options: of `simulated_behaviour.Behaviour`.
    """

    def __init__(self, scratch: Path, problems: Path, **options: Any) -> None:
        self._scratch, self._problems, self._options = scratch, problems, options
        self._logs = 0

    def __enter__(self) -> EndpointProcess:
        command = [sys.executable, str(HERE / "simulated_endpoint.py"), "--problems", str(self._problems)]
        quiet = {**os.environ, "PYTHONWARNINGS": "ignore"}
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=quiet)
        assert self._process.stdout is not None
        self.url = self._process.stdout.readline().strip()
        if not self.url:
            raise RuntimeError("the simulated endpoint did not start")
        if self._options:
            self.control(**self._options)
        return self

    def __exit__(self, *error: object) -> None:
        self._process.kill()
        self._process.communicate()

    def control(self, **change: Any) -> dict[str, Any]:
        """Change the behaviour (or nothing); what the endpoint says of itself."""
        data = json.dumps(change).encode() if change else None
        with urllib.request.urlopen(self.url.removesuffix("/v1") + "/control", data, timeout=60) as reply:
            return json.load(reply)

    def new_log(self, **change: Any) -> RequestLog:
        """Begin a new log, change the behaviour if so wanted, and forget how often a content was sent."""
        self._logs += 1
        path = self._scratch / f"requests-{self._logs}.log"
        self.control(log=str(path), **change)
        return RequestLog(path)


@dataclass
class Run:
    """What a process took.

    Attributes:
        returncode: its exit code, negative for a signal.
        started, ended: seconds since the epoch.
        cpu_s: user and system time of the process and its workers.
        own_cpu_s: without the workers.
        start_up_cpu_s: what it had used when the watched moment came; None if it never came.
        peak_mb: peak resident memory.
        output: standard output and error.
    """

    returncode: int
    started: float
    ended: float
    cpu_s: float
    own_cpu_s: float
    start_up_cpu_s: float | None
    peak_mb: float
    output: str


@dataclass
class Watched:
    """A process in a group of its own that is watched, and killed with its group when asked."""

    command: Sequence[str]
    scratch: Path

    def run(
        self, begun: Callable[[], bool] = lambda: False, kill_after: float | None = None, timeout: float = 3600
    ) -> Run:
        """Run to the end, or until `kill_after` seconds after `begun` first held; then `kill -9` for the whole group.

        Raises:
            TimeoutError: it neither ended nor was to be killed in time; it is killed.
        """
        out = self.scratch / f"output-{time.monotonic_ns()}.txt"
        # as on a user's machine, byte code is kept: an environment that forbids it compiles all libraries at every start
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        with out.open("wb") as file:
            started = time.time()
            process = subprocess.Popen(
                self.command, stdout=file, stderr=subprocess.STDOUT, start_new_session=True, env=environment
            )
        start_up, begin, own = None, None, 0.0
        workers, looked = 0.0, 0.0
        try:
            while os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT | os.WNOHANG) is None:
                time.sleep(POLL_S)
                if begin is None and begun():
                    begin, start_up = time.time(), _cpu(process.pid)
                if (now := time.monotonic()) > looked + WORKERS_S:
                    workers, looked = max(workers, _workers_cpu(process.pid)), now
                if kill_after is not None and begin is not None and time.time() >= begin + kill_after:
                    break
                if time.time() > started + timeout:
                    raise TimeoutError(f"{' '.join(self.command)}: still running after {timeout:g} s")
            ended = time.time()
            own = _cpu(process.pid)
        finally:
            _kill_group(process.pid)
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        return Run(
            returncode=process.returncode,
            started=started,
            ended=ended,
            cpu_s=usage.ru_utime + usage.ru_stime + workers,
            own_cpu_s=own,
            start_up_cpu_s=start_up,
            peak_mb=usage.ru_maxrss / 1024,
            output=out.read_text(encoding="utf-8", errors="replace"),
        )


def _kill_group(pid: int) -> None:
    try:
        os.killpg(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def _stat(pid: int | str) -> list[str]:
    return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()


def _cpu(pid: int) -> float:
    """User and system seconds of all threads of a process, also of one that has just ended."""
    fields = _stat(pid)
    return (int(fields[11]) + int(fields[12])) / TICKS


def _workers_cpu(group: int) -> float:
    """User and system seconds of the other processes of a group: workers that nobody will wait for when they end."""
    total = 0
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != group:
            try:
                fields = _stat(entry.name)
            except OSError:  # it has just ended
                continue
            total += (int(fields[11]) + int(fields[12])) * (int(fields[2]) == group)
    return total / TICKS
