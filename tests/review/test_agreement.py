"""The figures of agreement, computed again by hand, and what they may be computed over."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from dataclasses import replace as changed
from typing import Any

import numpy as np
import pytest
from hypothesis import given as given_any
from hypothesis import strategies as st

from lemma_steps.review.agreement import NONE_VARY, NOT_THE_SET, OF_ONE_STEP, agreement, confusion
from lemma_steps.review.answers import Answer
from lemma_steps.review.consensus import JUDGEMENTS
from lemma_steps.review.kappa import ONE_SIDED, ONE_VALUE
from lemma_steps.review.questions import title
from lemma_steps.share import Share


def answer(
    id_: str,
    reviewer: str,
    answers: Mapping[str, str],
    choice: str = "random",
    step: int = 2,
    kind: str = "CA",
    dataset: str = "out",
    sent: int = 1,
    at: bool = False,
) -> Answer:
    labels = {
        "error_step": step,
        "error_type": kind,
        "label_source": "teacher",
        "locator_agreement": None,
        "choice": choice,
        "sent": sent,
    }
    return Answer(id_, "c" * 16, "team", dataset, reviewer, answers, labels, f"2026-01-0{1 + at}T00:00:00+00:00")


def question(found: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    return next(one for one in found["questions"] if one["name"] == name)


def test_the_keys_are_those_of_the_contract_and_go_into_json() -> None:
    found = agreement([answer("a", "ana", {"decision": "keep"}), answer("a", "ben", {"decision": "drop"})], 10)
    assert [*found] == [
        *("records", "answers", "reviewers", "choices", "drawn", "over", "population", "questions", "error_types")
    ]
    assert [(one["name"], one["title"]) for one in found["questions"]] == [(n, title(n)) for n in JUDGEMENTS]
    decision = question(found, "decision")
    assert [*decision["with_labels"]] == [
        "records",
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
    assert labels["note"] == OF_ONE_STEP


def test_rows_chosen_as_uncertain_count_only_where_there_are_no_others() -> None:
    doubtful = [answer(f"u{n}", "ana", {"decision": "drop"}, "uncertain") for n in range(5)]
    drawn = [answer(f"r{n}", "ana", {"decision": "keep"}, sent=2) for n in range(2)]
    both = agreement([*doubtful, *drawn], 100)
    assert (both["records"], both["choices"]) == (7, {"random": 2, "uncertain": 5})
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
    assert found["between"]["share"] == pytest.approx((1 / 3 + 1 + 0) / 3)  # a record with three pairs weighs as any
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
    assert labels["note"] == f"no kappa: every answer is CA; {OF_ONE_STEP}"


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
    assert (found["records"], found["answers"], found["reviewers"]) == (1, 1, 1)
    assert question(found, "decision")["between"] is None
    assert question(found, "decision")["with_labels"]["n"] == 1


@pytest.mark.parametrize("later", ["uncertain", "random"])
def test_the_later_answer_of_a_person_counts_for_what_the_row_was_drawn_as(later: str) -> None:
    """Not only the later answer makes a draw complete: both its records are answered, whichever came first."""
    given = [
        answer(
            "a", "ana", {"decision": "drop" if choice == later else "keep"}, choice, dataset=choice, at=choice == later
        )
        for choice in ("uncertain", "random")
    ]
    given.append(answer("b", "ana", {"decision": "keep"}, "random", dataset="random"))
    given = [changed(one, labels={**one.labels, "sent": 2 if one.dataset == "random" else 1}) for one in given]
    found = agreement(given, 10)
    assert (found["choices"], found["drawn"]["random"]) == ({"random": 2}, {"answered": 2, "sent": 2})
    labels = question(found, "decision")["with_labels"]
    assert (labels["n"], labels["agree"]) == (2, 1)
    assert labels["low"] < 0.5 < labels["high"]


def test_a_sample_that_is_not_answered_says_nothing_of_the_set() -> None:
    """Those answered may be the easy ones, or those that were answered before because they were in doubt."""
    given = [answer(str(n), "ana", {"decision": "keep" if n % 4 else "drop"}, sent=41) for n in range(40)]
    given += [answer(str(n), "ben", {"decision": "keep" if n % 3 else "drop"}, sent=41) for n in range(40)]
    part = agreement(given, 1000)
    whole = agreement([changed(one, labels={**one.labels, "sent": 40}) for one in given], 1000)
    why = "40 of 41 drawn rows are answered, the rest may differ: no interval for the set"
    assert (part["over"]["why"], whole["over"]["why"]) == (why, None)
    for bounded, found in ((False, part), (True, whole)):
        one = question(found, "decision")
        figures = (one["with_labels"], one["between"], one["between"]["cohen"], one["between"]["fleiss"])
        assert all(figure["low"] is not None for figure in figures) == bounded
        assert any(figure["low"] is not None for figure in figures) == bounded
        assert any(figure["high"] is not None for figure in figures) == bounded
        assert (why in one["with_labels"]["note"]) != bounded
        assert one["between"]["fleiss"]["kappa"] is not None
    assert question(part, "decision")["with_labels"]["share"] == question(whole, "decision")["with_labels"]["share"]


@pytest.mark.parametrize(
    ("answered", "over", "why"),
    [  # (choice, dataset, answered, sent) ...; population 30
        ([("random", "one", 4, 4), ("random", "two", 5, 5)], ["random"], None),
        ([("random", "one", 4, 4), ("random", "two", 5, 6)], ["random"], "9 of 10 drawn"),
        ([("random", "one", 4, 4), ("all", "one", 5, 26)], ["random"], None),
        ([("random", "one", 4, 5), ("all", "one", 5, 26)], ["random"], "4 of 5 drawn"),
        ([("random", "one", 4, 4), ("all", "one", 26, 26)], ["all", "random"], None),
        ([("all", "one", 29, 30)], ["all"], "29 of 30 rows"),
        ([("all", "one", 29, 29)], ["all"], "29 of 30 rows"),  # a row that was never sent
        ([("all", "one", 30, 30)], ["all"], None),
        ([("uncertain", "one", 4, 4)], ["uncertain"], NOT_THE_SET),
        ([("uncertain", "one", 30, 30)], ["uncertain"], NOT_THE_SET),
        ([("uncertain", "one", 4, 4), ("random", "one", 6, 6)], ["random"], None),
        ([("uncertain", "one", 4, 4), ("all", "one", 6, 6)], ["all"], "6 of 30 rows"),
    ],
)
def test_what_the_figures_are_over(answered: list[tuple[str, str, int, int]], over: list[str], why: str | None) -> None:
    given = [
        answer(f"{choice}-{dataset}-{n}", "ana", {"decision": "keep"}, choice, dataset=dataset, sent=sent)
        for choice, dataset, count, sent in answered
        for n in range(count)
    ]
    found = agreement(given, 30)
    assert found["over"]["choices"] == over
    assert (found["over"]["why"] or "").startswith(why or "")
    assert (found["over"]["why"] is None) == (why is None)
    labels = question(found, "decision")["with_labels"]
    assert labels["n"] == sum(count for choice, _, count, _ in answered if choice in over)
    assert (labels["low"] is None) == (why is not None)


def test_a_record_that_is_asked_about_again_weighs_no_more() -> None:
    """What a lead does: two colleagues look again at the rows where the first reviewer disagrees."""
    said = {n: "drop" if n < 40 else "keep" for n in range(200)}
    once = [answer(str(n), "ana", {"decision": value}) for n, value in said.items()]
    again = [answer(str(n), who, {"decision": said[n]}) for n in range(40) for who in ("ben", "cem")]
    alone, found = (question(agreement(given, 1000), "decision")["with_labels"] for given in (once, [*once, *again]))
    assert found["share"] == alone["share"] == 0.8
    assert (found["low"], found["high"]) == (alone["low"], alone["high"])
    assert (found["records"], found["n"], found["agree"]) == (200, 280, 160)


def test_kappa_with_labels_weighs_each_record_once() -> None:
    table = [("CA", "CA")] * 20 + [("CA", "OP")] * 5 + [("OP", "CA")] * 10 + [("OP", "OP")] * 15
    given = [
        answer(str(n), who, {"error_type": said}, kind=label)
        for n, (said, label) in enumerate(table)
        for who in ("ana", "ben", "cem")[: 1 if said == label else 3]
    ]
    assert question(agreement(given, 1000), "error_type")["with_labels"]["kappa"] == pytest.approx(0.4)


def test_types_are_compared_where_the_step_is_the_same() -> None:
    steps = [("2", "CA"), ("2", "OP"), ("1", "OP"), ("none", "none"), ("3", "CA")]
    given = [
        answer(str(n), "ana", {"first_wrong_step": step, "error_type": kind}) for n, (step, kind) in enumerate(steps)
    ]
    found = agreement(given, 1000)
    types = question(found, "error_type")
    assert (types["records"], types["with_labels"]["records"], types["with_labels"]["share"]) == (5, 2, 0.5)
    assert OF_ONE_STEP in types["with_labels"]["note"]
    assert question(found, "first_wrong_step")["with_labels"]["records"] == 5
    assert found["error_types"] == {"CA": {"CA": 1, "OP": 1}}


def test_steps_and_types_are_split_by_where_the_label_is_from() -> None:
    given = [
        changed(one, labels={**one.labels, "label_source": "injected" if int(one.id) % 3 else "arithmetic"})
        for one in (answer(str(n), "ana", {"first_wrong_step": "2" if n % 3 else "1"}, sent=30) for n in range(30))
    ]
    found = agreement(given, 1000)
    by_source = question(found, "first_wrong_step")["by_source"]
    assert {source: (one["records"], one["share"]) for source, one in by_source.items()} == {
        "arithmetic": (10, 0.0),
        "injected": (20, 1.0),
    }
    assert by_source["injected"]["low"] < 1
    assert question(found, "decision")["by_source"] is None
    alone = question(agreement(given, 30), "first_wrong_step")["by_source"]["injected"]
    assert (alone["low"], alone["high"]) == (1, 1)  # the whole of its part was looked at


def test_intervals_are_those_of_a_bootstrap_over_records() -> None:
    """Some records are asked about once, some up to five times, and answers to one record are alike."""
    draw = np.random.default_rng(3)
    chances = draw.beta(2, 1, 300)
    sizes = draw.integers(1, 6, 300)
    counts = draw.binomial(sizes, chances)
    means = counts / sizes
    drawn = means[draw.integers(0, 300, (4000, 300))].mean(axis=1)
    found = Share.by_record(list(zip(counts.tolist(), sizes.tolist(), strict=True)))
    assert found.low is not None
    assert found.high is not None
    assert found.value == pytest.approx(means.mean())
    assert (found.low, found.high) == pytest.approx(np.quantile(drawn, (0.025, 0.975)), abs=0.004)


def test_records_that_vary_less_than_chance_are_worth_no_more_than_their_answers() -> None:
    even, alone = Share.by_record([(1, 2)] * 9 + [(2, 3)]), Share.by_row([(1, 1)] * 11 + [(0, 1)] * 10)
    widths = [share.high - share.low for share in (even, alone) if share.high is not None and share.low is not None]
    assert widths[0] == pytest.approx(widths[1], rel=0.01)


@given_any(st.lists(st.booleans(), min_size=1, max_size=40), st.integers(0, 50) | st.none())
def test_with_one_answer_each_records_are_rows(said: list[bool], more: int | None) -> None:
    pairs = [(float(one), 1) for one in said]
    population = None if more is None else len(said) + more
    one, other = Share.by_record(pairs, population), Share.by_row(pairs, population)
    assert (one.count, one.of) == (other.count, other.of)
    assert (one.low, one.high) == pytest.approx((other.low, other.high))


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
