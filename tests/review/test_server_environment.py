"""The server's own environment is built once, whole or not at all; where it cannot be, one line says why."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from lemma_steps.errors import RefusedError
from lemma_steps.review.server import environment
from tests.review.conftest import RECIPE, free_port

# Makes what `uv venv` makes, or fails as the file `fault` tells; notes each call.
FAKE_UV = """#!/bin/sh
echo "$1" >> "$(dirname "$0")/calls"
case "$1" in
    venv) for folder; do :; done; mkdir -p "$folder/bin"; ln -sf /bin/true "$folder/bin/python";;
    pip) [ ! -e "$(dirname "$0")/fault" ] || { cat "$(dirname "$0")/fault" >&2; exit 1; };;
esac
"""


@pytest.fixture
def uv(tmp_path, monkeypatch):
    """The folder of a stand-in for uv, and an empty cache directory."""
    folder = tmp_path / "uv"
    folder.mkdir()
    (folder / "uv").write_text(FAKE_UV)
    (folder / "uv").chmod(0o755)
    monkeypatch.setenv("UV", str(folder / "uv"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return folder


def builds(uv: Path) -> int:
    return (uv / "calls").read_text().split().count("venv")


def test_it_is_built_once(uv):
    python = environment.server_python()
    assert python.exists()
    assert environment.server_python() == python
    assert builds(uv) == 1


def test_a_half_built_one_is_built_again(uv):
    python = environment.server_python()
    (python.parents[1] / "complete").unlink()  # as after a kill: everything is there but the mark that is made last
    stray = python.parents[1] / "of the former attempt"
    stray.touch()
    assert environment.server_python().exists()
    assert builds(uv) == 2
    assert not stray.exists()


def test_another_list_of_packages_is_another_environment(uv, tmp_path, monkeypatch):
    first = environment.server_python()
    other = tmp_path / "requirements.txt"
    other.write_text(environment.REQUIREMENTS.read_text() + "another==1\n")
    monkeypatch.setattr(environment, "REQUIREMENTS", other)
    assert environment.server_python() != first


FAULTS = [
    (
        "  × No solution found\n  hint: Packages were unavailable because the network was disabled\n",
        "network was disabled",
    ),
    ("error: Failed to fetch\n  Caused by: dns error: no such host\n", "dns error"),
    ("error: failed to write: No space left on device (os error 28)\n", "No space left"),
    ("", "no reason given"),
]


@pytest.mark.parametrize(("said", "reason"), FAULTS, ids=[reason for _, reason in FAULTS])
def test_a_failed_build_says_why_and_leaves_nothing_to_trust(uv, said, reason):
    (uv / "fault").write_text(said)
    with pytest.raises(RefusedError, match=reason) as refused:
        environment.server_python()
    assert "cannot be built" in str(refused.value)
    assert "\n" not in str(refused.value)
    (uv / "fault").unlink()
    assert environment.server_python().exists()
    assert builds(uv) == 2


class Usage(NamedTuple):
    free: int


def test_a_full_disk_is_told_before_anything_is_fetched(uv, monkeypatch):
    monkeypatch.setattr(environment.shutil, "disk_usage", lambda path: Usage(300_000_000))
    with pytest.raises(RefusedError, match=r"300 MB free.*XDG_CACHE_HOME"):
        environment.server_python()
    assert not list(Path(os.environ["XDG_CACHE_HOME"]).rglob("python"))


def test_a_python_that_the_server_has_no_packages_for(uv, monkeypatch):
    monkeypatch.setattr(environment, "NEWEST", (3, 10))
    with pytest.raises(RefusedError, match=r"3\.11 to 3\.13"):
        environment.server_python()


def test_a_cache_directory_that_cannot_be_written(uv, tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    with pytest.raises(RefusedError, match="XDG_CACHE_HOME"):
        environment.server_python()


@pytest.mark.parametrize("tool", ["uv", "pip"])
def test_offline_the_command_ends_with_one_line(tmp_path, tool):
    """With either tool, and an empty cache."""
    away = {
        "XDG_CACHE_HOME": str(tmp_path),
        "UV_CACHE_DIR": str(tmp_path / "uv"),
        "UV_OFFLINE": "1",
        "PIP_NO_INDEX": "1",
    }
    if tool == "pip":
        away |= {"PATH": "/nowhere", "UV": "/nowhere/uv"}
    done = subprocess.run(
        [sys.executable, str(RECIPE), "serve", "--home", str(tmp_path / "home"), "--port", str(free_port())],
        env={**{k: v for k, v in os.environ.items() if k != "UV"}, **away},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 2, done.stderr
    [line] = done.stderr.splitlines()
    assert "environment cannot be built" in line


def test_every_package_is_pinned_and_no_host_is_named():
    lines = [line for line in environment.REQUIREMENTS.read_text().splitlines() if not line.startswith("#")]
    assert all("==" in line for line in lines)
    assert "argilla-server==2.8.0" in lines
    assert "://" not in environment.REQUIREMENTS.read_text()
