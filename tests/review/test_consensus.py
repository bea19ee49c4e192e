"""What counts as agreed, undecided, impossible, or about another text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lemma_steps.review.answers import Answer
from lemma_steps.review.consensus import Consensus, consensus
from lemma_steps.review.record import content

ROW = {
    "id": "r1",
    "question": "What is 2 + 3 + 4?",
    "gold_solution": "2 + 3 = 5.\n5 + 4 = 9.",
    "erroneous_prefix": " I add.\n2 + 3 = 6.\n",
    "reflection": "Wait, that is wrong.\n",
    "correction": "2 + 3 = 5.\n5 + 4 = 9.\nThe answer is: 9",
    "error_step": 2,
    "error_type": "CA",
    "error_begin": 8,
    "error_end": 20,
}
LABELS = {"error_step": 2, "error_type": "CA", "label_source": "teacher", "locator_agreement": None, "choice": "all"}


def answer(reviewer: str, answers: Mapping[str, str], row: Mapping[str, Any] = ROW, dataset: str = "out") -> Answer:
    return Answer(row["id"], content(dict(row)), "team", dataset, reviewer, answers, LABELS)


def of(*answers: Answer) -> Consensus:
    return consensus(dict(ROW), answers)


def votes(values: str) -> Consensus:
    """Reviewers who say keep (k), drop (d), or do not say (-)."""
    said = {"k": {"decision": "keep"}, "d": {"decision": "drop"}, "-": {"error_type": "CA"}}
    return of(*(answer(f"reviewer {number}", said[value]) for number, value in enumerate(values)))


@pytest.mark.parametrize(
    ("values", "agreed"),
    [
        *(("k", "keep"), ("d", "drop"), ("kd", None), ("kkd", "keep"), ("kdd", "drop"), ("kkdd", None)),
        *(("k-", "keep"), ("d--", "drop"), ("kd-", None), ("kkd--", "keep"), ("kkkdd", "keep")),
    ],
)
def test_more_than_half_of_those_who_answered_decide(values: str, agreed: str | None) -> None:
    found = votes(values)
    assert found.agreed.get("decision") == agreed
    assert ("decision" in found.undecided) == (agreed is None)


def test_answers_stand_beside_the_labels_that_the_row_has_now() -> None:
    """Labels that reviewers did not see may change under their answers; figures compare with those of the set."""
    found = consensus({**ROW, "error_type": "HA", "locator_agreement": 0.5}, [answer("ana", {"error_type": "CA"})])
    assert found.answers[0].labels == {**LABELS, "error_type": "HA", "locator_agreement": 0.5}


@pytest.mark.parametrize(
    ("given", "agreed"),
    [
        ([("2", "CA"), ("2", "OP"), ("2", "OP")], "OP"),
        ([("2", "CA"), ("1", "OP"), ("1", "OP")], "OP"),  # the step moves to 1
        ([("2", "CA"), ("1", "OP")], "CA"),  # undecided: the step stays 2
        ([("1", "OP"), ("none", "none")], None),
        ([("9", "OP"), ("9", "OP")], None),  # no such step
        ([(None, "OP")], "OP"),
    ],
)
def test_a_type_counts_for_the_step_that_its_reviewer_named(given, agreed: str | None) -> None:
    said = [{"first_wrong_step": step, "error_type": kind} if step else {"error_type": kind} for step, kind in given]
    found = of(*(answer(f"reviewer {number}", answers) for number, answers in enumerate(said)))
    assert found.agreed.get("error_type") == agreed
    assert found.impossible == sum(2 * (step == "9") for step, _ in given)


@pytest.mark.parametrize(("types", "agreed"), [("CA CA OP", "CA"), ("CA OP MS", None), ("CA CA OP MS", None)])
def test_the_most_frequent_of_several_is_not_enough(types: str, agreed: str | None) -> None:
    found = of(*(answer(str(number), {"error_type": code}) for number, code in enumerate(types.split())))
    assert found.agreed.get("error_type") == agreed


def test_nobody_answered() -> None:
    assert of() == Consensus((), (), {}, (), 0, 0)


@pytest.mark.parametrize(
    ("question", "value", "possible"),
    [
        *(("first_wrong_step", value, True) for value in ("none", "1", "2")),
        *(("first_wrong_step", value, False) for value in ("0", "3", "-1", "02", "1.0", "two", "²", "9" * 5000)),
        *(("error_type", value, True) for value in ("CA", "none")),
        *(("error_type", value, False) for value in ("ca", "XX", "None")),
        *(("decision", value, value in ("keep", "drop")) for value in ("keep", "drop", "yes", "Keep")),
        *(("prefix_right", value, value in ("yes", "no")) for value in ("yes", "no", "keep")),
        ("comment", "anything at all", True),
    ],
)
def test_what_cannot_be_for_the_row_is_left_out_and_counted(question: str, value: str, possible: bool) -> None:
    found = of(answer("ana", {question: value, "reflection_names_error": "no"}))
    assert found.impossible == (not possible)
    assert (question in found.answers[0].answers) == possible
    assert question == "comment" or found.agreed.get(question) == (value if possible else None)
    assert found.agreed["reflection_names_error"] == "no"  # the others of the same person count


@pytest.mark.parametrize("column", ["question", "gold_solution", "erroneous_prefix", "reflection", "correction"])
def test_answers_about_another_text_count_for_nothing(column: str) -> None:
    former = answer("ana", {"decision": "drop"}, ROW | {column: ROW[column] + "x"})  # type: ignore[operator]
    found = of(former, answer("ben", {"decision": "keep"}))
    assert found.other_text == 1
    assert found.agreed == {"decision": "keep"}
    assert [a.reviewer for a in found.answers] == ["ben"]


@pytest.mark.parametrize(("times", "agreed"), [("12", "drop"), ("21", "keep")])
def test_of_a_persons_answers_in_two_datasets_the_later_is_the_vote(times: str, agreed: str) -> None:
    twice = [
        replace(answer("ana", {"decision": said}, dataset=dataset), at=f"2026-01-0{day}T00:00:00Z")
        for said, dataset, day in zip(("keep", "drop"), ("out", "pilot"), times, strict=True)
    ]
    found = of(*twice)
    assert found.agreed == {"decision": agreed}
    assert (len(found.answers), len(found.given)) == (1, 2)
    assert found.who("decision") == found.who("decision", agreed) == ["ana"]
    against = of(*twice, answer("ben", {"decision": "drop"}))
    assert against.agreed == ({"decision": "drop"} if agreed == "drop" else {})


def test_an_edit_that_says_what_the_row_says_is_none() -> None:
    same = "2 + 3 = 5.\r\n5\u00a0+ 4 = 9.  \nThe answer is: 9\n\n"
    found = of(answer("ana", {"edited_correction": same, "edited_reflection": "Stop. That is wrong."}))
    assert found.answers[0].answers == {"edited_reflection": "Stop. That is wrong."}
    assert found.impossible == 0
    assert found.agreed == {}


def test_who_said_what() -> None:
    found = of(
        *(answer(who, {"decision": said}) for who, said in [("cem", "keep"), ("ana", "keep"), ("ben", "drop")]),
        answer("dora", {"comment": "?"}),
    )
    assert found.who("decision", "keep") == ["ana", "cem"]
    assert found.who("decision") == ["ana", "ben", "cem"]
    assert found.who("error_type") == []
    assert [a.reviewer for a in found.answers] == ["ana", "ben", "cem", "dora"]
    places = of(answer("ben", {"decision": "drop"}, dataset="a"), answer("ana", {"decision": "keep"}, dataset="b"))
    assert [a.reviewer for a in places.answers] == ["ana", "ben"]


SAID = st.fixed_dictionaries(
    {},
    optional={
        "first_wrong_step": st.sampled_from(["none", "1", "2", "3"]),
        "error_type": st.sampled_from(["CA", "OP", "none", "??"]),
        "decision": st.sampled_from(["keep", "drop"]),
    },
)


@settings(max_examples=80, deadline=None)
@given(st.lists(SAID, max_size=6), st.randoms(use_true_random=False))
def test_order_means_nothing_and_every_question_has_one_outcome(given_: list[dict[str, str]], draw: Any) -> None:
    answers = [answer(str(number), said) for number, said in enumerate(given_)]
    found = of(*answers)
    assert found == of(*draw.sample(answers, len(answers)))
    assert not set(found.agreed) & set(found.undecided)
    outcomes = {*found.agreed, *found.undecided}
    asked = {name for a in found.answers for name in a.answers}
    assert outcomes in (asked, asked - {"error_type"})  # all types may be of other steps
    assert sum(len(a.answers) for a in found.answers) + found.impossible == sum(map(len, given_))
