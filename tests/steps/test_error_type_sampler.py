"""How many errors a problem gets, whose they are, and which types are drawn."""

from __future__ import annotations

import json
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lemma_steps.errors import RefusedError
from lemma_steps.steps import ErrorTypeSampler
from lemma_steps.taxonomy import TAXONOMY, default_distribution
from tests.scripted_llm import advance, made


def problem(verdicts="", types="", number=0, style="gsm8k"):
    """A problem with one sample per letter: r(ight), w(rong), u(nparsed); `types` gives one code per wrong sample, `-` for none."""
    codes = iter(types.split())
    labels = [next(codes, "CA") if v == "w" else None for v in verdicts]
    wrong, right = verdicts.count("w"), verdicts.count("r")
    return {
        "problem_id": f"p-{number}",
        "source": "set",
        "split": "train",
        "question": "q",
        "gold_solution": "g",
        "gold_answer": "1",
        "style": style,
        "samples": [{"sample": i, "solution": f" solution {i}", "student": "s"} for i in range(len(verdicts))],
        "sample_verdicts": [{"r": "right", "w": "wrong", "u": "unparsed"}[v] for v in verdicts],
        "sample_types": [
            {"code": None if c in (None, "-") else c, "reason": "declined" if c == "-" else None, "detail": None}
            for c in labels
        ],
        "right_samples": right,
        "failure_rate": wrong / (wrong + right) if wrong + right else None,
    }


def origins(rows):
    return Counter(row["origin"] for row in rows if row["strategy"] == "fix_continue" and not row.get("rejected_by"))


ALLOCATION = [
    # verdicts, options, student errors, injected errors
    ("", {"n_errors": 4}, 0, 4),
    ("rrrr", {"n_errors": 4}, 0, 4),
    ("wwww", {"n_errors": 4}, 2, 2),
    ("wrrr", {"n_errors": 4}, 1, 3),
    ("wwww", {"n_errors": 4, "student_share": 1.0}, 4, 0),
    ("wwww", {"n_errors": 4, "student_share": 0.0}, 0, 4),
    ("uuuu", {"n_errors": 4}, 0, 4),
    ("wwww", {"n_errors": 3, "error_augmentation": False}, 3, 0),
    ("wwwwwwww", {"k_max": 20}, 5, 5),
    ("wrrr", {"k_max": 20}, 1, 1),
    ("wwrr", {"k_max": 20}, 2, 3),
]


@pytest.mark.parametrize(("verdicts", "options", "student", "injected"), ALLOCATION)
def test_allocation(verdicts, options, student, injected):
    rows = advance(made(ErrorTypeSampler, **options), problem(verdicts))
    assert origins(rows) == Counter({k: v for k, v in {"student": student, "injected": injected}.items() if v})
    assert Counter(row["strategy"] for row in rows) == {
        "fix_continue": student + injected,
        "fresh_restart": student + injected,
    }


@pytest.mark.parametrize("strategies", [["fix_continue"], ["fix_continue", "fresh_restart"]])
def test_hard_problems_get_their_failure_rate_times_k_max_rows_half_of_them_from_the_student(strategies):
    for wrong in range(21):
        rows = advance(
            made(ErrorTypeSampler, k_max=20, strategies=strategies), problem("w" * wrong + "r" * (20 - wrong))
        )
        kept = [row for row in rows if not row.get("rejected_by")]
        assert abs(len(kept) - wrong) <= len(strategies) / 2
        own = sum(row["origin"] == "student" for row in kept)
        assert abs(2 * own - len(kept)) <= len(strategies)


@pytest.mark.parametrize(("verdicts", "options"), [("rrrr", {"k_max": 20}), ("rrrr", {"error_augmentation": False})])
def test_a_problem_without_any_error_is_rejected_not_lost(verdicts, options):
    [row] = advance(made(ErrorTypeSampler, **options), problem(verdicts))
    assert (row["rejected_by"], row["reason"]) == ("errortypesampler", "no_error_allocated")


def test_a_wrong_solution_without_a_type_is_rejected_with_its_reason_and_takes_no_place():
    rows = advance(made(ErrorTypeSampler, n_errors=4, student_share=0.5), problem("www", "- CA -"))
    rejected = [row for row in rows if row.get("rejected_by")]
    assert origins(rows) == {"student": 1, "injected": 3}
    assert {row["reason"] for row in rejected} == {"declined"}
    assert {row["index"] for row in rows if row["origin"] == "student" and not row.get("rejected_by")} == {1}


@given(st.integers(0, 10**6), st.integers(0, 2**31))
def test_the_draw_depends_on_problem_and_seed_alone(number, seed):
    row = problem("ww", number=number)
    first, second = (made(ErrorTypeSampler, n_errors=6, seed=seed) for _ in range(2))
    for other in range(3):
        advance(second, problem(number=other))
    assert advance(first, row) == advance(second, row)


def test_ids_are_unique_and_do_not_depend_on_reply_text():
    rows = [row for n in range(50) for row in advance(made(ErrorTypeSampler, n_errors=6), problem("ww", number=n))]
    assert len({row["id"] for row in rows}) == len(rows)
    other = problem("ww", number=0)
    other["samples"][0]["solution"] = " other words"
    ids = [row["id"] for row in advance(made(ErrorTypeSampler, n_errors=6), other)]
    assert ids == [row["id"] for row in rows[: len(ids)]]


def test_defect_7_types_are_sampled_from_the_distribution_of_the_problem():
    step = made(ErrorTypeSampler, n_errors=2000, strategies=["fix_continue"], floor=0.0, smoothing=4.0)
    drawn = Counter(row["error_type"] for row in advance(step, problem()))
    expected = default_distribution("gsm8k")
    assert set(drawn) == set(expected)
    assert all(abs(drawn[code] / 2000 - share) < 0.04 for code, share in expected.items())


def test_own_counts_weigh_against_the_prior():
    step = made(ErrorTypeSampler, smoothing=1.0, floor=0.0)
    shares = step.distribution(problem("www", "UC UC UC"))
    assert shares["UC"] == pytest.approx(0.75)
    assert sum(shares.values()) == pytest.approx(1)


@given(st.floats(0.001, 1), st.floats(0.1, 100), st.lists(st.sampled_from(list(TAXONOMY)), max_size=8))
def test_the_floor_keeps_every_type_possible(floor, smoothing, codes):
    step = made(ErrorTypeSampler, smoothing=smoothing, floor=floor)
    shares = step.distribution(problem("w" * len(codes), " ".join(codes)))
    assert set(shares) == set(TAXONOMY)
    assert min(shares.values()) > 0
    assert sum(shares.values()) == pytest.approx(1)


def test_a_measured_distribution_replaces_the_default(tmp_path):
    path = tmp_path / "measured.json"
    path.write_text(json.dumps({"source": "gsm8k", "student": "s", "n": 4, "counts": {"HA": 3, "CO": 1}}))
    step = made(ErrorTypeSampler, distribution_file=str(path), floor=0.0, n_errors=400, strategies=["fix_continue"])
    drawn = Counter(row["error_type"] for row in advance(step, problem()))
    assert set(drawn) == {"HA", "CO"}
    assert drawn["HA"] > 2 * drawn["CO"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("not json", "not an error distribution"),
        ('{"counts": {}}', "not an error distribution"),
        ('{"counts": {"XX": 1}}', "XX is no error type"),
        ('{"counts": {"CA": -1, "CO": 3}}', "CA is no error type or has a negative count"),
    ],
)
def test_a_file_that_is_no_distribution(tmp_path, text, message):
    path = tmp_path / "measured.json"
    path.write_text(text)
    with pytest.raises(RefusedError, match=message):
        made(ErrorTypeSampler, distribution_file=str(path))


def test_the_right_reference_is_a_right_sample_and_never_an_unlabelled_one():
    """Defect 16: a sample that the teacher calls right although its answer differs is never shown as a reference."""
    rows = advance(made(ErrorTypeSampler), problem("wrw", "- CA"))
    assert {row["student_reference"] for row in rows} == {" solution 1"}
