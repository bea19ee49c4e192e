"""A comparing process: one task per line on stdin, one verdict per line on stdout, both JSON in ASCII.

A task names its rules: `strict`, those of `verify`, or `qwen`, those of the published code. The process imports the
algebra once and forks a child that compares; when the child is killed the next one is there in milliseconds. Where
there is no fork (Windows) the process compares itself and its end is the reply.

The limit is CPU time, so that a busy machine changes no verdict, and the system enforces it, with no cooperation of the
interpreter: a single huge integer power never gives the lock back. A watchdog of `PATIENCE` times as many seconds by the
clock stands behind it (and alone on Windows). So nothing outlives the caller for long: idle, the processes end when
stdin closes or the parent changes; busy, when the limit or the watchdog ends them.
"""

from __future__ import annotations

import contextlib
import faulthandler
import json
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from functools import cache
from typing import IO

from lemma_steps.answers.verdict import Verdict

MEMORY_BYTES = 3 << 30
PATIENCE = 10
"""Seconds by the clock that a comparison may take for each second of its limit, on a machine with other work."""


def _limit_memory() -> None:
    with contextlib.suppress(ImportError, ValueError, OSError):  # Windows has no such limit; macOS refuses it
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, resource.getrlimit(resource.RLIMIT_AS)[1]))


def _end_with(parent: int) -> None:
    """A fork of the parent may hold our stdin open after the parent is gone: watch the parent's id as well."""
    while os.getppid() == parent:
        time.sleep(0.5)
    os._exit(1)


def _watch_parent() -> None:
    threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()


@cache
def _judge(rules: str) -> Callable[[str, str], Verdict]:
    """The comparison of a rule set, gold first."""
    if rules == "qwen":
        from lemma_steps.answers.qwen import equal, symbolic

        symbolic.equal("x", "(1,2]")  # builds the tables of all parsers
        return lambda gold, prediction: (
            Verdict.RIGHT if equal.equal(prediction, gold, symbolic.equal) else Verdict.WRONG
        )
    from lemma_steps.answers.compare import judge
    from lemma_steps.answers.symbolic import scalar

    return lambda gold, prediction: judge(gold, prediction, scalar) or Verdict.UNPARSED


def _serve(channel: IO[str], null: IO[str]) -> None:
    """Compare until stdin closes."""
    for line in sys.stdin:
        rules, gold, prediction, limit_s = json.loads(line)
        judge = _judge(rules)  # imports, the first time, before the clock starts
        _limit_time(limit_s, null)
        try:
            verdict = judge(gold, prediction)
        except Exception:  # a parser's defect or its memory limit costs this answer, not the process
            verdict = Verdict.UNPARSED
        _limit_time(0, null)
        print(verdict, file=channel, flush=True)


def _limit_time(limit_s: float, null: IO[str]) -> None:
    """End this process after so much CPU time; 0 lifts the limit."""
    cpu = hasattr(signal, "setitimer")
    if cpu:
        signal.setitimer(signal.ITIMER_PROF, limit_s)
    if limit_s:
        faulthandler.dump_traceback_later(limit_s * (PATIENCE if cpu else 1), exit=True, file=null)
    else:
        faulthandler.cancel_dump_traceback_later()


def _supervise(channel: IO[str], null: IO[str]) -> None:
    """Keep one serving child; say what became of the answer that ended it."""
    while True:
        child = os.fork()
        if not child:
            _watch_parent()
            _serve(channel, null)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        if os.waitstatus_to_exitcode(status) == 0:
            return
        late = os.waitstatus_to_exitcode(status) in (1, -signal.SIGPROF)
        print(Verdict.TIMED_OUT if late else Verdict.UNPARSED, file=channel, flush=True)


def main() -> None:
    """Serve until stdin closes."""
    channel = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="ascii")
    null = open(os.devnull, "w")  # noqa: SIM115  the watchdog needs it for as long as the process lives
    sys.stdout = sys.stderr = null
    _watch_parent()
    _limit_memory()
    _judge("strict")(
        r"\frac{\sqrt{3}x}{2}", r"\frac{x}{2}\sqrt{4}"
    )  # builds the parser's tables before the clock starts
    print("ready", file=channel, flush=True)
    (_supervise if hasattr(os, "fork") else _serve)(channel, null)


if __name__ == "__main__":
    main()
