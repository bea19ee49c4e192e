"""Samples are found again by model, source, temperature and problem, and none is lost or counted twice."""

from __future__ import annotations

from pathlib import Path

import pytest

from lemma_steps.error_analysis.sample_index import SampleIndex
from lemma_steps.errors import RefusedError
from tests.error_analysis.layouts import own, published, write_lines


def line(sample: int, solution: str, student: str = "m", **more: object) -> dict[str, object]:
    return {
        "question": "How many?",
        "gold_answer": "3",
        "sample": sample,
        "solution": solution,
        "student": student,
        **more,
    }


def index_of(path: Path, *records: object, **more: str) -> SampleIndex:
    index = SampleIndex()
    index.add_samples(str(write_lines(path / "set.v1.jsonl", list(records))), **more)
    return index


def told(index: SampleIndex) -> list[tuple[object, ...]]:
    return [
        (row["student"], row["source"], row["temperature"], [(s["sample"], s["solution"]) for s in row["samples"]])
        for row in index.rows()
    ]


def test_a_sample_twice_counts_once_and_another_text_gets_a_number_of_its_own(tmp_path: Path) -> None:
    index = index_of(tmp_path, line(0, "a"), line(0, "a"), line(0, "b"), line(5, "a"), line(0, "c"))
    assert told(index) == [("m", "set", None, [(0, " a"), (1, " b"), (5, " a"), (6, " c")])]
    assert index.repeated == 1


def test_models_sources_and_temperatures_stand_apart_in_their_order(tmp_path: Path) -> None:
    hot, cold = {"sampling": {"temperature": 1}}, {"sampling": {"temperature": 0}}
    records = [line(0, "a", "b", **hot), line(0, "a", "a"), line(0, "a", "b", **cold), line(0, "a", "b", source="s")]
    assert [row[:3] for row in told(index_of(tmp_path, *records, line(1, "z", "b", **hot)))] == [
        ("b", "set", 1.0),
        ("a", "set", None),
        ("b", "set", 0.0),
        ("b", "s", None),
    ]


def test_problem_sets_give_source_and_gold_before_the_record(tmp_path: Path) -> None:
    gold = write_lines(tmp_path / "mine.jsonl", [{"question": " How  many?", "solution": "so #### 4", "answer": "4"}])
    index = SampleIndex()
    index.add_problems(str(gold), {})
    index.add_samples(str(write_lines(tmp_path / "set.jsonl", [line(0, "a", source="other")])))
    [row] = index.rows()
    assert (row["source"], row["gold_answer"], row["problem_id"][:5]) == ("mine", "4", "mine-")
    by_id = SampleIndex()
    by_id.add_problems(str(gold), {})
    record = {"problem_id": row["problem_id"], "sample": 0, "solution": "a", "student": "m"}
    by_id.add_samples(str(write_lines(tmp_path / "set.jsonl", [record])))
    assert next(by_id.rows())["gold_answer"] == "4"


def test_a_problem_that_nobody_knows_has_no_gold_answer(tmp_path: Path) -> None:
    [row] = index_of(tmp_path, {"problem_id": "p", "sample": 0, "solution": "a", "student": "m"}).rows()
    assert (row["problem_id"], row["gold_answer"]) == ("p", None)


def test_labels_and_sources_are_given_by_the_user(tmp_path: Path) -> None:
    index = SampleIndex()
    index.add_samples(f"base={published(tmp_path)}", "math")
    assert {row[:2] for row in told(index)} == {("base", "math")}


def test_the_first_problems_of_each_series(tmp_path: Path) -> None:
    index = SampleIndex()
    index.add_samples(f"a={own(tmp_path)}")
    index.add_samples(f"b={own(tmp_path)}")
    assert [(row["student"], row["question"][:3]) for row in index.rows(1)] == [("a", "Ann"), ("b", "Ann")]


def test_what_cannot_be_told_apart_is_refused(tmp_path: Path) -> None:
    file = write_lines(tmp_path / "set.jsonl", [line(0, "a", "m"), line(0, "a", "n")])
    with pytest.raises(RefusedError, match="samples of 2 models; leave out the label"):
        SampleIndex().add_samples(f"x={file}")
    with pytest.raises(RefusedError, match="holds no samples"):
        SampleIndex().add_samples(str(write_lines(tmp_path / "empty.jsonl", [])))
