"""Where a reply turns back: tables of wordings, properties, and rates on text whose nature is known."""

from __future__ import annotations

import gzip
import json
import random
import re
import time
from importlib.resources import files
from itertools import pairwise
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from lemma_steps.evaluation.self_correction.reflections import Reflection, reflections

TURNS = [
    "3 + 4 = 8. Wait, 3 + 4 = 7.",
    "3 + 4 = 8, wait, no. 3 + 4 = 7.",
    "The total is 8.\nWait a minute, one is missing.",
    "So there are 12. But wait! Two of them were sold.",
    "**Hmm**, that is more than the whole.",
    "So x = 2. Hmm... this is more than the whole.",
    "Oops, I added them twice.",
    "x = 4. I made a mistake in the second step.",
    "It seems we made an arithmetic error.",
    "I misread the question: it is per week.",
    "There seems to be an error in my calculation.",
    "This indicates a mistake in our setup.",
    "That can't be right. A quarter of 20 is 5.",
    "That cannot be right, as 9 is odd.",
    "This does not add up.",
    "Let me recalculate the sum.",
    "Let’s re-evaluate the second step.",
    "Upon rechecking, the sum is 14.",
    "We need to reconsider our approach.",
    "Let me start over.",
    "Correcting this, we get 14.",
    "However, this is incorrect. The correct sum is 14.",
    "This result doesn't make sense, so let me try again.",
    "Actually, the number of legs should be 4 for each.",
    "Our calculation was wrong and we should use 5 instead.",
    "I apologize for the confusion. The sum is 14.",
    "Let's pause and think about what is known.",
    "Is everything correct? 3 + 4 is 7.",
    "Could I have missed something? One is left.",
    "That looks odd. 3 + 4 is 7.",
]
"""Each turns back once."""
GOES_ON = [
    "So the total is 12. The answer is: 12",
    "They wait for 5 minutes and then walk home.",
    "Wait times are 5 and 7 minutes.",
    "The line is so long that they wait, and then they leave.",
    "She holds on to 5 of the cards.",
    "Hold on to the first equation.",
    "Ben made 3 mistakes on his test, so his score is 97.",
    "The student made an error on 2 of the 10 pages.",
    "The margin of error is 3 percent.",
    "Our error bound is 0.01.",
    "He has to start over if he rolls a six.",
    "He spent 200 on buying and fixing it.",
    "Let me check: 3 * 4 = 12. There is no mistake.",
    "Let me verify: 7 + 5 = 12, which is correct.",
    "Checking the result, everything is correct.",
    "We verify that this is correct.",
    "We assume that the root is rational. This is a contradiction, so it is irrational.",
    "We choose two faces that don't add up to 7.",
    "There must be an error in the question.",
    "It appears that there is a mistake in the given information.",
    "The value of x cannot be negative, so x = 3.",
    "The wrong answers are worth 0 points, so they give 0.",
    "Instead of 5 apples she buys 7, so she pays 14.",
    "But she gives 3 away, so only 4 are left.",
    "The number is odd, so it is no multiple of 4.",
    "It is a common mistake to count the corners twice.",
    "Does he have enough money? Yes, 3 are left.",
    "We recount nothing: 4 were counted before.",
]


@pytest.mark.parametrize("text", TURNS)
def test_a_turn_is_found_once(text: str) -> None:
    assert len(reflections(text)) == 1


@pytest.mark.parametrize("text", GOES_ON)
def test_going_on_is_no_turn(text: str) -> None:
    assert reflections(text) == []


def test_a_turn_begins_at_its_first_word() -> None:
    text = "The sum is 8. But wait! That is wrong.\nThe answer is: 7"
    [turn] = reflections(text)
    assert text[turn.begin :].startswith("But wait!")


def test_signs_far_apart_are_two_turns_and_close_ones_are_one() -> None:
    turn = "Wait, that is wrong. I made a mistake. "
    work = "So the next sum is 4 + 5 = 9 and then we go on with it. " * 5
    assert len(reflections(turn)) == 1
    assert len(reflections(turn + work + turn)) == 2


def test_a_doubt_counts_only_where_a_turn_follows() -> None:
    doubt, turn = "This value is incorrect. ", "The correct value is 9."
    assert reflections(doubt) == []
    assert reflections(turn) == []
    assert len(reflections(doubt + turn)) == 1
    assert reflections(doubt + "So it goes on and on. " * 15 + turn) == []


@given(st.lists(st.sampled_from([*TURNS, *GOES_ON, " ", "\n", "’", "\0", "\ud800", "x = 5"]), max_size=8).map(" ".join))
def test_turns_lie_in_the_text_in_order_and_apart(text: str) -> None:
    found = reflections(text)
    assert all(0 <= turn.begin < turn.end <= len(text) for turn in found)
    assert all(one.end < next_one.begin for one, next_one in pairwise(found))


@given(st.text(max_size=200))
def test_any_text_can_be_read(text: str) -> None:
    assert all(isinstance(turn, Reflection) for turn in reflections(text))


def test_time_grows_with_the_length_only() -> None:
    for piece in (
        "i made an ",
        "this is wrong ",
        "wait, ",
        "the the error ",
        "something about ",
        "i took ",
        "let's ",
        " ",
    ):
        begin = time.process_time()
        reflections(piece * (100_000 // len(piece)))
        assert time.process_time() - begin < 3, piece


def test_the_offline_teachers_reflections_are_found() -> None:
    phrases = yaml.safe_load(files("lemma_steps.llms.offline").joinpath("phrases.yaml").read_text("utf-8"))
    draw, found, size = random.Random(0), 0, 400
    for _ in range(size):
        strategy = draw.choice(["fix_continue", "fresh_restart"])
        said = draw.choice(phrases["reflections"][draw.choice(list(phrases["reflections"]))])
        parts = [draw.choice(phrases["openings"][strategy]), said, draw.choice(phrases["turns"][strategy])]
        before = "\n3 * 4 = 13.\n"
        text = before + re.sub(r"\{\w+\}", "12", " ".join(parts)) + "\n3 * 4 = 12.\nThe answer is: 12"
        turns = reflections(text)
        found += bool(turns) and turns[0].begin >= len(before)
    assert found / size >= 0.9


def test_small_models_samples_hardly_ever_turn_back() -> None:
    lines = files("lemma_steps").joinpath("data", "starter", "student_samples.jsonl").read_text("utf-8").splitlines()
    turned = [n for n, line in enumerate(lines) if reflections(json.loads(line)["solution"])]
    assert len(turned) == 3  # all three were read: each says that its own result is wrong
    lines = files("lemma_steps").joinpath("data", "starter", "problems.jsonl").read_text("utf-8").splitlines()
    assert not any(reflections(row.get("solution") or row["answer"]) for row in map(json.loads, lines))


@pytest.mark.parametrize(("name", "column", "at_most"), [("gsm8k_test", "answer", 0), ("math500", "solution", 1)])
def test_gold_solutions_do_not_turn_back(lemma_data: Path, name: str, column: str, at_most: int) -> None:
    with gzip.open(lemma_data / f"{name}.jsonl.gz", "rt", encoding="utf-8") as lines:
        assert sum(bool(reflections(json.loads(line)[column])) for line in lines) <= at_most


def test_recorded_students_do_not_turn_back(lemma_data: Path) -> None:
    with gzip.open(lemma_data / "gsm8k_student_solutions.jsonl.gz", "rt", encoding="utf-8") as lines:
        written = [
            value["solution"] for line in lines for value in json.loads(line).values() if isinstance(value, dict)
        ]
    assert len(written) > 4_000
    assert not any(map(reflections, written))
