"""One part as a process of its own, started and waited for by whoever hands out the parts.

Imports nothing of ours: the functions here travel to other machines by value.
"""

from __future__ import annotations

import ctypes
import os
import platform
import signal
import subprocess
import sys

NOT_SEEN = -100
"""Exit code of a part that was not started, since its machine does not see what it needs."""


def run_part(words: list[str], folder: str, log: str, token: str, handed: dict[str, str]) -> tuple[int, str]:
    """Run one part to its end; its exit code and the machine's name. The process ends with the caller, however that ends.

    Args:
        words: the recipe's file and its options.
        folder: the working directory.
        log: where the part's words go; they are added to what is there.
        token: a file in the output directory, by which this machine can tell that it sees the same one.
        handed: variables for where the machine's environment lacks them.
    """
    node = platform.node()
    if not os.path.exists(token) or not os.path.isdir(folder) or not os.path.exists(words[0]):
        return NOT_SEEN, node

    def end_with_parent() -> None:
        if sys.platform == "linux":
            ctypes.CDLL(None).prctl(1, signal.SIGTERM)  # 1: PR_SET_PDEATHSIG

    with open(log, "ab", buffering=0) as said:
        process = subprocess.Popen(
            [sys.executable, *words],
            cwd=folder,
            env={**handed, **os.environ},
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=said,
            preexec_fn=end_with_parent if os.name == "posix" else None,
        )
        try:
            return process.wait(), node
        finally:
            process.terminate()
