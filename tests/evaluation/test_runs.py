"""Reading what lm-eval wrote."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any

import pytest

from lemma_steps.errors import RefusedError
from lemma_steps.evaluation.runs.run import Run
from tests.evaluation.recorded_run import STAMP, scored, write_run

LATER = "2026-11-21T15-30-00"  # on a full second, Python leaves the fraction out


def test_a_run_says_what_was_measured(tmp_path: Path) -> None:
    write_run(
        tmp_path,
        {"lemma_gsm8k": scored(3, 4), "lemma_svamp": scored(1, 2)},
        shots={"lemma_svamp": 4},
        versions={"lemma_gsm8k": 2.0},
    )
    run = Run.read(tmp_path)
    assert (run.model, run.stamp, run.tasks) == ("org/model", STAMP, ["lemma_gsm8k", "lemma_svamp"])
    assert [run.score(task, "math_verify") for task in run.tasks] == [0.75, 0.5]
    assert [run.version(task) for task in run.tasks] == ["2.0", "1.0"]
    assert [run.shots(task) for task in run.tasks] == [0, 4]
    assert [run.size(task) for task in run.tasks] == [4, 2]
    assert run.score("lemma_gsm8k", "length_cut") is None  # not a number
    assert run.score("lemma_gsm8k", "refaug_match") is None
    assert run.score("lemma_math", "math_verify") is None


@pytest.mark.parametrize(
    ("original", "subset", "full"),
    [
        (4, None, 4),
        (1319, None, 1319),  # --limit
        (1219, "1,219 of 1,319 rows", 1319),
        (20, "20 stand-in rows", None),
    ],
)
def test_the_full_size_is_that_of_the_published_set(
    tmp_path: Path, original: int, subset: str | None, full: int | None
) -> None:
    subsets = {"lemma_gsm8k": subset} if subset else None
    write_run(tmp_path, {"lemma_gsm8k": scored(3, 4)}, originals={"lemma_gsm8k": original}, subsets=subsets)
    run = Run.read(tmp_path)
    assert (run.size("lemma_gsm8k"), run.full_size("lemma_gsm8k"), run.subset("lemma_gsm8k")) == (4, full, subset)


def test_the_newest_run_of_a_folder_counts_whatever_the_file_times(tmp_path: Path) -> None:
    write_run(tmp_path, {"lemma_gsm8k": scored(4, 4)}, stamp=LATER)
    place = write_run(tmp_path, {"lemma_gsm8k": scored(1, 4)})  # written last
    for path in (tmp_path, place):
        run = Run.read(path)
        assert (run.stamp, run.older, run.score("lemma_gsm8k", "math_verify")) == (LATER, 1, 1.0)
        assert [sample["math_verify"] for sample in run.samples("lemma_gsm8k")] == [1.0] * 4
    older = Run.read(place / f"results_{STAMP}.json")
    assert (older.score("lemma_gsm8k", "math_verify"), older.older) == (0.25, 0)
    assert [sample["math_verify"] for sample in older.samples("lemma_gsm8k")] == [1.0, 0.0, 0.0, 0.0]


def test_runs_of_two_models_are_not_mixed(tmp_path: Path) -> None:
    for model in ("org/b", "org/a"):
        write_run(tmp_path, {"lemma_gsm8k": scored(1, 2)}, model=model)
    with pytest.raises(RefusedError, match="runs of 2 models; give one of org__a, org__b"):
        Run.read(tmp_path)
    assert Run.read(tmp_path / "org__b").model == "org/b"


@pytest.mark.parametrize("where", [".", "nowhere"])
def test_a_folder_without_a_run_is_refused_with_the_remedy(tmp_path: Path, where: str) -> None:
    with pytest.raises(RefusedError, match=r"no results_.*--output_path"):
        Run.read(tmp_path / where)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b'{"results": {', "damaged or cut off; run the evaluation again"),
        (b"[" * 100_000, "damaged or cut off"),
        (b"\xff\xfe", "cannot be read"),
        (b"[]", "no results of lm_eval"),
        (b'{"results": {}}', "no results of lm_eval"),
        (b'{"results": {}, "versions": {}, "configs": {}, "n-shot": {}, "n-samples": {"t": 3}}', "how many rows"),
    ],
)
def test_a_damaged_results_file_is_refused(tmp_path: Path, content: bytes, told: str) -> None:
    (tmp_path / f"results_{STAMP}.json").write_bytes(content)
    with pytest.raises(RefusedError, match=told) as refusal:
        Run.read(tmp_path)
    assert "\n" not in str(refusal.value)


def test_samples_that_were_not_logged_are_refused(tmp_path: Path) -> None:
    place = write_run(tmp_path, {"lemma_gsm8k": scored(1, 2)}, log_samples=False)
    (place / f"samples_lemma_gsm8k_{LATER}.jsonl").write_text("{}\n", encoding="utf-8")  # of another run
    run = Run.read(tmp_path)
    assert run.samples_file("lemma_gsm8k") is None
    with pytest.raises(RefusedError, match="no samples of lemma_gsm8k; run lm_eval with --log_samples"):
        next(run.samples("lemma_gsm8k"))


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (b'{"doc": {"id"', "line 2: damaged"),
        (b"7", "line 2: no sample"),
        (b'{"doc": 7}', "line 2: no sample"),
        (b"\xff", "damaged"),
    ],
)
def test_samples_come_one_by_one_up_to_the_damage(tmp_path: Path, line: bytes, told: str) -> None:
    place = write_run(tmp_path, {"lemma_gsm8k": scored(1, 2)})
    file = place / f"samples_lemma_gsm8k_{STAMP}.jsonl"
    first = file.read_bytes().splitlines(keepends=True)[0]
    file.write_bytes(first + b" " * 200_000 + line)  # beyond what is read ahead
    samples = Run.read(tmp_path).samples("lemma_gsm8k")
    assert next(samples)["doc"]["id"] == "row-0"
    with pytest.raises(RefusedError, match=told):
        list(samples)


def test_a_file_that_never_ends_is_read_as_far_as_asked(tmp_path: Path) -> None:
    place = write_run(tmp_path, {"lemma_gsm8k": scored(1, 2)})
    many: list[dict[str, Any]] = [{"doc": {"id": str(n)}, "reply": "x" * 1000} for n in range(3000)]
    text = "".join(json.dumps(sample) + "\n" for sample in many)
    (place / f"samples_lemma_gsm8k_{STAMP}.jsonl").write_text(text + "torn", encoding="utf-8")
    some = itertools.islice(Run.read(tmp_path).samples("lemma_gsm8k"), 2000)
    assert [sample["doc"]["id"] for sample in some] == [str(n) for n in range(2000)]
