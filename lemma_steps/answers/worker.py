"""A comparing process: one task per line on stdin, one verdict per line on stdout, both JSON in ASCII.

It ends with its parent in every case: idle, when stdin closes or its parent changes; busy, when its own watchdog fires,
which needs no cooperation of the interpreter (a single huge integer power never gives the lock back).
"""

from __future__ import annotations

import contextlib
import faulthandler
import json
import os
import sys
import threading
import time

MEMORY_BYTES = 3 << 30
GRACE_S = 2.0


def _limit_memory() -> None:
    with contextlib.suppress(ImportError, ValueError, OSError):  # Windows has no such limit; macOS refuses it
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, resource.getrlimit(resource.RLIMIT_AS)[1]))


def _end_with(parent: int) -> None:
    """A fork of the parent may hold our stdin open after the parent is gone: watch the parent's id as well."""
    while os.getppid() == parent:
        time.sleep(0.5)
    os._exit(1)


def main() -> None:
    """Serve until stdin closes."""
    channel = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="ascii")
    null = open(os.devnull, "w")  # noqa: SIM115  the watchdog needs it for as long as the process lives
    sys.stdout = sys.stderr = null
    threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()
    _limit_memory()
    from lemma_steps.answers.compare import judge
    from lemma_steps.answers.symbolic import scalar

    judge(r"\frac{\sqrt{3}x}{2}", r"\frac{x}{2}\sqrt{4}", scalar)  # builds the parser's tables before the clock starts
    print("ready", file=channel, flush=True)
    for line in sys.stdin:
        gold, prediction, limit_s = json.loads(line)
        faulthandler.dump_traceback_later(limit_s + GRACE_S, exit=True, file=null)
        try:
            verdict = str(judge(gold, prediction, scalar))
        except (RecursionError, MemoryError):
            verdict = "unparsed"
        except Exception:  # a defect of a parser costs this answer, not the process
            verdict = "unparsed"
        faulthandler.cancel_dump_traceback_later()
        print(verdict, file=channel, flush=True)


if __name__ == "__main__":
    main()
