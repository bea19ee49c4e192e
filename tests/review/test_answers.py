"""The file of answers: what is written is read, damage is named by its line, and no answer is lost unsaid."""

from __future__ import annotations

import json
import time
from dataclasses import replace as changed
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lemma_steps.errors import RefusedError
from lemma_steps.review.answers import FORMER, NAME, Answer, read, replace, tidy

LABELS = {
    "error_step": 2,
    "error_type": "CA",
    "label_source": "teacher",
    "locator_agreement": 0.75,
    "choice": "random",
}
ANSWER = Answer("r1", "c" * 16, "team", "out", "ana", {"decision": "keep", "comment": "fine"}, LABELS)
LINE: dict[str, Any] = {
    "id": "r1",
    "content": "c" * 16,
    "workspace": "team",
    "dataset": "out",
    "reviewer": "ana",
    "answers": {"decision": "keep", "comment": "fine"},
    "labels": LABELS,
}


def test_the_line_is_that_of_the_documentation(tmp_path: Path) -> None:
    replace(tmp_path, "team", "out", [ANSWER])
    assert json.loads((tmp_path / NAME).read_text("utf-8")) == LINE
    assert read(tmp_path) == [ANSWER]


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(*[st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=6)] * 2),
        unique=True,
        max_size=6,
    ),
    st.randoms(use_true_random=False),
)
def test_any_names_come_back_sorted_whatever_the_order(
    tmp_path_factory: pytest.TempPathFactory, names: list[tuple[str, str]], draw: Any
) -> None:
    answers = [changed(ANSWER, id=name, reviewer=who, answers={"comment": who + "\u2028\x85\n"}) for name, who in names]
    first, second = tmp_path_factory.mktemp("one"), tmp_path_factory.mktemp("two")
    replace(first, "team", "out", answers)
    replace(second, "team", "out", draw.sample(answers, len(answers)))
    assert (first / NAME).read_bytes() == (second / NAME).read_bytes()
    if answers:
        assert read(first) == sorted(answers, key=lambda a: a.key)


def test_lines_of_other_datasets_stay(tmp_path: Path) -> None:
    other = [changed(ANSWER, dataset="pilot"), changed(ANSWER, workspace="other")]
    for answer in other:
        replace(tmp_path, *answer.place, [answer])
    assert replace(tmp_path, "team", "out", [ANSWER]) == 0
    assert {a.key for a in read(tmp_path)} == {a.key for a in [ANSWER, *other]}
    assert not (tmp_path / FORMER).exists()
    assert replace(tmp_path, "team", "out", []) == 1
    assert [a.key for a in read(tmp_path)] == sorted(a.key for a in other)


def test_fewer_answers_keep_the_former_file(tmp_path: Path) -> None:
    second = changed(ANSWER, reviewer="ben")
    replace(tmp_path, "team", "out", [ANSWER, second])
    before = (tmp_path / NAME).read_bytes()
    third = changed(ANSWER, reviewer="cem")
    assert replace(tmp_path, "team", "out", [ANSWER, third]) == 1  # as many lines, but one that was there is gone
    assert (tmp_path / FORMER).read_bytes() == before
    assert [a.reviewer for a in read(tmp_path)] == ["ana", "cem"]


def test_a_changed_answer_is_no_lost_one(tmp_path: Path) -> None:
    replace(tmp_path, "team", "out", [ANSWER])
    assert replace(tmp_path, "team", "out", [changed(ANSWER, answers={"decision": "drop"})]) == 0
    assert read(tmp_path)[0].answers == {"decision": "drop"}
    assert sorted(path.name for path in tmp_path.iterdir()) == [NAME]


def without(*path: str) -> str:
    line = json.loads(json.dumps(LINE))
    inner = line
    for name in path[:-1]:
        inner = inner[name]
    del inner[path[-1]]
    return json.dumps(line)


DAMAGED = {
    "no JSON": "{",
    "cut": json.dumps(LINE)[:60],
    "a list": "[]",
    "a number": "7",
    "blank": "",
    "no id": without("id"),
    "no answers": without("answers"),
    "no choice": without("labels", "choice"),
    "empty reviewer": json.dumps(LINE | {"reviewer": ""}),
    "step a text": json.dumps(LINE | {"labels": LABELS | {"error_step": "2"}}),
    "step a truth value": json.dumps(LINE | {"labels": LABELS | {"error_step": True}}),
    "agreement a text": json.dumps(LINE | {"labels": LABELS | {"locator_agreement": "all"}}),
    "a null answer": json.dumps(LINE | {"answers": {"decision": None}}),
    "answers a list": json.dumps(LINE | {"answers": ["decision"]}),
    "deep": "[" * 100_000,
    "twice": json.dumps(LINE),
    "not UTF-8": "\udcff",
}


@pytest.mark.parametrize("case", DAMAGED)
def test_damage_is_named_by_its_line_before_anything_is_written(tmp_path: Path, case: str) -> None:
    path = tmp_path / NAME
    path.write_bytes((json.dumps(LINE) + "\n" + DAMAGED[case] + "\n").encode("utf-8", "surrogateescape"))
    before = path.read_bytes()
    with pytest.raises(RefusedError, match="line 2") as refused:
        read(tmp_path)
    assert "\n" not in str(refused.value)
    assert len(str(refused.value)) < 300
    with pytest.raises(RefusedError, match="line 2"):
        replace(tmp_path, "team", "out", [])
    assert path.read_bytes() == before


@pytest.mark.parametrize("make", [lambda path: None, lambda path: (path / NAME).touch()])
def test_no_answers_yet_names_the_remedy(tmp_path: Path, make: Any) -> None:
    make(tmp_path)
    with pytest.raises(RefusedError, match=r"no answers yet; .*review\.py pull"):
        read(tmp_path)


def test_a_folder_that_is_not_there_is_said_to_be_missing(tmp_path: Path) -> None:
    with pytest.raises(RefusedError, match="no such folder"):
        read(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("a\r\nb\rc", "a\nb\nc"),
        ("two\u00a0words \u202f x", "two words   x"),
        ("end  \n\n  next\t\n", "end\n\n  next"),
        ("\n\u00a0\n", ""),
        ("$x  =  1$", "$x  =  1$"),
        ("\ud800", "\ufffd"),
    ],
)
def test_what_a_text_box_adds_is_taken_away(typed: str, meant: str) -> None:
    assert tidy(typed) == meant


@given(st.text())
def test_tidy_text_stays_as_it_is(text: str) -> None:
    assert tidy(tidy(text)) == tidy(text)


@pytest.mark.parametrize("piece", [" ", "\u00a0", "\n", " \n", "\r", "a "])
def test_tidying_takes_linear_time(piece: str) -> None:
    begin = time.perf_counter()
    tidy("x" + piece * 500_000 + "x")
    assert time.perf_counter() - begin < 5
