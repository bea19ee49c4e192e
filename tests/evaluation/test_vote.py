"""Votes: equal answers count together, the first given wins a tie, and no answer is no vote."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lemma_steps.answers import Verdict
from lemma_steps.evaluation.scores.grade import Grade
from lemma_steps.evaluation.scores.vote import groups, vote_names, votes, winner


def graded(answer, *, gold="1/2", text=None):
    verdict = (
        Verdict.UNPARSED if answer is None else Verdict.RIGHT if answer in {"1/2", "0.5", r"\frac12"} else Verdict.WRONG
    )
    return Grade(answer, text if text is not None else str(answer), verdict, verdict, False)


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        (["1/2", "0.5", "3"], [[0, 1], [2]]),
        (["3", r"\frac{1}{2}", "0.5", "1/2"], [[0], [1, 2, 3]]),
        (["5", "5.0", "$5", "6"], [[0, 1, 2], [3]]),
        ([None, "7", None], [[1]]),
        ([None, None], []),
        (["x+1", "1+x", "x"], [[0, 1], [2]]),
        (["(1, 2)", "(2, 1)"], [[0], [1]]),
    ],
)
def test_equal_answers_are_one_group(answers, expected):
    assert groups(answers) == expected


def test_the_vote_counts_equal_answers_where_strings_would_lose():
    grades = [graded("3"), graded("3"), graded("1/2"), graded("0.5"), graded(r"\frac12")]
    scores = votes(grades)
    assert scores["maj@5"] == 1  # three halves against two threes
    assert scores["qwen_maj@5"] == 0  # the published vote sees three different strings
    assert scores["pass@5"] == 1


@pytest.mark.parametrize(
    ("answers", "right"), [(["1/2", "3"], 1), (["3", "1/2"], 0), ([None, "1/2"], 1), ([None, None], 0)]
)
def test_a_tie_goes_to_the_answer_given_first(answers, right):
    assert votes([graded(answer) for answer in answers])["maj@2"] == right


def test_the_smaller_vote_takes_the_first_eight():
    grades = [graded("3")] * 5 + [graded("1/2")] * 27
    assert votes(grades) | {} == {"maj@32": 1, "maj@8": 0, "pass@32": 1, "qwen_maj@32": 1}
    assert list(votes(grades)) == vote_names(32)


def test_the_published_vote_counts_empty_answers_too():
    assert votes([graded(None, text=""), graded(None, text=""), graded("1/2")])["qwen_maj@3"] == 0


@given(st.lists(st.sampled_from(["1", "1.0", "2", "4/2", None, "x"]), min_size=1, max_size=12))
def test_groups_part_the_answers_and_the_winner_is_a_largest(answers):
    found = groups(answers)
    assert sorted(at for group in found for at in group) == [
        at for at, answer in enumerate(answers) if answer is not None
    ]
    assert [group[0] for group in found] == sorted(group[0] for group in found)
    best = winner(found)
    assert (best is None) == (not found)
    assert best is None or max(map(len, found)) == next(len(group) for group in found if best in group)
