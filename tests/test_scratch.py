"""The scratch: bounded in memory, gone with its process, clear about a full disk."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from lemma_steps.duplicates import FirstSeen
from lemma_steps.errors import StoppedError
from lemma_steps.scratch import Scratch

SPILL = """
import os, signal, sys
from lemma_steps.scratch import Scratch
scratch = Scratch("CREATE TABLE rows (text TEXT)")
scratch.add("INSERT INTO rows VALUES (?)", (("x" * 1000,) for _ in range(10_000)))
print(sum(os.path.getsize(f"/proc/self/fd/{fd}") for fd in os.listdir("/proc/self/fd") if sys.argv[1] in
    os.path.realpath(f"/proc/self/fd/{fd}")), flush=True)
if sys.argv[2] == "killed":
    os.kill(os.getpid(), signal.SIGKILL)
scratch.close()
"""


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="no list of open files on this system")
@pytest.mark.parametrize("end", ["closed", "killed"])
def test_what_memory_does_not_hold_lies_in_the_temporary_folder_and_goes_with_the_process(tmp_path, end):
    child = subprocess.run(
        [sys.executable, "-c", SPILL, str(tmp_path), end], env={"TMPDIR": str(tmp_path)}, capture_output=True, text=True
    )
    assert child.returncode == (-9 if end == "killed" else 0), child.stderr
    assert int(child.stdout) > 5_000_000
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("use", ["run", "add"])
def test_a_full_disk_stops_the_run_with_a_remedy(use):
    with Scratch("CREATE TABLE rows (text TEXT)", "PRAGMA max_page_count = 10") as scratch:
        insert, long = "INSERT INTO rows VALUES (?)", ("x" * 100_000,)
        with pytest.raises(StoppedError, match=r"full; free some space.* TMPDIR"):
            scratch.run(insert, long) if use == "run" else scratch.add(insert, [long])


def test_a_full_disk_stops_first_seen():
    with FirstSeen() as seen:
        seen.run("PRAGMA max_page_count = 10")
        with pytest.raises(StoppedError, match="full"):
            assert [seen.setdefault(str(number), "x" * 100) for number in range(10_000)] == []


def test_two_scratches_share_nothing():
    with FirstSeen() as one, FirstSeen() as other:
        assert one.setdefault("key", "one") == "one"
        assert other.get("key") is None
