"""Every layout of recorded samples gives the same samples; what is none is refused with its place."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lemma_steps.error_analysis.reading import read_samples
from lemma_steps.errors import RefusedError
from lemma_steps.sources import question_key
from lemma_steps.student_samples import StudentSamples
from tests.error_analysis import layouts
from tests.error_analysis.layouts import LAYOUTS, MODEL, each, lm_eval_run, own, write_lines

WRITE = pytest.mark.parametrize("write", LAYOUTS, ids=lambda write: write.__name__)


@WRITE
def test_every_layout_holds_the_same_samples(tmp_path: Path, write: Callable[[Path], Path]) -> None:
    read = list(read_samples(str(write(tmp_path))))
    assert [(s.question, s.sample, s.solution, s.gold_answer) for s in read] == [
        (question, number, text, answer) for question, number, text, _, answer in each()
    ]
    assert {s.student for s in read} == {MODEL}
    assert all(s.key == question_key(s.question or "") for s in read)


@WRITE
def test_the_recipe_takes_every_layout_as_student_samples(tmp_path: Path, write: Callable[[Path], Path]) -> None:
    samples = StudentSamples.read(str(write(tmp_path)))
    for question, number, text, _, _ in each():
        assert samples.of("other", question)[number] == {"sample": number, "solution": text, "student": MODEL}
    samples.close()


def test_models_side_by_side_are_told_apart(tmp_path: Path) -> None:
    record = {
        "question": "How many?",
        "ground_truth": "3 * 4 = <<3*4=12>>12\nA: 12",
        "small": {"is_correct": True, "solution": "3*4=<<3*4=13>>13"},
        "large": {"is_correct": False, "solution": "12"},
    }
    read = list(read_samples(str(write_lines(tmp_path / "a.jsonl", [record]))))
    assert [(s.student, s.sample, s.solution, s.gold_answer) for s in read] == [
        ("small", 0, " 3*4=13", "12"),
        ("large", 1, " 12", "12"),
    ]
    assert read[0].gold_solution == "3 * 4 = <<3*4=12>>12"


@pytest.mark.parametrize(
    ("more", "temperature", "truncated"),
    [
        ({}, None, None),
        ({"sampling": {"temperature": 0.7}, "finish_reason": "stop"}, 0.7, False),
        ({"sampling": {"temperature": 0}, "finish_reason": "length"}, 0.0, True),
        ({"sampling": {"temperature": "hot"}, "finish_reason": None}, None, None),
        ({"sampling": "greedy"}, None, None),
        ({"sampling": {"temperature": float("nan")}}, None, None),
    ],
)
def test_how_a_sample_was_made_is_read_where_it_is_told(
    tmp_path: Path, more: dict[str, Any], temperature: float | None, truncated: bool | None
) -> None:
    first = next(read_samples(str(own(tmp_path, **more))))
    assert (first.temperature, first.truncated) == (temperature, truncated)


def test_lm_eval_tells_task_temperature_and_what_was_cut(tmp_path: Path) -> None:
    place = lm_eval_run(tmp_path)
    [file] = place.glob("samples_*")
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    told = {"arguments": {"gen_args_0": {"arg_1": {"temperature": 0.7}}}}
    write_lines(file, [lines[0] | told | {"length_cut": 1.0}, lines[1] | {"length_cut": 0.5}])
    read = [(s.source, s.temperature, s.truncated) for s in read_samples(str(place))]
    assert read == [("gsm8k", 0.7, True)] * 2 + [("gsm8k", None, None)] * 2


def test_own_lines_under_a_name_like_lm_evals_are_read(tmp_path: Path) -> None:
    assert len(list(read_samples(str(own(tmp_path, "samples_base_7b.jsonl"))))) == 4


@pytest.mark.parametrize(
    ("record", "said"),
    [
        ({"question": "q", "gt": "1", "code": "3 * 4"}, "code is no list of texts"),
        ({"question": "q", "gt": "1", "code": [1]}, "code is no list of texts"),
        ({"question": "q", "ground_truth": "no answer", "small": {"solution": "1"}}, "answer"),
        ({"question": "q", "sample": 0, "solution": "1"}, "no 'student'"),
        (["doc"], "a list where a record should be"),
    ],
)
def test_what_is_no_sample_is_refused_with_its_line(tmp_path: Path, record: object, said: str) -> None:
    with pytest.raises(RefusedError, match=f"a.jsonl, line 1: not a student sample.*{said}"):
        list(read_samples(str(write_lines(tmp_path / "a.jsonl", [record]))))


def test_logs_of_another_kind_of_task_are_refused(tmp_path: Path) -> None:
    lines = [{"doc": {"text": "x"}, "filter": "none", "filtered_resps": [["y"]]}]
    file = write_lines(tmp_path / f"samples_lambada_{layouts.STAMP}.jsonl", lines)
    with pytest.raises(RefusedError, match="line 1: no doc with question and answer"):
        list(read_samples(str(file)))
