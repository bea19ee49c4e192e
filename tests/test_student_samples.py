"""Recorded samples: found by id or question, in order, from a file of any size."""

from __future__ import annotations

import gzip
import json
import tracemalloc

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lemma_steps.error_analysis.reading import bundled
from lemma_steps.errors import RefusedError
from lemma_steps.student_samples import StudentSamples
from lemma_steps.trajectory import student_solution


def line(number, solution="2 + 2 = 4", **key):
    return {**key, "sample": number, "solution": solution, "student": "small"}


def read(path, lines, name="samples.jsonl"):
    text = "\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines)
    (path / name).write_bytes(gzip.compress(text.encode()) if name.endswith(".gz") else text.encode())
    return StudentSamples.read(str(path / name))


@pytest.mark.parametrize("name", ["samples.jsonl", "samples.jsonl.gz"])
def test_samples_are_found_by_id_then_by_question_in_the_order_of_their_numbers(tmp_path, name):
    lines = [line(3, "c", problem_id="a-1"), line(1, "a", problem_id="a-1"), line(3, "d", problem_id="a-1"), "", "  "]
    samples = read(tmp_path, [*lines, line(0, "q", question="How  many?"), line(0, problem_id="a-2")], name)
    assert [(s["sample"], s["solution"]) for s in samples.of("a-1", "How many?")] == [(1, " a"), (3, " c"), (3, " d")]
    assert samples.of("a-9", " How many? ") == [{"sample": 0, "solution": " q", "student": "small"}]
    assert samples.of("a-9", "How few?") == []
    assert samples.of("", "") == []


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 3), st.text(max_size=5)), min_size=1))
def test_what_is_read_is_what_was_written(tmp_path, rows):
    samples = read(tmp_path, [line(number, text, problem_id=key) for key, number, text in rows])
    for key in "abcd":
        own = sorted(((number, text) for of, number, text in rows if of == key), key=lambda sample: sample[0])
        expected = [{"sample": number, "solution": student_solution(text), "student": "small"} for number, text in own]
        assert samples.of(key, "none") == expected
    samples.close()


def test_half_a_surrogate_pair_comes_back_as_it_went_in(tmp_path):
    [sample] = read(tmp_path, [line(0, "x \ud800", question="q \ud800?")]).of("", "q \ud800?")
    assert sample["solution"] == " x \ud800"


BAD = [
    ("no JSON", "Expecting value"),
    ("[1]", "a list where a record should be"),
    ("[" * 100_000, "recursion"),
    ('{"sample": 1}', "question"),
    (json.dumps({**line(0, problem_id="a"), "sample": "one"}), "invalid literal"),
    (json.dumps({**line(0, problem_id="a"), "sample": 1.5}), "no whole number"),
    (json.dumps({**line(0, problem_id="a"), "sample": True}), "whole number"),
    ('{"problem_id": "a", "sample": Infinity, "solution": "", "student": ""}', "infinity"),
    (json.dumps(line(10**30, problem_id="a")), "64 bits"),
]


@pytest.mark.parametrize(("bad", "why"), BAD, ids=[why for _, why in BAD])
def test_a_line_that_is_no_sample_is_refused_with_its_number(tmp_path, bad, why):
    with pytest.raises(RefusedError, match=f"samples.jsonl, line 2: not a student sample.*{why}"):
        read(tmp_path, [line(0, problem_id="a"), bad])


@pytest.mark.parametrize(
    ("content", "why"),
    [(b"", "holds no student samples"), (b"\n \n", "holds no student samples"), (b"\xff\n", "cannot be read as JSONL")],
)
def test_a_file_without_samples_is_refused(tmp_path, content, why):
    (tmp_path / "samples.jsonl").write_bytes(content)
    with pytest.raises(RefusedError, match=why):
        StudentSamples.read(str(tmp_path / "samples.jsonl"))


@pytest.mark.parametrize("cut", [slice(0, -20), slice(0, 5)], ids=["end", "head"])
def test_a_torn_gzip_file_is_refused(tmp_path, cut):
    whole = gzip.compress("\n".join(json.dumps(line(n, problem_id="a")) for n in range(100)).encode())
    (tmp_path / "samples.jsonl.gz").write_bytes(whole[cut])
    with pytest.raises(RefusedError, match="cannot be read as JSONL"):
        StudentSamples.read(str(tmp_path / "samples.jsonl.gz"))
    (tmp_path / "samples.jsonl.gz").write_bytes(whole[:30] + b"\xff" * 20 + whole[50:])
    with pytest.raises(RefusedError, match=r"cannot be read as JSONL|not a student sample"):
        StudentSamples.read(str(tmp_path / "samples.jsonl.gz"))


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(RefusedError, match="no such file of student samples; check --student-samples"):
        StudentSamples.read(str(tmp_path / "none.jsonl"))


def test_the_bundled_samples_are_found_by_question():
    samples = StudentSamples.read("starter")
    first = json.loads(bundled().read_text(encoding="utf-8").splitlines()[0])
    assert len(samples.of("starter-0", first["question"])) >= 2


def test_memory_does_not_grow_with_the_file(tmp_path):
    rows = [json.dumps(line(0, "long " * 100, question=f"question {number}")) for number in range(3000)]
    (tmp_path / "samples.jsonl").write_text("\n".join(rows))
    tracemalloc.start()
    try:
        samples = StudentSamples.read(str(tmp_path / "samples.jsonl"))
        assert len(samples.of("", "question 2999")) == 1
        assert tracemalloc.get_traced_memory()[1] < 500_000, "the file has 1.6 MB"
    finally:
        tracemalloc.stop()
