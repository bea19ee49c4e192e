"""The pool where it has to work: threads, event loops, forks, distilabel's processes; and what it must survive."""

from __future__ import annotations

import asyncio
import itertools
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from multiprocessing import get_context
from multiprocessing.queues import Queue

import pytest

from lemma_steps.answers import Verdict, VerifyPool, verify, verify_many

ALGEBRA = ("(x+1)(x+2)", "x^2+3x+2")
BOMB = r"\binom{1000000}{500000}"
posix = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")


def test_importing_loads_no_algebra() -> None:
    code = "import sys, lemma_steps.answers; print([m for m in ('sympy', 'math_verify', 'distilabel') if m in sys.modules])"
    assert (
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"
    )


def test_works_in_threads() -> None:
    with ThreadPoolExecutor(8) as threads:
        assert set(threads.map(lambda _: verify(*ALGEBRA), range(16))) == {Verdict.RIGHT}


def test_works_in_an_event_loop_without_blocking_it(pool: VerifyPool) -> None:
    async def main() -> tuple[Verdict, int]:
        pending = asyncio.wrap_future(pool.submit("x+1", BOMB, timeout_s=1.0))
        ticks = 0
        while not pending.done():
            await asyncio.sleep(0.02)
            ticks += 1
        return await pending, ticks

    verdict, ticks = asyncio.run(main())
    assert verdict is Verdict.TIMED_OUT
    assert ticks > 10


def test_verify_many_keeps_the_order() -> None:
    pairs = [("7", "7"), ALGEBRA, ("7", "8"), ("x+1", "x+2"), ("", "1"), ("x+1", BOMB), ("1/2", "0.5")]
    expected = ["right", "right", "wrong", "wrong", "unparsed", "timed_out", "right"]
    assert [str(v) for v in verify_many(pairs, workers=2)] == expected


def test_verify_many_reads_an_endless_stream_only_a_window_ahead() -> None:
    read = 0

    def endless() -> Iterator[tuple[str, str]]:
        nonlocal read
        for n in itertools.count():
            read += 1
            yield str(n), str(n)

    assert set(itertools.islice(verify_many(endless(), workers=1), 500)) == {Verdict.RIGHT}
    assert read <= 500 + 100


def test_bombs_cost_no_other_row_its_verdict() -> None:
    pairs = [("x+1", BOMB) if n % 5 == 0 else ("x+1", "1+x") for n in range(20)]
    with VerifyPool(workers=2, timeout_s=1.0) as pool:
        pool.submit(*ALGEBRA).result()
        verdicts = [future.result() for future in [pool.submit(*pair) for pair in pairs]]
    assert verdicts == [Verdict.TIMED_OUT if n % 5 == 0 else Verdict.RIGHT for n in range(20)]


def _verify_in_child(results: Queue[str]) -> None:
    results.put(str(verify(*ALGEBRA)))


@posix
def test_a_forked_child_of_a_process_with_a_running_pool_starts_its_own() -> None:
    assert verify(*ALGEBRA) is Verdict.RIGHT
    context = get_context("fork")
    results = context.Queue()
    child = context.Process(target=_verify_in_child, args=(results,), daemon=True)  # as strict as multiprocessing gets
    child.start()
    assert results.get(timeout=60) == "right"
    child.join(10)


@posix
def test_processes_end_when_their_parent_is_killed() -> None:
    code = (
        "import os, sys; from lemma_steps.answers import VerifyPool; p = VerifyPool(1); p.submit('x+1', '1+x').result();"
        f"p.submit('x+1', {BOMB!r}); print(os.getpid(), flush=True); import time; time.sleep(60)"
    )
    parent = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    parent.stdout.readline()
    workers = subprocess.run(["pgrep", "-P", str(parent.pid)], capture_output=True, text=True).stdout.split()
    children = [
        child
        for worker in workers
        for child in subprocess.run(["pgrep", "-P", worker], capture_output=True, text=True).stdout.split()
    ]
    assert workers
    assert children
    os.kill(parent.pid, signal.SIGKILL)
    parent.wait()
    parent.stdout.close()
    deadline = time.monotonic() + 10
    while (alive := [pid for pid in workers + children if _is_running(pid)]) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert alive == []


def _is_running(pid: str) -> bool:
    state = subprocess.run(["ps", "-o", "stat=", "-p", pid], capture_output=True, text=True).stdout.strip()
    return bool(state) and not state.startswith("Z")


def test_works_in_a_step_of_a_stock_distilabel_pipeline() -> None:
    code = """
from distilabel.pipeline import Pipeline
from distilabel.steps import LoadDataFromDicts, StepInput, step
from lemma_steps.answers import verify

@step(inputs=["gold", "text"], outputs=["verdict"])
def Check(inputs: StepInput):
    yield [row | {"verdict": str(verify(row["gold"], row["text"]))} for row in inputs]

if __name__ == "__main__":
    rows = [{"gold": "x+1", "text": "1+x"}, {"gold": "x+1", "text": "x"}, {"gold": "5", "text": "5"}]
    with Pipeline(name="answers") as pipeline:
        LoadDataFromDicts(data=rows) >> Check()
    print(list(pipeline.run(use_cache=False)["default"]["train"]["verdict"]))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert done.stdout.strip().endswith("['right', 'wrong', 'right']"), done.stderr[-2000:]


@posix
def test_a_busy_machine_changes_no_verdict() -> None:
    """A process that is stopped most of the time gets as far as one that is not."""
    slow = (r"\frac{\sqrt{3}+x^{12}}{(x+1)^9}", r"\frac{x^{12}+\sqrt 3}{(1+x)^9}")
    with VerifyPool(workers=1, timeout_s=1.5) as pool:
        assert pool.submit(*ALGEBRA).result() is Verdict.RIGHT  # started and warm
        [worker] = [worker for worker in pool._idle.queue if worker is not None]
        found = subprocess.run(["pgrep", "-P", str(worker._process.pid)], capture_output=True, text=True, check=True)
        [child] = map(int, found.stdout.split())
        future = pool.submit(*slow)
        for _ in range(10):
            os.kill(child, signal.SIGSTOP)
            time.sleep(0.2)
            os.kill(child, signal.SIGCONT)
            time.sleep(0.01)
        assert future.result() is Verdict.RIGHT
