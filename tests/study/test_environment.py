"""Environments: made by uv where they are missing, never those of the user, never our own."""

from __future__ import annotations

import json
import os
import sys

import pytest

from lemma_steps.errors import RefusedError
from lemma_steps.study.environment import Environment

UV = """#!{python}
import json, os, sys
open(os.environ["SEEN"], "a").write(json.dumps([sys.argv[1:], dict(os.environ)]) + "\\n")
if sys.argv[1] == "python":
    sys.exit(1)  # finds no interpreter
if "FAILS" in os.environ:
    print("Resolving\\nerror: No interpreter found for Python 3.12")
    sys.exit(2)
folder = os.environ["UV_PROJECT_ENVIRONMENT"]
os.makedirs(folder + "/bin")
os.symlink("{python}", folder + "/bin/python")
"""


@pytest.fixture
def uv(tmp_path, monkeypatch):
    """A fake uv, and what it was told: (arguments, variables) of every call."""
    place = tmp_path / "tools"
    place.mkdir()
    (place / "uv").write_text(UV.format(python=sys.executable))
    (place / "uv").chmod(0o755)
    seen = tmp_path / "seen.jsonl"
    monkeypatch.setenv("PATH", str(place))
    monkeypatch.setenv("SEEN", str(seen))
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path / "pyenv"))
    return lambda: [json.loads(line) for line in seen.read_text().splitlines()] if seen.exists() else []


def environment(folder, options=("--extra", "train"), python=None, module="json"):
    return Environment("train", folder, module, options, python)


def test_uv_makes_it_beside_the_one_that_runs_and_leaves_what_else_is_in_it(tmp_path, uv, monkeypatch):
    monkeypatch.setenv("VIRTUAL_ENV", sys.prefix)
    monkeypatch.setenv("PYTHONPATH", "/elsewhere")
    made = tmp_path / ".venv-train"
    # a linked interpreter sees no packages of ours: it is refused after it was made
    with pytest.raises(RefusedError, match="no lemma_steps"):
        environment(made).prepare(tmp_path, tmp_path / "log")
    [[arguments, variables]] = uv()
    assert arguments == ["sync", "--inexact", "--no-default-groups", "--extra", "train"]
    assert variables["UV_PROJECT_ENVIRONMENT"] == str(made)
    assert not {"VIRTUAL_ENV", "PYTHONPATH"} & variables.keys()
    assert variables["PATH"].split(os.pathsep)[0] == str(made / "bin")


def test_a_version_that_only_pyenv_has_is_named_by_its_path(tmp_path, uv):
    for version in ("3.12.1", "3.12.9", "3.13.0"):
        python = tmp_path / "pyenv" / "versions" / version / "bin" / f"python{version.rpartition('.')[0]}"
        python.parent.mkdir(parents=True)
        python.touch()
    with pytest.raises(RefusedError):
        environment(tmp_path / ".venv-train", python="3.12").prepare(tmp_path, tmp_path / "log")
    [_, [arguments, _]] = uv()
    assert arguments[arguments.index("--python") + 1].endswith("3.12.9/bin/python3.12")


def test_an_environment_that_cannot_be_made_is_refused_with_uvs_reason(tmp_path, uv, monkeypatch):
    monkeypatch.setenv("FAILS", "1")
    with pytest.raises(
        RefusedError, match=r"\.venv-train: .*No interpreter found for Python 3\.12.*--environment train=DIR"
    ):
        environment(tmp_path / ".venv-train", python="3.12").prepare(tmp_path, tmp_path / "log")


def test_without_uv_it_is_refused(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(RefusedError, match="uv is not installed"):
        environment(tmp_path / ".venv-train").prepare(tmp_path, tmp_path / "log")


def test_the_one_that_runs_is_used_and_never_changed(tmp_path, uv):
    from pathlib import Path

    environment(Path(sys.prefix)).prepare(tmp_path, tmp_path / "log")
    assert uv() == []


def test_a_users_own_is_left_as_it_is(tmp_path, uv):
    with pytest.raises(RefusedError, match="no Python environment"):
        environment(tmp_path / "mine", options=None).prepare(tmp_path, tmp_path / "log")
    assert uv() == []
    assert not (tmp_path / "mine").exists()
