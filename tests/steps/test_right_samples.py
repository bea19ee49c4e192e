"""Which right samples are the same way to the answer, and that every sample leaves as a row."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lemma_steps.steps import RightSamples
from tests.scripted_llm import advance, made

VERDICTS = ("right", "wrong", "unparsed", "timed_out")


def problem(solutions, verdicts=None, calls=()):
    return {
        "problem_id": "p",
        "question": "q",
        "gold_answer": "1",
        "samples": [
            {"sample": 10 + n, "solution": f"{text}\nThe answer is: 1", "student": "s"}
            for n, text in enumerate(solutions)
        ],
        "sample_verdicts": list(verdicts or ["right"] * len(solutions)),
        "provenance": [{"key": key} for key in calls],
    }


def reasons(solutions, verdicts=None):
    return [row.get("reason") for row in advance(made(RightSamples), problem(solutions, verdicts))]


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("3*4=12 eggs.", "So she has 3 * 4 = 12 of them.", True),
        ("3*4=12 eggs.", "4*3=12 eggs.", False),  # Yuan et al.: another order is another way
        ("2+3=5, 5+1=6", "5+1=6, 2+3=5", False),
        ("2+3=5, 5+1=6", "2+3=5", False),
        ("$\\frac{6}{2}=3$", "6/2=3", True),
        ("6/2=3", "6-2=4", False),
        ("Twelve.", "Twelve.\n", True),
        ("Twelve.", "A dozen.", False),
        ("Twelve.", "3*4=12", False),
    ],
)
def test_ways_are_told_apart_by_their_equations(one, other, same):
    assert reasons([one, other]) == [None, "same_equations" if same else None]


@given(st.lists(st.tuples(st.sampled_from(["2+3=5", "5-1=4", "none"]), st.sampled_from(VERDICTS)), min_size=1))
def test_every_sample_leaves_as_a_row_and_of_every_right_way_the_first_stays(samples):
    rows = advance(STEP, problem(*map(list, zip(*samples, strict=True))))
    assert [row["index"] for row in rows] == [10 + number for number in range(len(samples))]
    assert [row["verdict"] for row in rows] == [verdict for _, verdict in samples]
    assert len({row["id"] for row in rows}) == len(rows)
    kept = [row for row in rows if not row.get("rejected_by")]
    right = [number for number, (_, verdict) in enumerate(samples) if verdict == "right"]
    first = {text: number for number, text in reversed([(n, samples[n][0]) for n in right])}
    assert [row["index"] - 10 for row in kept] == sorted(first.values())
    assert not any("samples" in row or "sample_verdicts" in row for row in rows)


STEP = made(RightSamples)


def test_a_right_guess_is_no_solution():
    """A reply that was cut, and one that goes on to another end, as recorded: what can be read out of them is right."""
    row = problem(["The line is 3x", "2+3=5"])
    row["samples"][0]["solution"] = "The distance is 3x and more. This results in"
    assert [made.get("reason") for made in advance(STEP, row)] == ["answer_not_stated", None]


def test_a_problem_without_samples_is_one_rejected_row():
    (row,) = advance(made(RightSamples), problem([]))
    assert (row["reason"], row.get("id")) == ("no_samples", None)


@pytest.mark.parametrize(
    ("calls", "expected"),
    [((), [[], []]), (("a", "b"), [["a"], ["b"]]), (("a", "failed", "b"), [["a", "failed", "b"]] * 2)],
)
def test_a_row_carries_its_own_call_where_it_can_be_told(calls, expected):
    rows = advance(made(RightSamples), problem(["2+3=5", "5-1=4"], calls=calls))
    assert [[call["key"] for call in row["provenance"]] for row in rows] == expected
