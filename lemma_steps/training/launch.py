"""Starts `axolotl train` as a process of its own and tells how it ended.

Not by replacing this process: on Ctrl-C Axolotl writes half-trained weights as if they were the result and exits with 0, and
a failure of its own exits with 1. Here the process is in a group of its own, so that an interrupt reaches it as SIGTERM,
which writes nothing, and what ends before its last step counts as stopped. It never outlives this process.
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

from lemma_steps.errors import StoppedError
from lemma_steps.training.history import LOG, summary
from lemma_steps.training.run_folder import PREPARED

PATIENCE_S = 60.0
_DEATH_SIGNAL = 1
"""PR_SET_PDEATHSIG of Linux, the one system that Axolotl trains on."""


def command(config: Path, gpus: int) -> list[str]:
    """What trains on so many GPUs; 0 is a CPU.

    torchrun for one GPU too: a process alone would spread its batch over all GPUs that it sees, and DeepSpeed
    wants a process group.
    """
    words = [sys.executable, "-m", "axolotl.cli.main", "train", str(config), "--launcher"]
    return [*words, *(["torchrun", "--", "--standalone", f"--nproc_per_node={gpus}"] if gpus else ["python"])]


def run(words: list[str], output: Path) -> dict[str, float]:
    """Run a training to its end; returns what the trainer says there (`history.summary`).

    Args:
        words: the command.
        output: the `output_dir` of its configuration.

    Raises:
        StoppedError: it failed, was killed or interrupted, or ended early; what it had saved stays.
    """
    log = output / LOG
    begin = log.stat().st_size if log.exists() else 0
    # the library's own cache knows a file by path and time, not by content
    process = _start(words, {"HF_DATASETS_CACHE": str(output / PREPARED / "datasets")})
    try:
        code = process.wait()
    except BaseException:
        _end(process)
        raise
    if code == 0 and (said := summary(output, begin)):
        return said
    causes = {0: "axolotl ended before its last step", -signal.SIGKILL: "axolotl was killed (out of memory?)"}
    cause = causes.get(code, f"axolotl failed with exit code {code}")
    raise StoppedError(
        f"{cause}; see the end of {log}; the same command goes on from the last checkpoint, if there is one"
    )


def _start(words: list[str], variables: dict[str, str]) -> subprocess.Popen[bytes]:
    programs = str(Path(sys.executable).parent)  # where torchrun is
    environment = {
        "AXOLOTL_DO_NOT_TRACK": "1",
        "TOKENIZERS_PARALLELISM": "false",
        **os.environ,
        **variables,
        "PATH": os.pathsep.join([programs, os.environ.get("PATH", os.defpath)]),
    }
    system = ctypes.CDLL(None)
    return subprocess.Popen(
        words,
        env=environment,
        stdin=subprocess.DEVNULL,
        start_new_session=True,
        preexec_fn=lambda: system.prctl(_DEATH_SIGNAL, signal.SIGTERM) if sys.platform == "linux" else None,
    )


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the process and those that it started: politely, then for good after a while or at a second interrupt."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(PATIENCE_S)
        except (subprocess.TimeoutExpired, KeyboardInterrupt):
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
