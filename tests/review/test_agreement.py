"""The figures of agreement, computed again by hand, and what they may be computed over."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from typing import Any

import pytest

from lemma_steps.review.agreement import NONE_VARY, NOT_THE_SET, agreement, confusion
from lemma_steps.review.answers import Answer
from lemma_steps.review.consensus import JUDGEMENTS
from lemma_steps.review.kappa import ONE_SIDED, ONE_VALUE
from lemma_steps.review.questions import title


def answer(
    id_: str,
    reviewer: str,
    answers: Mapping[str, str],
    choice: str = "random",
    step: int = 2,
    kind: str = "CA",
    dataset: str = "out",
) -> Answer:
    labels = {
        "error_step": step,
        "error_type": kind,
        "label_source": "teacher",
        "locator_agreement": None,
        "choice": choice,
    }
    return Answer(id_, "c" * 16, "team", dataset, reviewer, answers, labels)


def question(found: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    return next(one for one in found["questions"] if one["name"] == name)


def test_the_keys_are_those_of_the_contract_and_go_into_json() -> None:
    found = agreement([answer("a", "ana", {"decision": "keep"}), answer("a", "ben", {"decision": "drop"})], 10)
    assert [*found] == ["records", "answers", "reviewers", "choices", "population", "questions", "error_types"]
    assert [(one["name"], one["title"]) for one in found["questions"]] == [(n, title(n)) for n in JUDGEMENTS]
    decision = question(found, "decision")
    assert [*decision["with_labels"]] == [
        "n",
        "agree",
        "share",
        "low",
        "high",
        "kappa",
        "kappa_low",
        "kappa_high",
        "note",
    ]
    assert [*decision["between"]] == ["records", "share", "low", "high", "cohen", "fleiss"]
    assert [*decision["between"]["cohen"]] == ["pairs", "kappa", "low", "high", "note"]
    assert [*decision["between"]["fleiss"]] == ["kappa", "low", "high", "note"]
    assert json.loads(json.dumps(found, allow_nan=False)) == found


def test_nothing_was_answered() -> None:
    found = agreement([], 10)
    assert (found["records"], found["answers"], found["reviewers"], found["choices"]) == (0, 0, 0, {})
    for one in found["questions"]:
        assert (one["with_labels"]["n"], one["with_labels"]["share"], one["between"]) == (0, None, None)


@pytest.mark.parametrize(
    ("name", "same", "other"),
    [
        *(("first_wrong_step", "2", value) for value in ("1", "3", "none")),
        *(("error_type", "CA", value) for value in ("OP", "none")),
        *((check, "yes", "no") for check in ("prefix_right", "reflection_names_error", "correction_right")),
        ("decision", "keep", "drop"),
    ],
)
def test_what_an_answer_is_compared_with(name: str, same: str, other: str) -> None:
    given = [answer(str(number), "ana", {name: same if number else other}) for number in range(4)]
    found = question(agreement(given, 1000), name)
    labels = found["with_labels"]
    assert (labels["n"], labels["agree"], labels["share"]) == (4, 3, 0.75)
    assert labels["low"] < 0.75 < labels["high"]
    assert labels["kappa"] is None  # the label is the same for all four: no kappa, never a 0
    assert "no kappa" in labels["note"]
    assert found["between"] is None


def test_kappa_with_labels_that_differ() -> None:
    table = [("CA", "CA")] * 20 + [("CA", "OP")] * 5 + [("OP", "CA")] * 10 + [("OP", "OP")] * 15
    given = [answer(str(n), "ana", {"error_type": said}, kind=label) for n, (said, label) in enumerate(table)]
    labels = question(agreement(given, 1000), "error_type")["with_labels"]
    assert labels["kappa"] == pytest.approx(0.4)
    assert labels["kappa_low"] < 0.4 < labels["kappa_high"]
    assert labels["note"] is None


def test_rows_chosen_as_uncertain_count_only_where_there_are_no_others() -> None:
    doubtful = [answer(f"u{n}", "ana", {"decision": "drop"}, "uncertain") for n in range(5)]
    drawn = [answer(f"r{n}", "ana", {"decision": "keep"}, choice) for n, choice in enumerate(["random", "all"])]
    both = agreement([*doubtful, *drawn], 100)
    assert (both["records"], both["choices"]) == (7, {"all": 1, "random": 1, "uncertain": 5})
    assert question(both, "decision")["with_labels"]["n"] == 2
    assert question(both, "decision")["with_labels"]["share"] == 1
    assert NOT_THE_SET not in question(both, "decision")["with_labels"]["note"]
    alone = question(agreement(doubtful, 100), "decision")["with_labels"]
    assert (alone["n"], alone["share"]) == (5, 0)
    assert alone["note"].endswith(NOT_THE_SET)


def test_a_row_that_was_also_drawn_at_random_speaks_for_the_set() -> None:
    twice = [answer("a", "ana", {"decision": "keep"}, "uncertain"), answer("a", "ben", {"decision": "keep"}, "random")]
    assert agreement(twice, 10)["choices"] == {"random": 1}


def test_a_small_set_narrows_the_intervals_and_the_whole_set_has_none() -> None:
    given = [answer(str(n), "ana", {"decision": "keep" if n % 4 else "drop"}) for n in range(100)]

    def width(population: int) -> float:
        found = question(agreement(given, population), "decision")["with_labels"]
        return found["high"] - found["low"]

    def between(population: int) -> float:
        both = [*given, *(answer(str(n), "ben", {"decision": "keep"}) for n in range(100))]
        found = question(agreement(both, population), "decision")["between"]
        return found["high"] - found["low"]

    assert between(10**9) > between(200) > between(100) == 0
    assert width(10**9) > width(200) > width(110) > width(100) == 0
    assert width(200) == pytest.approx(width(10**9) * 0.5**0.5, rel=0.05)  # sqrt((N - n) / (N - 1))


def test_answers_to_one_record_are_not_independent() -> None:
    def width(records: int, reviewers: int) -> float:
        draw = random.Random(1)
        said = [draw.random() < 0.8 for _ in range(records)]
        given = [
            answer(str(n), f"reviewer {r}", {"decision": "keep" if keep else "drop"})
            for n, keep in enumerate(said)
            for r in range(reviewers)
        ]
        found = question(agreement(given, 10**9), "decision")["with_labels"]
        return found["high"] - found["low"]

    assert width(100, 3) == pytest.approx(width(100, 1), rel=0.05)  # three who always agree know no more than one


def test_between_reviewers() -> None:
    said = {"a": ("keep", "keep", "drop"), "b": ("drop", "drop", "drop"), "c": ("keep", "drop"), "d": ("keep",)}
    given = [
        answer(id_, f"reviewer {n}", {"decision": value})
        for id_, values in said.items()
        for n, value in enumerate(values)
    ]
    found = question(agreement(given, 10**9), "decision")
    assert found["records"] == 4
    assert found["between"]["records"] == 3
    assert found["between"]["share"] == pytest.approx((1 + 3 + 0) / (3 + 3 + 1))  # pairs that agree, of all pairs
    assert found["between"]["cohen"]["pairs"] == 3
    agreed, expected = (1 / 3 + 1 + 0) / 3, 0
    for category in ("keep", "drop"):
        expected += (sum(v.count(category) / len(v) for v in list(said.values())[:3]) / 3) ** 2
    assert found["between"]["fleiss"]["kappa"] == pytest.approx((agreed - expected) / (1 - expected))


def said_by(**values: str) -> list[Answer]:
    """One letter per record and reviewer: keep, drop, or - for none."""
    words = {"k": "keep", "d": "drop"}
    return [
        answer(str(number), who, {"decision": words[letter]})
        for who, letters in values.items()
        for number, letter in enumerate(letters)
        if letter in words
    ]


@pytest.mark.parametrize(
    ("given", "note"),
    [
        (said_by(ana="k" * 51, ben="k" * 50 + "d"), ONE_SIDED),
        (said_by(ana="k" * 9, ben="d" * 9), ONE_SIDED),
        (said_by(ana="kkkk", ben="kkkk"), ONE_VALUE),
        (said_by(ana="kkkkkk", ben="kkdkkd", cem="kkkkkk"), NONE_VARY),
        (said_by(ana="kkkdd", ben="kkkkk-", cem="--dkk"), None),
        (said_by(ana="kkkkkd", ben="kkkkkd"), None),
    ],
)
def test_where_one_always_says_the_same_there_is_no_kappa(given: list[Answer], note: str | None) -> None:
    """It would be 0, or a little less by Fleiss, whatever the other says; with a narrow interval that reads as certain."""
    between = question(agreement(given, 1000), "decision")["between"]
    nothing = {"kappa": None, "low": None, "high": None, "note": note}
    for kind in ("cohen", "fleiss"):
        found = {name: value for name, value in between[kind].items() if name != "pairs"}
        assert (found == nothing) if note else (found["kappa"] is not None)
    assert between["low"] < between["share"] or not between["share"]
    assert "ana" not in json.dumps(between)


def test_what_a_reviewer_says_of_rows_that_nobody_else_saw_is_no_second_value() -> None:
    given = said_by(ana="kkkkkkdd", ben="kkkkdk")
    assert question(agreement(given, 1000), "decision")["between"]["fleiss"]["note"] == ONE_SIDED


def test_people_who_always_say_the_same_beside_labels_that_differ() -> None:
    given = [answer(str(n), "ana", {"error_type": "CA"}, kind="CA" if n % 3 else "OP") for n in range(30)]
    labels = question(agreement(given, 1000), "error_type")["with_labels"]
    assert (labels["n"], labels["agree"]) == (30, 20)
    assert (labels["kappa"], labels["kappa_low"], labels["kappa_high"]) == (None, None, None)
    assert labels["note"] == "no kappa: every answer is CA"


def test_two_people_are_one_pair_whichever_dataset_each_answered_in() -> None:
    given = [
        answer(str(n), who, {"decision": "keep" if (n + place) % 3 else "drop"}, dataset=f"{(n + place) % 2}")
        for n in range(12)
        for place, who in enumerate(["ana", "ben"])
    ]
    assert question(agreement(given, 100), "decision")["between"]["cohen"]["pairs"] == 1


def test_questions_that_a_reviewer_left_out_do_not_count() -> None:
    given = [answer("a", "ana", {"decision": "keep"}), answer("a", "ben", {"comment": "later"})]
    found = agreement(given, 10)
    assert (found["answers"], found["reviewers"]) == (2, 2)
    assert question(found, "decision")["between"] is None
    assert question(found, "error_type")["records"] == 0


def test_one_person_is_no_second_reviewer() -> None:
    twice = [answer("a", "ana", {"decision": "keep"}, dataset=dataset) for dataset in ("one", "two")]
    found = agreement(twice, 10)
    assert (found["records"], found["answers"], found["reviewers"]) == (1, 2, 1)
    assert question(found, "decision")["between"] is None
    assert question(found, "decision")["with_labels"]["n"] == 1


@pytest.mark.parametrize("datasets", [("one", "two"), ("two", "one")])
def test_of_two_answers_of_one_person_that_of_the_first_dataset_by_name_counts(datasets: tuple[str, str]) -> None:
    given = [
        answer("a", "ana", {"decision": "keep" if dataset == "one" else "drop"}, dataset=dataset)
        for dataset in datasets
    ]
    assert question(agreement(given, 10), "decision")["with_labels"]["agree"] == 1


@pytest.mark.parametrize("datasets", [("one", "two"), ("two", "one")])
def test_a_row_of_a_random_sample_speaks_for_the_set_though_the_same_person_had_it_as_uncertain(
    datasets: tuple[str, str],
) -> None:
    given = [
        answer("a", "ana", {"decision": said}, choice, dataset=dataset)
        for dataset, choice, said in zip(datasets, ("uncertain", "random"), ("keep", "drop"), strict=True)
    ]
    found = agreement(given, 10)
    assert found["choices"] == {"random": 1}
    labels = question(found, "decision")["with_labels"]
    assert (labels["n"], labels["agree"]) == (1, 0)  # the answer that was asked for at random


def test_confusion_counts_what_people_said_by_label() -> None:
    said = [("CA", "CA"), ("CA", "OP"), ("CA", "none"), ("CA", "CA"), ("OP", "OP")]
    given = [answer(str(n), "ana", {"error_type": value}, kind=label) for n, (label, value) in enumerate(said)]
    found = confusion([*given, answer("x", "ana", {"decision": "keep"})])
    assert found == {"CA": {"CA": 2, "OP": 1, "none": 1}, "OP": {"OP": 1}}
    assert [*found["CA"]] == ["CA", "OP", "none"]


def test_the_order_of_the_answers_changes_no_figure() -> None:
    draw = random.Random(2)
    given = [
        answer(str(n), who, {"decision": draw.choice(["keep", "drop"]), "error_type": draw.choice(["CA", "OP"])})
        for n in range(30)
        for who in ("ana", "ben", "cem")
        if draw.random() < 0.7
    ]
    assert agreement(given, 100) == agreement(draw.sample(given, len(given)), 100)
