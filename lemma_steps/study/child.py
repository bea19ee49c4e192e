"""One program as a stage of a study: its output in a log, its last line on the screen, ended with us."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

from lemma_steps.study.log import last_line

_LOOK_S = 1.0
PATIENCE_S = 90.0
"""How long a program may take to end when told to; longer than recipes/train.py gives to Axolotl."""


class Child:
    """A running program in a process group of its own, so that what it starts can be ended with it."""

    def __init__(self, command: Sequence[str], folder: Path, variables: Mapping[str, str], log: Path) -> None:
        self._log = log
        with log.open("w", encoding="utf-8") as written:
            self._process = _start(command, folder, variables, written)

    @property
    def pid(self) -> int:
        """Its process id, and its group's."""
        return self._process.pid

    def wait(self, tell: Callable[[str], Any]) -> int:
        """Wait for its end and return its exit status; `tell` gets the log's last line as it changes.

        Whatever interrupts the waiting ends the program first: politely, and for good after a while or a second interrupt.
        """
        try:
            while True:
                with suppress(subprocess.TimeoutExpired):
                    return self._process.wait(_LOOK_S)
                tell(last_line(self._log))
        except BaseException:
            tell("ending it; a second interrupt does not wait")
            with _for_good(self.pid):
                _signal(self.pid, signal.SIGTERM)
                ends = time.monotonic() + PATIENCE_S
                while self._process.poll() is None and time.monotonic() < ends:
                    time.sleep(0.1)
            self._process.wait()
            raise


@contextmanager
def _for_good(group: int) -> Iterator[None]:
    try:
        yield
    finally:
        _signal(group, getattr(signal, "SIGKILL", signal.SIGTERM))


def _start(command: Sequence[str], folder: Path, variables: Mapping[str, str], log: IO[str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        command,
        cwd=folder,
        env=dict(variables),
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )


def _signal(group: int, number: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        if os.name == "posix":
            os.killpg(group, number)
        else:
            os.kill(group, number)


def is_alive(group: int) -> bool:
    """Whether a process group that another study started still works."""
    if os.name != "posix" or group <= 0:  # 0 would be our own
        return False
    try:
        os.killpg(group, 0)
    except (ProcessLookupError, PermissionError):
        return False
    return True
