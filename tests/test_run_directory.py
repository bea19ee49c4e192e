"""One run at a time per directory, one set of settings, nothing foreign touched."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from lemma_steps.errors import RefusedError
from lemma_steps.run_directory import run_directory


def test_a_new_directory_is_made_and_left_without_lock(tmp_path):
    with run_directory(tmp_path / "a" / "b", "settings") as directory:
        assert (directory / ".pid").read_text() == str(os.getpid())
    assert sorted(p.name for p in directory.iterdir()) == ["pipeline.yaml"]


def test_the_same_settings_may_come_again_and_others_are_refused(tmp_path):
    for _ in range(2):
        with run_directory(tmp_path, "one"):
            pass
    with pytest.raises(RefusedError, match="other settings"), run_directory(tmp_path, "two"):
        pass
    assert (tmp_path / "pipeline.yaml").read_text() == "one"


def test_a_directory_with_other_things_is_refused_and_untouched(tmp_path):
    (tmp_path / "thesis.tex").write_text("years of work")
    with pytest.raises(RefusedError, match=r"thesis\.tex"), run_directory(tmp_path, "one"):
        pass
    assert sorted(p.name for p in tmp_path.iterdir()) == ["thesis.tex"]


def test_a_second_run_is_refused_with_the_process_id_of_the_first(tmp_path):
    code = (
        "import sys\nfrom lemma_steps.errors import RefusedError\nfrom lemma_steps.run_directory import run_directory\n"
        "try:\n    with run_directory(__import__('pathlib').Path(sys.argv[1]), 'one'): pass\n"
        "except RefusedError as error: print(error)"
    )
    with run_directory(tmp_path, "one"):
        said = subprocess.run(
            [sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=True
        ).stdout
    assert f"process id {os.getpid()} is writing here" in said


def test_a_killed_run_leaves_no_lock_behind(tmp_path):
    code = (
        "import os, sys\nfrom lemma_steps.run_directory import run_directory\n"
        "with run_directory(__import__('pathlib').Path(sys.argv[1]), 'one'): os.kill(os.getpid(), 9)"
    )
    assert subprocess.run([sys.executable, "-c", code, str(tmp_path)]).returncode == -9
    with run_directory(tmp_path, "one"):
        pass


def test_a_path_that_is_a_file_is_refused(tmp_path):
    path = tmp_path / "file"
    path.write_text("")
    with pytest.raises(RefusedError, match="cannot be written"), run_directory(path, "one"):
        pass


def test_settings_that_cannot_be_written_whole_are_not_written(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", full)
        with pytest.raises(RefusedError, match="No space left on device"), run_directory(tmp_path / "out", "one"):
            pass
    with run_directory(tmp_path / "out", "one"):
        pass


def test_settings_that_are_there_are_not_written_again(tmp_path):
    with run_directory(tmp_path, "one"):
        pass
    before = (tmp_path / "pipeline.yaml").stat().st_mtime_ns
    with run_directory(tmp_path, "one"):
        pass
    assert (tmp_path / "pipeline.yaml").stat().st_mtime_ns == before


MODEL = "llm: {{model: {model}, base_url: {url}, max_in_flight: {cap}, store: {store}}}\n"


@pytest.mark.parametrize(
    ("change", "same"),
    [({"url": "http://b/v1"}, True), ({"cap": 5}, True), ({"store": "elsewhere"}, True), ({"model": "n"}, False)],
)
def test_a_server_may_move_between_runs_and_a_model_may_not_change(tmp_path, change, same):
    settings = {"model": "m", "url": "http://a/v1", "cap": 100, "store": "s"}
    with run_directory(tmp_path, MODEL.format(**settings)):
        pass
    later = MODEL.format(**settings | change)
    if same:
        with run_directory(tmp_path, later):
            assert (tmp_path / "pipeline.yaml").read_text() == later
    else:
        with pytest.raises(RefusedError, match="other settings"), run_directory(tmp_path, later):
            pass


def test_a_request_store_may_be_there_first(tmp_path):
    """So that replies paid for in one run serve another: copy the file."""
    (tmp_path / "requests.sqlite").write_bytes(b"")
    with run_directory(tmp_path, "one"):
        pass
