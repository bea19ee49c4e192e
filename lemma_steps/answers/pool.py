"""A pool of comparing processes that can be killed, for use from any thread, event loop or daemonic process.

pebble's `ProcessPool` was the first choice and does not fit: under `spawn` and `forkserver` it imports the caller's
`__main__` again, and multiprocessing forbids it in daemonic processes. A worker here is a plain `subprocess` with two
pipes (`worker.py`).
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from itertools import islice
from typing import Self

from lemma_steps.answers.compare import judge, quick
from lemma_steps.answers.extract import extract_answer
from lemma_steps.answers.gold import gold_of
from lemma_steps.answers.verbatim import restates
from lemma_steps.answers.verdict import Verdict
from lemma_steps.answers.worker import PATIENCE

TIMEOUT_S = 3.0
START_LIMIT_S = 120.0
_SHARE = 0.9
"""The part of a time limit that a comparison may use; the rest is for its end and the way back."""
_GRACE_S = 1.0
"""A process that neither answers nor reports a killed comparison for this long is killed from here."""
_WINDOW = 64


class _Worker:
    """One comparing process. `ask` may be called by one thread at a time."""

    def __init__(self) -> None:
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "lemma_steps.answers.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
            text=True,
        )
        self._lines: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._ready = False
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as lines:
            for line in lines:
                self._lines.put(line.strip())
        self._lines.put("")

    def wait_ready(self) -> None:
        """Wait for the imports. Raises RuntimeError when the process cannot start."""
        if not self._ready:
            with contextlib.suppress(queue.Empty):
                self._ready = bool(self._lines.get(timeout=START_LIMIT_S))
            if not self._ready:
                self.kill()
                raise RuntimeError("no answer-checking process within its time to start")

    def send(self, rules: str, gold: str, prediction: str, limit_s: float) -> None:
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError):  # it died: the reader says so
            self._process.stdin.write(json.dumps([rules, gold, prediction, limit_s]) + "\n")
            self._process.stdin.flush()

    def reply(self, wait_s: float) -> str | None:
        """The next verdict; "" or None when the process is dead or says nothing in time."""
        try:
            return self._lines.get(timeout=wait_s)
        except queue.Empty:
            return None

    def kill(self) -> None:
        """End the process; a child of it that still compares ends by itself (`worker.py`)."""
        assert self._process.stdin is not None
        with contextlib.suppress(OSError):
            self._process.stdin.close()
        self._process.kill()
        self._process.wait()


class VerifyPool:
    """Killable processes behind `submit`.

    Processes start when the first answer needs algebra and are shared by all callers; after a fork the child starts
    its own.

    Args:
        workers: comparisons at a time; the number of cores when None.
        timeout_s: seconds of CPU time that one comparison may take, counted from when a process takes it; a busy machine
            changes no verdict.
    """

    def __init__(self, workers: int | None = None, timeout_s: float = TIMEOUT_S) -> None:
        self.workers = workers or os.cpu_count() or 1
        self.timeout_s = timeout_s
        self._open()

    def _open(self) -> None:
        self._pid = os.getpid()
        self._idle: queue.LifoQueue[_Worker | None] = queue.LifoQueue()
        self._started = 0
        self._lock = threading.Lock()
        self._threads = ThreadPoolExecutor(self.workers, thread_name_prefix="verify")

    def submit(self, gold: str, prediction: str, *, timeout_s: float | None = None) -> Future[Verdict]:
        """The verdict to come. Plain numbers and words are decided at once; use `asyncio.wrap_future` in a loop."""
        if restates(gold, prediction):
            return decided(Verdict.RIGHT)
        target, answer = gold_of(gold), extract_answer(prediction)
        verdict = judge(target, answer, quick) if target and answer else Verdict.UNPARSED
        if verdict is None:
            assert target is not None
            assert answer is not None
            return self.compare("strict", target, answer, timeout_s=timeout_s)
        return decided(verdict)

    def compare(self, rules: str, gold: str, prediction: str, *, timeout_s: float | None = None) -> Future[Verdict]:
        """The verdict on two answers as extracted, from a process.

        Args:
            rules: `strict` or `qwen` (`worker.py`).
        """
        if os.getpid() != self._pid:
            self._open()
        return self._threads.submit(self._compare, rules, gold, prediction, timeout_s or self.timeout_s)

    def _start(self) -> None:
        try:
            worker = _Worker()
            worker.wait_ready()
        except (OSError, RuntimeError):
            self._forget()
            self._idle.put(None)
        else:
            self._idle.put(worker)

    def _forget(self) -> None:
        with self._lock:
            self._started -= 1

    def _take(self) -> _Worker:
        """The first process that is free: a warm one, or the one that starts now, whichever comes first."""
        with contextlib.suppress(queue.Empty):
            if (warm := self._idle.get_nowait()) is not None:
                return warm
        with self._lock:
            if start := self._started < self.workers:
                self._started += 1
        if start:
            threading.Thread(target=self._start, daemon=True).start()
        if (worker := self._idle.get()) is None:
            raise RuntimeError("an answer check did not start; `python -m lemma_steps.answers.worker` says why")
        return worker

    def _compare(self, rules: str, gold: str, prediction: str, timeout_s: float) -> Verdict:
        worker = self._take()
        limit = _SHARE * timeout_s
        worker.send(rules, gold, prediction, limit)
        reply = worker.reply(PATIENCE * limit + _GRACE_S)
        if not reply:
            self._forget()
            worker.kill()
            return Verdict.TIMED_OUT
        self._idle.put(worker)
        return Verdict(reply)

    def close(self) -> None:
        """Let running comparisons end, drop waiting ones, end the processes."""
        self._threads.shutdown(cancel_futures=True)
        with contextlib.suppress(queue.Empty):
            while True:
                if (worker := self._idle.get_nowait()) is not None:
                    worker.kill()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def decided(verdict: Verdict) -> Future[Verdict]:
    """A verdict that took no process, as `submit` returns it."""
    future: Future[Verdict] = Future()
    future.set_result(verdict)
    return future


_shared: VerifyPool | None = None
_shared_lock = threading.Lock()


def shared_pool() -> VerifyPool:
    """The pool that all of one process share; its processes end with the process."""
    global _shared
    with _shared_lock:
        if _shared is None:
            _shared = VerifyPool()
        return _shared


def verify(gold: str, prediction: str, *, timeout_s: float = TIMEOUT_S) -> Verdict:
    """The verdict on one answer, from any thread, in at most `timeout_s` seconds of CPU time.

    Args:
        gold: a gold answer, or a gold solution with a `####` line or a box.
        prediction: a whole solution or a bare answer.
    """
    return shared_pool().submit(gold, prediction, timeout_s=timeout_s).result()


def verify_many(
    pairs: Iterable[tuple[str, str]], workers: int | None = None, timeout_s: float = TIMEOUT_S
) -> Iterator[Verdict]:
    """Verdicts on (gold, prediction) pairs in order, reading at most a window of pairs ahead of the consumer.

    `workers` asks for a pool of its own; by default the processes are those that `verify` uses, warm if it was called.
    """
    pool = VerifyPool(workers) if workers else shared_pool()
    try:
        yield from in_order(pool, partial(pool.submit, timeout_s=timeout_s), pairs)
    finally:
        if workers:
            pool.close()


def in_order(
    pool: VerifyPool, submit: Callable[[str, str], Future[Verdict]], pairs: Iterable[tuple[str, str]]
) -> Iterator[Verdict]:
    """Verdicts on pairs in order, of which at most a window is submitted to `pool` ahead of the consumer."""
    stream = iter(pairs)
    waiting = deque(submit(*pair) for pair in islice(stream, _WINDOW * pool.workers))
    try:
        while waiting:
            yield waiting.popleft().result()
            waiting.extend(submit(*pair) for pair in islice(stream, 1))
    finally:
        for future in waiting:
            future.cancel()
