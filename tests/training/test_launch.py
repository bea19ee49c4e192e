"""However a training ends, it is told apart from one that reached its last step, and nothing goes on behind our back."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from lemma_steps.errors import StoppedError
from lemma_steps.training.launch import command, run

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="Axolotl trains on Linux")

END = "open('debug.log', 'a').write(str({'train_runtime': '2.5', 'train_loss': '0.5'}) + '\\n')"


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def python(code):
    return [sys.executable, "-c", code]


def test_a_run_that_reaches_its_end_says_what_the_trainer_said(tmp_path):
    assert run(python(END), tmp_path) == {"train_runtime": 2.5, "train_loss": 0.5}


@pytest.mark.parametrize(
    ("code", "cause"),
    [
        ("pass", "ended before its last step"),
        ("raise SystemExit(1)", "failed with exit code 1;"),
        ("import os; os.kill(os.getpid(), 9)", r"was killed \(out of memory\?\)"),
        ("import os; os.kill(os.getpid(), 15)", "failed with exit code -15;"),
        (END + "; raise SystemExit(1)", "failed with exit code 1;"),
    ],
)
def test_any_other_end_is_a_stop_that_names_the_log(tmp_path, code, cause):
    with pytest.raises(StoppedError, match=cause + r".*debug\.log; the same command goes on"):
        run(python(code), tmp_path)


def test_an_end_of_an_earlier_start_is_none_of_this_one(tmp_path):
    run(python(END), tmp_path)
    with pytest.raises(StoppedError, match="before its last step"):
        run(python("pass"), tmp_path)


def test_the_environment_leads_to_the_programs_beside_python_and_tracks_nobody(tmp_path, monkeypatch):
    monkeypatch.delenv("AXOLOTL_DO_NOT_TRACK", raising=False)
    said = "import os; print(os.environ['PATH'].split(os.pathsep)[0], os.environ['AXOLOTL_DO_NOT_TRACK'], file=open('said', 'w'))"
    run(python(f"{said}; {END}"), tmp_path)
    assert (tmp_path / "said").read_text().split() == [str(Path(sys.executable).parent), "1"]


@pytest.mark.parametrize(
    ("gpus", "expected"),
    [
        (0, ["--launcher", "python"]),
        (1, ["--launcher", "torchrun", "--", "--standalone", "--nproc_per_node=1"]),
        (8, ["--launcher", "torchrun", "--", "--standalone", "--nproc_per_node=8"]),
    ],
)
def test_one_process_per_gpu(gpus, expected):
    words = command(Path("o/axolotl.yaml"), gpus)
    assert words[: len(words) - len(expected)] == [sys.executable, "-m", "axolotl.cli.main", "train", "o/axolotl.yaml"]
    assert words[len(words) - len(expected) :] == expected


def test_axolotl_starts_torchrun_with_our_words(tmp_path, monkeypatch):
    pytest.importorskip("axolotl", reason="needs the training environment: --python 3.12 --extra train")
    from axolotl.cli.main import cli
    from click.testing import CliRunner

    started = []
    monkeypatch.setattr(os, "execvpe", lambda program, words, environment: started.append(words))
    config = tmp_path / "axolotl.yaml"
    config.write_text("base_model: m\n")
    done = CliRunner().invoke(cli, command(config, 8)[3:])
    assert done.exit_code == 0, done.output
    expected = ["torchrun", "--standalone", "--nproc_per_node=8", "-m", "axolotl.cli.train", str(config)]
    assert [words[: len(expected)] for words in started] == [expected]


TRAINER = """
import os, subprocess, sys, time
worker = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(120)"])  # as torchrun has
open("pids.part", "w").write(f"{os.getpid()} {worker.pid}")
os.rename("pids.part", "pids")
time.sleep(120)
"""
PARENT = f"""
import sys
from pathlib import Path
from lemma_steps.console import exit_codes
from lemma_steps.training.launch import run
with exit_codes():
    run([sys.executable, "-c", {TRAINER!r}], Path("."))
"""


def alive(pid):
    """Whether a process runs; one that has ended and that nobody asked about does not."""
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False


def wait_for(what, seconds=60):
    ends = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < ends
        time.sleep(0.05)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 3), (signal.SIGINT, 3)])
def test_an_interrupt_ends_the_training_and_its_workers(tmp_path, number, code):
    parent = subprocess.Popen(python(PARENT), stderr=subprocess.PIPE, text=True)
    wait_for((tmp_path / "pids").exists)
    trainer, worker = map(int, (tmp_path / "pids").read_text().split())
    parent.send_signal(number)
    _, said = parent.communicate(timeout=60)
    assert (parent.returncode, said.splitlines()[-1][:20]) == (code, "stopped: interrupted")
    wait_for(lambda: not alive(trainer) and not alive(worker))


def test_a_kill_takes_the_training_along(tmp_path):
    parent = subprocess.Popen(python(PARENT))
    wait_for((tmp_path / "pids").exists)
    trainer, worker = map(int, (tmp_path / "pids").read_text().split())
    parent.kill()
    parent.wait()
    wait_for(lambda: not alive(trainer))
    if alive(worker):  # the stand-in has no torchrun that ends its workers
        os.kill(worker, signal.SIGKILL)
