"""A comparing process: one task per line on stdin, one verdict per line on stdout, both JSON in ASCII.

The process imports the algebra once and forks a child that compares; when the child is killed the next one is there in
milliseconds. Where there is no fork (Windows) the process compares itself and its end is the reply.

A comparison is killed by a watchdog inside the child which needs no cooperation of the interpreter: a single huge
integer power never gives the lock back. So nothing outlives the caller for longer than one time limit: idle, the
processes end when stdin closes or the parent changes; busy, when the watchdog fires.
"""

from __future__ import annotations

import contextlib
import faulthandler
import json
import os
import sys
import threading
import time
from typing import IO

from lemma_steps.answers.verdict import Verdict

MEMORY_BYTES = 3 << 30


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


def _serve(channel: IO[str], null: IO[str]) -> None:
    """Compare until stdin closes."""
    from lemma_steps.answers.compare import judge
    from lemma_steps.answers.symbolic import scalar

    for line in sys.stdin:
        gold, prediction, limit_s = json.loads(line)
        faulthandler.dump_traceback_later(limit_s, exit=True, file=null)
        try:
            verdict = judge(gold, prediction, scalar) or Verdict.UNPARSED
        except Exception:  # a parser's defect or its memory limit costs this answer, not the process
            verdict = Verdict.UNPARSED
        faulthandler.cancel_dump_traceback_later()
        print(verdict, file=channel, flush=True)


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
        watchdog = os.waitstatus_to_exitcode(status) == 1
        print(Verdict.TIMED_OUT if watchdog else Verdict.UNPARSED, file=channel, flush=True)


def main() -> None:
    """Serve until stdin closes."""
    channel = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="ascii")
    null = open(os.devnull, "w")  # noqa: SIM115  the watchdog needs it for as long as the process lives
    sys.stdout = sys.stderr = null
    _watch_parent()
    _limit_memory()
    from lemma_steps.answers.compare import judge
    from lemma_steps.answers.symbolic import scalar

    judge(r"\frac{\sqrt{3}x}{2}", r"\frac{x}{2}\sqrt{4}", scalar)  # builds the parser's tables before the clock starts
    print("ready", file=channel, flush=True)
    (_supervise if hasattr(os, "fork") else _serve)(channel, null)


if __name__ == "__main__":
    main()
