"""The file of answers: what is written is read, damage is named by its line, and no answer is lost unsaid."""

from __future__ import annotations

import json
import os
import time
from dataclasses import replace as changed
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lemma_steps.errors import RefusedError, StoppedError
from lemma_steps.review.answers import FORMER, NAME, Answer, latest, read, replace, tidy

AT = "2026-01-02T03:04:05.000006+00:00"
LABELS = {
    "error_step": 2,
    "error_type": "CA",
    "label_source": "teacher",
    "locator_agreement": 0.75,
    "choice": "random",
    "sent": 4,
}
ANSWER = Answer("r1", "c" * 16, "team", "out", "ana", {"decision": "keep", "comment": "fine"}, LABELS, AT)
LINE: dict[str, Any] = {
    "id": "r1",
    "content": "c" * 16,
    "workspace": "team",
    "dataset": "out",
    "reviewer": "ana",
    "answers": {"decision": "keep", "comment": "fine"},
    "labels": LABELS,
    "at": AT,
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
    assert replace(tmp_path, "team", "out", [ANSWER]) == (0, 0)
    assert {a.key for a in read(tmp_path)} == {a.key for a in [ANSWER, *other]}
    assert not (tmp_path / FORMER).exists()
    assert replace(tmp_path, "team", "out", []) == (1, 1)
    assert [a.key for a in read(tmp_path)] == sorted(a.key for a in other)


def by(*reviewers: str) -> list[Answer]:
    return [changed(ANSWER, reviewer=who) for who in reviewers]


def former(directory: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (directory / FORMER).read_text("utf-8").splitlines()]


@pytest.mark.parametrize(
    ("pulls", "gone", "kept"),
    [
        (["ab", "ac"], [(0, 0), (1, 1)], "b"),  # as many lines, but one that was there is gone
        (["abc", "a", ""], [(0, 0), (2, 2), (1, 3)], "abc"),
        (["abc", "", "c", ""], [(0, 0), (3, 3), (0, 2), (1, 3)], "abc"),
        (["ab", "a", "ab"], [(0, 0), (1, 1), (0, 0)], ""),  # what is back is in the file again
        (["ab", "a", "a", "a"], [(0, 0), (1, 1), (0, 1), (0, 1)], "b"),
    ],
)
def test_answers_that_are_gone_are_collected(
    tmp_path: Path, pulls: list[str], gone: list[tuple[int, int]], kept: str
) -> None:
    assert [replace(tmp_path, "team", "out", by(*reviewers)) for reviewers in pulls] == gone
    assert sorted(line["reviewer"] for line in former(tmp_path)) == [*kept]
    assert all(line == LINE | {"reviewer": line["reviewer"]} for line in former(tmp_path))


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from(["one", "two"]), st.dictionaries(st.sampled_from("abc"), st.sampled_from("xy"))),
        max_size=7,
    )
)
def test_whoever_answered_is_in_one_of_the_two_files(
    tmp_path_factory: pytest.TempPathFactory, pulls: list[tuple[str, dict[str, str]]]
) -> None:
    """Whatever was pulled in whatever order: a person's answer about a text is there, as it was given last."""
    directory, ever = tmp_path_factory.mktemp("set"), {}
    for dataset, found in pulls:
        fresh = [changed(ANSWER, dataset=dataset, reviewer=who, content=text) for who, text in found.items()]
        replace(directory, "team", dataset, fresh)
        ever |= {(dataset, who, text): None for who, text in found.items()}
    lines = [json.loads(line) for path in directory.iterdir() for line in path.read_text("utf-8").splitlines()]
    found = [(line["dataset"], line["reviewer"], line["content"]) for line in lines]
    assert sorted(found) == sorted(ever)


def test_a_changed_answer_is_no_lost_one(tmp_path: Path) -> None:
    replace(tmp_path, "team", "out", [ANSWER])
    assert replace(tmp_path, "team", "out", [changed(ANSWER, answers={"decision": "drop"})]) == (0, 0)
    assert read(tmp_path)[0].answers == {"decision": "drop"}
    assert sorted(path.name for path in tmp_path.iterdir()) == [NAME]


def test_an_answer_about_another_text_is_not_written_over(tmp_path: Path) -> None:
    replace(tmp_path, "team", "out", [ANSWER])
    assert replace(tmp_path, "team", "out", [changed(ANSWER, content="d" * 16)]) == (1, 1)
    assert former(tmp_path) == [LINE]


@pytest.mark.parametrize("refused", [1, 2])
def test_a_disk_that_refuses_loses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, refused: int) -> None:
    """Whichever of the two files cannot be written: every answer is in one of them, and the next pull goes on from there."""
    replace(tmp_path, "team", "out", by("ana", "ben"))
    before, calls = (tmp_path / NAME).read_bytes(), count(1)

    def full(source: Path, target: Path) -> None:
        if next(calls) == refused:
            raise OSError(28, "No space left on device")
        Path(source).rename(target)

    with monkeypatch.context() as broken:
        broken.setattr(os, "replace", full)
        with pytest.raises(StoppedError, match=r"No space left on device.*then pull again"):
            replace(tmp_path, "team", "out", by("ana"))
    assert (tmp_path / NAME).read_bytes() == before
    assert replace(tmp_path, "team", "out", by("ana")) == (1, 1)
    assert [line["reviewer"] for line in former(tmp_path)] == ["ben"]


def test_damage_in_the_former_file_stays_there_and_stops_nothing(tmp_path: Path) -> None:
    (tmp_path / FORMER).write_bytes(b'{"mine": 1}\n\xff')
    replace(tmp_path, "team", "out", by("ana", "ben"))
    assert replace(tmp_path, "team", "out", by("ana")) == (1, 3)
    lines = (tmp_path / FORMER).read_bytes().splitlines()
    assert {b'{"mine": 1}', b"\xff"} < {*lines}


SECOND = LINE | {"reviewer": "ben"}


def without(*path: str) -> str:
    line = json.loads(json.dumps(SECOND))
    inner = line
    for name in path[:-1]:
        inner = inner[name]
    del inner[path[-1]]
    return json.dumps(line)


DAMAGED = {
    "no JSON": "{",
    "cut": json.dumps(SECOND)[:60],
    "a list": "[]",
    "a number": "7",
    "blank": "",
    "no id": without("id"),
    "no answers": without("answers"),
    "no count": without("labels", "sent"),
    "no records": json.dumps(SECOND | {"labels": LABELS | {"sent": 0}}),
    "a count that is a text": json.dumps(SECOND | {"labels": LABELS | {"sent": "4"}}),
    "types": json.dumps(SECOND | {"labels": LABELS | {"error_type": ["CA"]}}),
    "choices": json.dumps(SECOND | {"labels": LABELS | {"choice": ["all"]}}),
    "no choice": without("labels", "choice"),
    "no time": without("at"),
    "not a time": json.dumps(SECOND | {"at": "yesterday"}),
    "a time of no zone": json.dumps(SECOND | {"at": "2026-01-02T03:04:05"}),
    "a time of another zone": json.dumps(SECOND | {"at": "2026-01-02T03:04:05+01:00"}),
    "empty reviewer": json.dumps(SECOND | {"reviewer": ""}),
    "step a text": json.dumps(SECOND | {"labels": LABELS | {"error_step": "2"}}),
    "step a truth value": json.dumps(SECOND | {"labels": LABELS | {"error_step": True}}),
    "unknown choice": json.dumps(SECOND | {"labels": LABELS | {"choice": "best"}}),
    "step zero": json.dumps(SECOND | {"labels": LABELS | {"error_step": 0}}),
    "unknown type": json.dumps(SECOND | {"labels": LABELS | {"error_type": "XX"}}),
    "no type": json.dumps(SECOND | {"labels": LABELS | {"error_type": "none"}}),
    "no source": json.dumps(SECOND | {"labels": LABELS | {"label_source": ""}}),
    "source a number": json.dumps(SECOND | {"labels": LABELS | {"label_source": 7}}),
    "agreement below zero": json.dumps(SECOND | {"labels": LABELS | {"locator_agreement": -0.5}}),
    "agreement a truth value": json.dumps(SECOND | {"labels": LABELS | {"locator_agreement": True}}),
    "agreement over one": json.dumps(SECOND | {"labels": LABELS | {"locator_agreement": 1.5}}),
    "agreement not a number": json.dumps(SECOND | {"labels": LABELS | {"locator_agreement": float("nan")}}),
    "agreement a text": json.dumps(SECOND | {"labels": LABELS | {"locator_agreement": "all"}}),
    "a null answer": json.dumps(SECOND | {"answers": {"decision": None}}),
    "answers a list": json.dumps(SECOND | {"answers": ["decision"]}),
    "deep": "[" * 100_000,
    "twice": json.dumps(LINE),
    "not UTF-8": "\udcff",
}


@pytest.mark.parametrize("case", DAMAGED)
def test_damage_is_named_by_its_line_before_anything_is_written(tmp_path: Path, case: str) -> None:
    path = tmp_path / NAME
    path.write_bytes((json.dumps(LINE) + "\n" + DAMAGED[case] + "\n").encode("utf-8", "surrogateescape"))
    before = path.read_bytes()
    with pytest.raises(
        RefusedError, match="line 2: " + ("this reviewer" if case == "twice" else "not an answer")
    ) as refused:
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


@given(st.permutations(range(6)))
def test_a_person_has_one_answer_to_a_row_the_later_one(order: list[int]) -> None:
    def one(id_: str, who: str, dataset: str, second: int) -> Answer:
        return changed(ANSWER, id=id_, reviewer=who, dataset=dataset, at=f"2026-01-02T03:04:{second:02}+00:00")

    wanted = [
        one("a", "ana", "one", 9),
        one("a", "ben", "two", 3),
        one("b", "ana", "two", 4),
        one("c", "ana", "two", 5),
    ]
    others = [one("a", "ana", "two", 8), one("c", "ana", "one", 5)]  # the last at the same moment: by name
    answers = [*wanted, *others]
    assert latest(answers[number] for number in order) == wanted
