"""What the dataset card says of the labels: figures where there are some, "not measured" where there are none."""

from __future__ import annotations

import pytest

from lemma_steps.output import Summary, normalise, render_card
from tests.output.rows import STEPS, stream

WHO = {"teacher": "org/model|x", "template": "locate_first_error@0123456789ab"}


def figure(value):
    return {
        "value": value,
        "low": None if value is None else value - 0.05,
        "high": None if value is None else value + 0.05,
    }


def measurement(**changes):
    found = {
        name: figure(share)
        for name, share in (
            ("acc_wrong", 0.62),
            ("acc_right", 0.91),
            ("f1", 0.74),
            ("answered", 0.9),
            ("right_if_answered", 0.8),
        )
    }
    sets = {"processbench_gsm8k": {"n": 340, "n_wrong": 175, "n_right": 165, **found}}
    asked = {"with_reference": True, "votes": 3, "checker": "off", "limit": None, "as_in_run": True}
    return {"kind": "locator", **WHO, **asked, "sets": sets} | changes


def card(**keys):
    summary = Summary(STEPS)
    for row in stream(60):
        summary.add(normalise(row))
    report = summary.report(settings={"teacher": "offline"}, run={"command": "make"}) | keys
    return render_card(report, summary.examples)


def quality(locator=(), classifier=(), asked=True):
    who = {"locator": [WHO] if asked else [], "classifier": []}
    return {"label_quality": {"asked": who, "locator": list(locator), "classifier": list(classifier)}}


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        (quality(), "Not measured: nobody has scored `org/model|x` with the prompt `locate_first_error@0123456789ab`"),
        (quality(asked=False), "Nobody was asked for the first wrong step: the labels are known by construction."),
        (
            quality([measurement()]),
            "| ProcessBench, GSM8K | people | 175, 165 | 62.0 % (57.0 to 67.0) | 91.0 % (86.0 to 96.0) | 74.0 % (69.0 to 79.0) | 90.0 % (85.0 to 95.0) | 80.0 % (75.0 to 85.0) |",
        ),
        (quality([measurement()]), "asked 3 times, with the reference solution; 95 %"),
        (
            quality([measurement(as_in_run=False, with_reference=False)]),
            "without the reference solution (not as in this run)",
        ),
        (
            quality([measurement(limit=50, votes=1)]),
            "asked once, with the reference solution, on at most 50 solutions of each set",
        ),
        (quality([measurement(checker="earliest")]), "the arithmetic check earliest"),
    ],
)
def test_a_locator_is_quoted_as_it_was_measured(keys, said):
    text = card(**keys)
    assert said in text
    assert ("Not measured: nobody has scored `org" in text) is (keys == quality())


def test_of_several_measurements_that_is_quoted_which_was_asked_most_like_the_run():
    first, second = measurement(votes=7), measurement(votes=5, as_in_run=False)
    text = card(**quality([first, second]))
    assert "asked 7 times" in text
    assert "asked 5 times" not in text


def test_who_was_asked_and_not_measured_is_named_beside_who_was():
    text = card(**quality([measurement(teacher="another")]))
    assert "Not measured: nobody has scored `org/model|x`" in text
    assert "ProcessBench, GSM8K" in text


def test_a_classifier_is_quoted_too():
    sets = {"eic_gsm8k": {"n": 900, "accuracy": figure(0.4), "macro_f1": figure(0.3), "answered": figure(None)}}
    one = {
        "kind": "classifier",
        "teacher": "m",
        "template": "classify_error@0",
        "limit": None,
        "as_in_run": True,
        "sets": sets,
    }
    text = card(**quality(classifier=[one]))
    assert (
        "| EIC, GSM8K | GPT-4, which made the errors | 900 | 40.0 % (35.0 to 45.0) | 30.0 % (25.0 to 35.0) | – |"
        in text
    )


def test_what_a_rule_based_injector_passes_says_nothing_of_models():
    found = {"n": 1, "by_check": {}, "by_type": {}, "examples": {}}
    assert ("the rules by which it makes errors" in card(injections=found)) is True
    assert ("the rules by which it makes errors" in card(injections=found, teacher=["gpt-4o"])) is False


def test_checks_of_injections_are_rates_of_what_could_be_computed():
    counts = {"pass": 3, "fail": 1, "not_computable": 6}
    found = {"n": 10, "by_check": {"answer": counts}, "by_type": {"CA": {"n": 10, "answer": counts}}, "examples": {}}
    text = card(injections=found)
    assert "| the final answer is wrong because of that step | 3 of 4 | 75.0 % (30.1 to 95.4) | 6 |" in text
    assert "| CA | 10 | 3 of 4 |" in text
    assert "### Injected errors" not in card(injections=found | {"n": 0})


def test_a_set_whose_types_went_another_way_says_where_they_went():
    apart = {
        "from": "student",
        "to": "kept",
        "tv": 0.4,
        "tv_low": 0.3,
        "tv_high": 0.5,
        "tv_chance": 0.1,
        "tv_chance_high": 0.15,
        "beyond_chance": True,
        "kl_unbounded": False,
        "kl": 1.5,
        "kl_low": 1.0,
        "kl_high": 2.0,
    }
    why = {"code": "FC", "requested": 9, "kept": 1, "lost": {"inject_error: declined": 6, "audit|x": 2}}
    match = {"student_source": "a file", "student_typed": 0, "pairs": [apart], "why": [why]}
    text = card(distribution_match=match)
    assert "0.40 (0.30 to 0.50) away from what was wanted in total variation" in text
    assert "away from the student's in total" in card(distribution_match=match | {"student_typed": 9})
    assert "| FC | 9 | 1 | inject\\_error: declined 6; audit\\|x 2 |" in text
    assert "divergence D(kept || student) is 1.50 nats" in text
    assert "cannot be told" not in text
    assert "| FC | 9 | 1 |" not in card(distribution_match=match | {"why": []})


def test_no_verdict_where_the_student_is_hardly_known():
    pair = {"from": "student", "to": "kept", "beyond_chance": None, "kl_unbounded": True}
    pair |= dict.fromkeys(("tv", "tv_low", "tv_high", "tv_chance", "tv_chance_high", "kl", "kl_low", "kl_high"), 0.1)
    match = {"student_source": "a file", "student_typed": 28, "student_wrong": 100, "pairs": [pair], "why": []}
    text = card(distribution_match=match)
    assert "cannot be told**: 28.0 % of the student's wrong solutions have a type" in text
    assert "divergence is not finite" in text


def test_names_in_a_measurement_add_no_markup():
    hostile = "a`b\n# heading [x](javascript:1)"
    text = card(**quality([measurement(teacher=hostile, sets={hostile: measurement()["sets"]["processbench_gsm8k"]})]))
    assert "\n# heading" not in text
    assert "`a'b # heading [x](javascript:1)`" in text
