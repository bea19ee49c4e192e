"""Where the first wrong step is, by votes of the teacher and by the check of the arithmetic."""

from __future__ import annotations

import random
from collections import Counter
from statistics import mean

import pytest

from lemma_steps.arithmetic import first_false_step
from lemma_steps.errors import CallFailedError
from lemma_steps.steps import LocateFirstError
from lemma_steps.steps.locate_first_error import decided
from tests.scripted_llm import advance, made

ROW = {
    "problem_id": "p",
    "question": "Ann has 3 bags of 4 nuts and eats 2. How many are left?",
    "gold_solution": "3*4=<<3*4=12>>12 nuts.\n12-2=<<12-2=10>>10 left.\n#### 10",
    "gold_answer": "10",
    "erroneous_solution": " 3*4=12 nuts.\n12-2=9 left.\nThe answer is: 9",
}


def vote(text):
    return f"<reason>because</reason><error_step>{text}</error_step>"


def votes(*steps):
    """A script that gives these votes one after the other."""
    left = list(steps)
    return lambda *_: vote(left.pop(0)) if left[0] is not None else left.pop(0)


LOCATION = [
    # votes, declared, error_step, agreement, reason
    (["2"], None, 2, 1.0, None),
    (["2", "2", "1"], None, 2, 2 / 3, None),
    (["1", "2"], None, 1, 0.5, None),
    (["1", "2"], 2, 2, 0.5, None),
    (["Step 2"], None, 2, 1.0, None),
    (["none", "2"], None, 2, 0.5, None),
    (["none"], None, None, 1.0, "no_error_found"),
    (["2", "none", "none"], None, None, 2 / 3, "no_error_found"),
    (["1"], 2, None, 1.0, "labels_disagree"),
    (["0"], None, None, None, "reply_unparsed"),
    (["4"], None, None, None, "step_out_of_range"),
    (["7", "2", "2"], None, 2, 2 / 3, None),
    (["maybe", "2", "maybe"], None, 2, 1 / 3, None),
    (["maybe", "none"], None, None, 0.5, "no_error_found"),
    (["maybe"], None, None, None, "reply_unparsed"),
]


@pytest.mark.parametrize(("given", "declared", "error_step", "agreement", "reason"), LOCATION)
def test_location_by_votes(given, declared, error_step, agreement, reason):
    step = made(LocateFirstError, votes(*given), votes=len(given))
    [row] = advance(step, {**ROW, "declared_step": declared})
    assert row.get("reason") == reason
    if reason is None:
        assert (row["error_step"], row["n_steps"], row["label_source"]) == (error_step, 3, "teacher")
    assert row["locator_agreement"] == (agreement and pytest.approx(agreement))
    assert len(row["provenance"]) == len(given)


def test_defect_14_no_step_label_ever_leaves_an_empty_prefix():
    for text in ("0", "-1", "step zero"):
        [row] = advance(made(LocateFirstError, votes(text)), ROW)
        assert row["rejected_by"] == "locatefirsterror"


@pytest.mark.parametrize("with_reference", [True, False])
def test_the_locator_sees_the_gold_solution_only_if_so_set(with_reference):
    seen = {}

    def script(task, fields, seed):
        seen.update(fields)
        return vote("2")

    advance(made(LocateFirstError, script, with_reference=with_reference), ROW)
    assert bool(seen.get("reference_solution")) == with_reference
    assert seen["steps"] == [" 3*4=12 nuts.\n", "12-2=9 left.\n", "The answer is: 9"]


OWN = ["There are 3*4=12 nuts.\n", "12-2=11 left.\nThat is 11+1=13 with mine.\n", "It is 13-1=11.\n", "11"]
"""Four steps that a labelled set gives, the second of them false and of two lines."""
CHECKED = [
    # checker, votes, declared, error_step, agreement, source or reason
    ("off", ["none"], None, None, 1.0, "no_error_found"),
    ("off", ["3"], None, 3, 1.0, "teacher"),
    ("vote", ["none"], None, 2, 0.0, "arithmetic"),
    ("vote", ["3"], None, 2, 0.0, "arithmetic"),
    ("vote", ["2"], None, 2, 1.0, "teacher"),
    ("vote", ["1"], None, 1, 1.0, "teacher"),
    ("vote", ["3", "3"], None, 3, 1.0, "teacher"),
    ("vote", ["3", "3", "2", "1"], None, 2, 0.25, "arithmetic"),
    ("vote", ["none", "none", "1"], None, None, 2 / 3, "no_error_found"),
    ("vote", ["3", "2", "3"], 3, None, None, "labels_disagree"),
    ("earliest", ["none"], None, 2, 0.0, "arithmetic"),
    ("earliest", ["3", "3", "2"], None, 2, 1 / 3, "arithmetic"),
    ("earliest", ["none", "none", "1"], None, 2, 0.0, "arithmetic"),
    ("earliest", ["1"], None, 1, 1.0, "teacher"),
    ("earliest", ["2"], 2, 2, 1.0, "teacher"),
    ("earliest", ["1"], 1, 1, 1.0, "teacher"),
    ("earliest", ["3"], 3, None, None, "labels_disagree"),
    ("earliest", ["9"], None, None, None, "step_out_of_range"),
    ("earliest", ["maybe"], None, None, None, "reply_unparsed"),
]


@pytest.mark.parametrize(("checker", "given", "declared", "error_step", "agreement", "said"), CHECKED)
def test_what_the_arithmetic_of_the_steps_may_say(checker, given, declared, error_step, agreement, said):
    step = made(LocateFirstError, votes(*given), votes=len(given), checker=checker)
    [row] = advance(step, {**ROW, "steps": OWN, "erroneous_solution": "".join(OWN), "declared_step": declared})
    assert (row.get("error_step"), row.get("reason") or row["label_source"]) == (error_step, said)
    assert row["locator_agreement"] == (agreement and pytest.approx(agreement))
    assert row["n_steps"] == 4


@pytest.mark.parametrize(("checker", "error_step"), [("off", None), ("vote", 2), ("earliest", 2)])
def test_where_the_teacher_declines_the_check_decides_alone(checker, error_step):
    step = made(LocateFirstError, lambda *_: "<decline>not_checkable: odd</decline>", checker=checker)
    [row] = advance(step, {**ROW, "steps": OWN})
    assert (row.get("error_step"), row["locator_agreement"]) == (error_step, None)
    assert row.get("reason") == (None if error_step else "declined")


def test_nobody_is_asked_about_a_mark_after_a_false_equation():
    step = made(LocateFirstError, votes("3"), checker="vote")
    [row] = advance(step, {**ROW, "steps": OWN, "declared_step": 3})
    assert (row["detail"], step.llm._calls) == ("marked step 3, false equation in step 2", 0)


def test_a_failed_call_is_made_again_and_not_decided_by_arithmetic():
    def script(*_):
        raise CallFailedError("http_500", "oops")

    [row] = advance(made(LocateFirstError, script, checker="earliest"), {**ROW, "steps": OWN})
    assert row["reason"] == "http_500"


def test_the_teacher_sees_the_steps_that_the_labelled_set_gives():
    seen = {}

    def script(task, fields, seed):
        seen.update(fields)
        return vote("2")

    advance(made(LocateFirstError, script), {**ROW, "steps": OWN})
    assert seen["steps"] == OWN


def solutions(rng, count=400):
    """Steps and the first wrong one: half of the errors are false sums, the others and what follows them compute rightly."""
    for number in range(count):
        steps = [
            f"That makes {a} + {b} = {a + b}.\n"
            for a, b in ((rng.randint(1, 99), rng.randint(1, 99)) for _ in range(5))
        ]
        error = None if number % 4 == 0 else rng.randint(1, 5)
        if error and number % 2:
            steps[error - 1] = "That makes 12 + 13 = 26.\n"
        yield steps, error


@pytest.mark.parametrize("votes", [1, 3, 5])
@pytest.mark.parametrize("accuracy", [0.2, 0.5, 0.8])
def test_beside_a_noisy_locator_a_vote_of_the_check_helps_most_and_costs_nothing(votes, accuracy):
    rng = random.Random(0)
    hits = {checker: {"wrong": [], "right": []} for checker in ("off", "vote", "earliest")}
    for steps, error in solutions(rng):
        said = [error if rng.random() < accuracy else rng.choice([None, 1, 2, 3, 4, 5]) for _ in range(votes)]
        for checker, of in hits.items():
            step, _ = decided(Counter(said), None, first_false_step(steps), checker)
            of["wrong" if error else "right"].append(step == error)
    share = {checker: {label: mean(found) for label, found in of.items()} for checker, of in hits.items()}
    assert share["off"]["right"] == share["vote"]["right"] == share["earliest"]["right"]
    assert share["vote"]["wrong"] > share["off"]["wrong"]
    assert share["vote"]["wrong"] >= share["earliest"]["wrong"] >= share["off"]["wrong"]
