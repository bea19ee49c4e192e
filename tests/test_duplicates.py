"""Repeated trajectories are dropped, and only those, in memory that does not grow."""

from __future__ import annotations

import tracemalloc

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from lemma_steps.contamination.normalise import normalise, tokens
from lemma_steps.duplicates import NEAR as LEAST
from lemma_steps.duplicates import Duplicate, FirstSeen, Occurrences, SeenTrajectories

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


class Remembered:
    """What `SeenTrajectories` must say, by comparing with every row kept so far."""

    def __init__(self):
        self.kept = []

    def check(self, row_id, output, question, wrong_step=""):
        text, found = output.split(), tokens(output)
        maths = [token for token in found if len(token) == 1 or not token.isalpha()]
        key, words = (
            (normalise(question), normalise(wrong_step), maths),
            set(zip(found, found[1:], found[2:], strict=False)),
        )
        for of, other, _, _ in self.kept:
            if other == text:
                return Duplicate(of, "exact")
        for of, _, other_key, other in self.kept:
            if other_key == key and len(words & other) >= LEAST * len(words | other):
                return Duplicate(of, "near")
        self.kept.append((row_id, text, key, words))
        return None


WORDS = 2 * [
    "one",
    "of",
    "the",
    "two",
    "crates",
    "holds",
    "twelve",
    "jars",
    "and",
    "so",
    "we",
    "see",
    "that",
    "in",
    "all",
]
QUESTIONS = ["How much do 3 crates cost?", "how MUCH do  3 crates cost", "How much do 4 crates cost?", "Why?"]


@st.composite
def outputs(draw):
    """Thirty words of which up to three are others, with a sum that may be another one."""
    words = list(WORDS)
    for position in draw(st.lists(st.integers(0, len(words) - 1), max_size=3)):
        words[position] = draw(st.sampled_from(["box", "box", "bag", "1"]))
    return " ".join(words[: draw(st.sampled_from([2, 30]))]) + draw(
        st.sampled_from(["", " ", " 12*5 = 60", " 12*5 = 65"])
    )


ROWS = st.lists(st.tuples(outputs(), st.sampled_from(QUESTIONS), st.sampled_from(["", "is 65"])), max_size=25)
TEXT = " ".join(WORDS)


@given(ROWS)
@example(
    [(TEXT, QUESTIONS[0], ""), (TEXT, QUESTIONS[2], ""), (f"{TEXT} so", QUESTIONS[1], ""), (TEXT, QUESTIONS[3], "")]
)
def test_rows_of_any_question_in_any_order_are_compared_as_with_all_rows_before(rows):
    seen, reference = SeenTrajectories(), Remembered()
    for number, row in enumerate(rows):
        assert seen.check(str(number), *row) == reference.check(str(number), *row), number
    seen.close()


@pytest.mark.parametrize("between", [0, 1, 300])
def test_a_question_that_comes_again_from_another_source_finds_its_near_duplicates(seen, between):
    for number in range(between):
        assert seen.check(f"other {number}", f"{FIRST} {number}", f"Question {number}?") is None
    assert seen.check("second", NEAR[0], QUESTION.replace(" ", "  ").lower()) == Duplicate("first", "near")
    assert seen.check("third", OTHER[0], QUESTION) is None
    assert seen.check("fourth", "Something else", "And else?") is None
    assert seen.check("fifth", OTHER[0].replace("Wait, that", "Wait: that"), QUESTION) == Duplicate("third", "near")


def test_memory_does_not_grow_with_the_rows():
    def check(rows):
        for number in rows:
            assert seen.check(f"{number:016}", f"{FIRST} {number}", f"{QUESTION} {number // 4}", WRONG) is None

    tracemalloc.start()  # before the first row: what takes the place of something freed must not count as grown
    try:
        seen = SeenTrajectories()
        check(range(2000))
        before, _ = tracemalloc.get_traced_memory()
        check(range(2000, 3000))
        grown = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    assert grown < 100 * 1000, "a tenth of a kilobyte per row"


KEYS = st.text(max_size=4) | st.sampled_from(["\ud800", "a" * 10**5, ""])


@given(st.lists(st.tuples(KEYS, st.text(max_size=4) | st.just("\udcff"))))
def test_first_seen_is_a_dict(pairs):
    known = {}
    with FirstSeen() as seen:
        for key, value in pairs:
            assert seen.get(key) == known.get(key)
            assert seen.setdefault(key, value) == known.setdefault(key, value)
            assert seen.get(key) == known[key]


@pytest.mark.parametrize("hostile", ["\ud800" * 100, "x " * 10**6, "", "\x00"])
def test_any_text_is_checked(hostile):
    seen = SeenTrajectories()
    assert seen.check("first", hostile, hostile) is None
    assert seen.check("second", hostile, hostile) == Duplicate("first", "exact")


@given(st.lists(st.sampled_from(["", "a", "b", "\ud800", "a" * 1000])))
def test_occurrences_are_numbered_from_zero(keys):
    with Occurrences() as seen:
        assert [seen.number(key) for key in keys] == [keys[:at].count(key) for at, key in enumerate(keys)]
