"""Scores against counts by hand, ProcessBench's own definition, and what must hold of every sample."""

from __future__ import annotations

import random

import numpy as np
import pytest

from lemma_steps.label_quality.calibration import calibration
from lemma_steps.label_quality.prediction import Prediction
from lemma_steps.label_quality.resampling import RESAMPLES, Resampled, figure, share
from lemma_steps.label_quality.scores import SHARES, difference, mean_f1, score
from lemma_steps.label_quality.type_scores import TypePrediction, score_types
from lemma_steps.study.difference import FEWEST


def predictions(*pairs, agreement=None):
    """(label, step) pairs; a step that is text is the reason why there is no answer."""
    return [
        Prediction(str(n), str(n), label, None, step)
        if isinstance(step, str)
        else Prediction(str(n), str(n), label, step, None, agreement)
        for n, (label, step) in enumerate(pairs)
    ]


def value(found, part):
    return found[part]["value"]


HAND = predictions(
    *[(2, 2), (2, 2), (2, 1), (2, 3), (2, 5), (2, None), (2, "declined"), (2, "http_500")],  # two of eight
    *[(None, None), (None, None), (None, 1), (None, "declined")],  # two of four
)


def test_figures_by_hand():
    found = score(HAND, "set")
    assert (found["n"], found["n_wrong"], found["n_right"]) == (12, 8, 4)
    expected = {
        "acc_wrong": 2 / 8,
        "acc_right": 2 / 4,
        "f1": 2 * 0.25 * 0.5 / 0.75,
        "off_by_one": 2 / 8,
        "earlier": 1 / 8,
        "later": 2 / 8,
        "missed": 1 / 8,
        "answered": 9 / 12,
        "right_if_answered": 4 / 9,
    }
    assert {part: value(found, part) for part in SHARES} == pytest.approx(expected, abs=1e-5)
    assert found["unanswered"] == {"declined": 2, "http_500": 1}
    assert found["calibration"] is None


@pytest.mark.parametrize(
    ("pairs", "figures"),
    [
        ([(1, 1), (3, 3)], {"acc_wrong": 1.0, "acc_right": None, "f1": None}),
        ([(None, None)], {"acc_wrong": None, "acc_right": 1.0, "f1": None, "off_by_one": None}),
        ([(1, 2), (None, 1)], {"acc_wrong": 0.0, "acc_right": 0.0, "f1": 0.0, "off_by_one": 1.0}),
        ([(1, "declined"), (None, "declined")], {"acc_wrong": 0.0, "f1": 0.0, "right_if_answered": None}),
        ([(1, None), (None, None)], {"acc_wrong": 0.0, "acc_right": 1.0, "f1": 0.0, "missed": 1.0}),
    ],
)
def test_edges(pairs, figures):
    found = score(predictions(*pairs), "set")
    assert {part: value(found, part) for part in figures} == figures


def process_bench(rows):
    """Accuracies and F1 as ProcessBench's `code/run_eval.py` computes them; labels 0-based, -1 for no error."""
    wrong = [label == said for label, said in rows if label != -1]
    right = [label == said for label, said in rows if label == -1]
    acc1, acc2 = np.mean(wrong), np.mean(right)
    return acc1, acc2, 2 * acc1 * acc2 / (acc1 + acc2)


@pytest.mark.parametrize("seed", range(20))
def test_scores_are_those_of_processbench(seed):
    draw = random.Random(seed)
    rows = [(draw.randrange(-1, 5), draw.randrange(-1, 5)) for _ in range(200)]
    found = score(predictions(*[(a + 1 or None, b + 1 or None) for a, b in rows]), "set")
    ours = [value(found, part) for part in ("acc_wrong", "acc_right", "f1")]
    assert ours == pytest.approx(process_bench(rows), abs=1e-5)


@pytest.mark.parametrize("seed", range(10))
def test_what_holds_of_every_sample(seed):
    draw = random.Random(seed)
    said = [1, 2, 3, None, "declined"]
    rows = predictions(*[(draw.choice([1, 2, 3, None]), draw.choice(said)) for _ in range(60)])
    found = score(rows, f"set {seed}")
    for part in SHARES:
        assert found[part]["low"] <= found[part]["value"] <= found[part]["high"]
    parts = sum(value(found, part) for part in ("acc_wrong", "earlier", "later", "missed"))
    unanswered = sum(one.unanswered is not None and one.label is not None for one in rows) / found["n_wrong"]
    assert parts + unanswered == pytest.approx(1, abs=1e-4)
    draw.shuffle(rows)
    assert score(rows, f"set {seed}") == found


def test_solutions_of_one_question_are_drawn_together():
    alone = [Prediction(str(n), str(n), 1, 1 if n % 2 else 2) for n in range(100)]
    fours = [Prediction(str(n), str(n // 4), 1, 1 if n // 4 % 2 else 2) for n in range(100)]
    one, four = (score(rows, "set")["acc_wrong"] for rows in (alone, fours))
    assert one["value"] == 0.5
    assert four["value"] == pytest.approx(12 / 25, abs=1e-5)
    assert four["high"] - four["low"] > 1.7 * (one["high"] - one["low"])


def test_intervals_have_the_width_of_the_binomial():
    rows = [Prediction(str(n), str(n), 1, 1 if n < 30 else 2) for n in range(100)]
    found = score(rows, "set")["acc_wrong"]
    assert found["high"] - found["low"] == pytest.approx(2 * 1.96 * (0.3 * 0.7 / 100) ** 0.5, rel=0.1)


def test_sums_begin_with_the_sample_itself():
    sums = Resampled(["a", "a", "b"], "x").sums([1, 2, 4])
    assert sums.shape == (RESAMPLES + 1, 1)
    assert sums[0, 0] == 7
    assert set(sums[1:, 0]) == {6.0, 7.0, 8.0}
    assert figure(share(np.array([0.0]), np.array([0.0]))) == {"value": None, "low": None, "high": None}


# --- differences


def test_a_difference_pairs_the_solutions_of_both():
    before = predictions(*[(1, 2)] * 20, *[(None, None)] * 20)
    after = predictions(*[(1, 1)] * 10, *[(1, 2)] * 10, *[(None, None)] * 20)
    found = difference(before, after, "set")
    assert (found["n"], value(found, "acc_wrong"), value(found, "acc_right")) == (40, 0.5, 0.0)
    assert found["acc_wrong"]["low"] > 0.2
    assert found["acc_right"] == {"value": 0.0, "low": None, "high": None}
    assert difference(before, before, "set")["f1"] == {"value": 0.0, "low": None, "high": None}
    half = difference(before[:20], after, "set")
    assert (half["n"], half["acc_right"]["value"]) == (20, None)
    assert difference(before[:3], after[5:], "set")["n"] == 0


@pytest.mark.parametrize(("differing", "bounded"), [(0, False), (FEWEST - 1, False), (FEWEST, True)])
def test_a_difference_of_few_questions_has_no_interval(differing, bounded):
    """Nor is it shown to be nothing: so few can differ one way by chance."""
    before = predictions(*[(1, 2)] * 30, *[(None, None)] * 30)
    after = predictions(*[(1, 1)] * differing, *[(1, 2)] * (30 - differing), *[(None, None)] * 30)
    found = difference(before, after, "set")
    assert found["acc_right"]["low"] is None
    assert (found["acc_wrong"]["low"] is not None) == (found["f1"]["low"] is not None) == bounded
    assert found["acc_wrong"]["value"] == round(differing / 30, 5)


def test_the_interval_of_a_difference_is_narrower_than_those_of_its_parts():
    draw = random.Random(1)
    before = predictions(*[(1, draw.choice([1, 2])) for _ in range(200)])
    after = [Prediction(one.id, one.group, 1, 1 if n % 10 == 0 else one.step) for n, one in enumerate(before)]
    part, found = score(before, "set")["acc_wrong"], difference(before, after, "set")["acc_wrong"]
    assert found["high"] - found["low"] < 0.5 * (part["high"] - part["low"])


def test_the_mean_weighs_every_set_the_same():
    good, bad = predictions((1, 1), (None, None)), predictions(*[(1, 2), (None, 1)] * 50)
    assert mean_f1([("a", good), ("b", bad)])["value"] == 0.5


# --- calibration


def voted(*triples):
    """(agreement, right ones, of)"""
    return [
        Prediction(f"{a}-{n}", f"{a}-{n}", 1, 1 if n < right else 2, None, a)
        for a, right, of in triples
        for n in range(of)
    ]


def test_calibration_by_hand():
    found = calibration(voted((1.0, 8, 10), (0.6, 6, 10), (0.2, 0, 5)), "set")
    bins = [(b["low"], b["n"], b["agreement"], b["right"]["value"]) for b in found["calibration"]]
    assert bins == [(0.2, 5, 0.2, 0.0), (0.6, 10, 0.6, 0.6), (0.9999, 10, 1.0, 0.8)]
    assert value(found, "ece") == pytest.approx((10 * 0.2 + 0 + 5 * 0.2) / 25)


def test_perfect_calibration_has_no_error():
    assert value(calibration(voted((1.0, 10, 10), (0.5, 5, 10)), "set"), "ece") == 0


def test_nobody_voted():
    assert calibration(predictions((1, 1), (2, "declined")), "set")["calibration"] == []
    assert value(score(predictions((1, 1)), "set", votes=3), "ece") is None


def test_a_row_is_read_as_the_locator_leaves_it():
    row = {"problem_id": "p", "group": "g", "labelled_step": 2, "error_step": 2, "locator_agreement": 0.5}
    assert Prediction.of_row(row) == Prediction("p", "g", 2, 2, None, 0.5)
    assert Prediction.of_row(row).right
    none = {**row, "error_step": None, "rejected_by": "l", "reason": "no_error_found", "labelled_step": None}
    assert Prediction.of_row(none) == Prediction("p", "g", None, None, None, 0.5)
    assert Prediction.of_row(none).right
    lost = {**none, "reason": "declined", "locator_agreement": None}
    assert Prediction.of_row(lost) == Prediction("p", "g", None, None, "declined", None)
    assert not Prediction.of_row(lost).right


# --- types


def typed(*pairs):
    return [TypePrediction(str(n), str(n), label, said) for n, (label, said) in enumerate(pairs)]


def test_type_figures_by_hand():
    rows = typed(("CA", "CA"), ("CA", "CA"), ("CA", "OP"), ("OP", "OP"), ("OP", "none"), ("OP", "unanswered"))
    found = score_types(rows, "set")
    assert value(found, "accuracy") == 0.5
    assert value(found, "answered") == pytest.approx(5 / 6, abs=1e-5)
    assert value(found, "largest_type") == 0.5
    assert {code: value(found["recall"], code) for code in found["labels"]} == pytest.approx(
        {"CA": 2 / 3, "OP": 1 / 3}, abs=1e-5
    )
    assert {code: value(found["precision"], code) for code in found["labels"]} == {"CA": 1.0, "OP": 0.5}
    f1 = {"CA": 2 * 2 / (3 + 2), "OP": 2 * 1 / (3 + 2)}
    assert value(found, "macro_f1") == pytest.approx(sum(f1.values()) / 2)
    assert found["confusion"] == {"CA": {"CA": 2, "OP": 1}, "OP": {"OP": 1, "none": 1, "unanswered": 1}}


def test_a_type_that_nobody_predicts_counts():
    found = score_types(typed(("CA", "CA"), ("UC", "CA")), "set")
    assert value(found, "macro_f1") == pytest.approx((2 / 3 + 0) / 2, abs=1e-5)
    assert found["precision"]["UC"]["value"] is None


def test_a_classified_row_is_read():
    row = {"problem_id": "p", "group": "g", "labelled_type": "CA"}
    for said, predicted, reason in [
        ({"code": "OP", "reason": None}, "OP", None),
        ({"code": None, "reason": "no_error_found"}, "none", None),
        ({"code": None, "reason": "declined"}, "unanswered", "declined"),
    ]:
        assert TypePrediction.of_row({**row, "sample_types": [said]}) == TypePrediction(
            "p", "g", "CA", predicted, reason
        )
