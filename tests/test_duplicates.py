"""Repeated trajectories are dropped, and only those."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lemma_steps.duplicates import Duplicate, SeenTrajectories

QUESTION = "A crate holds 12 jars at $5 each. How much do 3 crates cost?"
WRONG = " A crate costs 12*5 = $65.\n"
END = (
    "Twelve jars at five dollars come to 12*5 = 60 dollars for a full crate of them.\n"
    "Since there are three such crates to be paid for, the whole purchase comes to 60*3 = 180 dollars.\n"
    "The answer is: 180"
)
FIRST = f"{WRONG}Wait, that line is off, since twelve fives are sixty.\n{END}"

NEAR = [
    FIRST.replace("the whole purchase", "that whole purchase"),
    FIRST.replace("Wait, that", "Wait: That"),
    FIRST.replace("180 dollars", "180 dollars altogether"),
]
OTHER = [
    FIRST.replace("$65", "$75"),
    FIRST.replace("12*5 = $65", "12+5 = $65"),
    FIRST.replace("60*3", "3*60"),
    f"{WRONG}Hold on, I would rather start again from the number of jars, which is easier to see.\n"
    "There are 12*3 = 36 jars in all, and they cost 36*5 = 180 dollars.\nThe answer is: 180",
    f"{WRONG}No.\nThe answer is: 180",
    FIRST.replace("answer is: 180", "answer is: -180"),
]


@pytest.fixture
def seen():
    seen = SeenTrajectories()
    assert seen.check("first", FIRST, QUESTION) is None
    return seen


@pytest.mark.parametrize("output", [FIRST, FIRST.replace("\n", "  \n\n"), FIRST.strip()])
def test_the_same_output_is_an_exact_duplicate(seen, output):
    assert seen.check("second", output, QUESTION) == Duplicate("first", "exact")


def test_the_same_output_to_another_spelling_of_the_question_is_a_duplicate_too(seen):
    assert seen.check("second", FIRST, "How much are 3 crates?") == Duplicate("first", "exact")


@pytest.mark.parametrize("output", NEAR)
def test_almost_the_same_output_is_a_near_duplicate(seen, output):
    assert seen.check("second", output, QUESTION.upper()) == Duplicate("first", "near")


@pytest.mark.parametrize("output", OTHER)
def test_another_error_or_another_way_is_no_duplicate(seen, output):
    assert seen.check("second", output, QUESTION) is None


def test_almost_the_same_output_to_another_question_is_no_duplicate(seen):
    assert seen.check("second", NEAR[0], QUESTION.replace("3 crates", "4 crates")) is None


def test_a_wrong_step_that_differs_in_words_only_is_no_duplicate():
    seen, other = SeenTrajectories(), "A box costs 12*5 = $65."
    assert seen.check("first", FIRST, QUESTION, WRONG) is None
    assert seen.check("second", FIRST.replace("A crate costs 12", "A box costs 12"), QUESTION, other) is None
    assert seen.check("third", NEAR[0], QUESTION, WRONG) == Duplicate("first", "near")


def test_the_first_in_order_stays(seen):
    assert seen.check("second", NEAR[0], QUESTION).of == "first"
    assert seen.check("third", NEAR[0], QUESTION).of == "first"
    assert seen.check("fourth", OTHER[0], QUESTION) is None
    assert seen.check("fifth", OTHER[0], QUESTION).of == "fourth"


def test_long_outputs_are_told_apart_by_their_sketches():
    words = [f"w{chr(97 + k % 26)}{chr(97 + k // 26 % 26)}{chr(97 + k // 676)}" for k in range(3000)]
    seen = SeenTrajectories()
    assert seen.check("first", " ".join(words), QUESTION) is None
    assert seen.check("second", " ".join([*words[:1500], "new", *words[1500:]]), QUESTION) == Duplicate("first", "near")
    assert seen.check("third", " ".join(words[:1500]), QUESTION) is None


@given(st.lists(st.tuples(st.text(max_size=40), st.sampled_from(["q 1", "q 2"])), max_size=12))
def test_every_output_is_kept_once(rows):
    def run():
        seen = SeenTrajectories()
        return [seen.check(str(number), output, question) for number, (output, question) in enumerate(rows)]

    found = run()
    assert found == run()
    kept = [" ".join(output.split()) for (output, _), duplicate in zip(rows, found, strict=True) if duplicate is None]
    assert len(kept) == len(set(kept))
    for number, duplicate in enumerate(found):
        assert duplicate is None or (int(duplicate.of) < number and found[int(duplicate.of)] is None)


@pytest.mark.parametrize("hostile", ["\ud800" * 100, "x " * 10**6, "", "\x00"])
def test_any_text_is_checked(hostile):
    seen = SeenTrajectories()
    assert seen.check("first", hostile, hostile) is None
    assert seen.check("second", hostile, hostile) == Duplicate("first", "exact")
