"""What is compared with the student's errors, how each error is counted, and what is said of the rest."""

from __future__ import annotations

import json
from collections import Counter

import pytest

from lemma_steps.output import Summary, normalise
from lemma_steps.output.distribution_match import distribution_match, doubtful
from lemma_steps.output.error_tally import ErrorTally
from lemma_steps.taxonomy import default_distribution
from tests.output.rows import candidate, kept, rejected

STRATEGIES = ("fix_continue", "fresh_restart")


def injected(number, code, *, lost=(), index=0):
    """The candidates of one injected error; `lost` names the strategies that were rejected."""
    for strategy in STRATEGIES:
        row = kept(number, strategy=strategy, index=index, requested_type=code, error_type=code)
        yield (
            {**row, "rejected_by": "smooth", "reason": "declined", "detail": "no_words: x"} if strategy in lost else row
        )


def declined(number, code, index=0):
    for strategy in STRATEGIES:
        columns = {**candidate(number, strategy, code), "index": index}
        yield rejected(number, "inject_error", "declined", "type_not_available: none", **columns)


def wrong(samples, code, reason=None):
    return {"error_type": code, "reason": reason, "samples": samples}


def student(number, code, *wrong_samples):
    wrong_samples = wrong_samples or (wrong(1, code, None if code else "declined (not_decidable)"),)
    for strategy in STRATEGIES:
        if code:
            yield kept(number, origin="student", strategy=strategy, error_type=code, wrong_samples=wrong_samples)
        else:
            columns = {**candidate(number, strategy), "origin": "student", "index": 0, "wrong_samples": wrong_samples}
            columns |= {"error_type": None, "requested_type": None}
            yield rejected(number, "error_type_sampler", "declined", "not_decidable: x", **columns)


def matched(*rows, **settings):
    tally = ErrorTally()
    for group in rows:
        for row in group:
            tally.add(row)
    return distribution_match(tally, settings)


def test_an_error_counts_once_and_is_kept_if_one_row_of_it_is():
    found = matched(
        injected(1, "CA"),
        injected(2, "CA", lost=STRATEGIES[:1]),
        injected(3, "QM", lost=STRATEGIES),
        declined(4, "FC"),
        injected(5, "CA", index=0),
        injected(5, "CA", index=1),
    )
    assert found["requested"] == {"CA": 4, "FC": 1, "QM": 1}
    assert found["made"] == {"CA": 4, "QM": 1}
    assert found["kept"] == {"CA": 4}


def test_without_a_student_the_papers_figures_stand_in_and_are_named():
    found = matched(injected(1, "CA"))
    assert found["student"] == pytest.approx(default_distribution("gsm8k"), abs=1e-4)
    assert "paper" in found["student_source"]
    assert (found["student_typed"], found["student_wrong"]) == (0, 0)


def test_a_distribution_file_that_is_named_comes_before_the_runs_own_errors_and_the_paper(tmp_path):
    file = tmp_path / "student.json"
    file.write_text(json.dumps({"source": "gsm8k", "student": "m", "n": 4, "counts": {"CA": 3, "QM": 1}}))
    found = matched(injected(1, "CA"), distribution=str(file))
    assert found["student"] == {"CA": 0.75, "QM": 0.25}
    assert file.name in found["student_source"]
    assert str(file) not in found["student_source"]
    assert (found["student_typed"], found["student_wrong"]) == (4, 4)
    assert matched(injected(1, "CA"), student(2, "OP"), distribution=str(file))["student"] == found["student"]
    file.unlink()
    gone = matched(injected(1, "CA"), distribution=str(file))
    assert gone["student"] is None
    assert "not here any more" in gone["student_source"]
    assert {pair["from"] for pair in gone["pairs"]} == {"requested"}


def test_wrong_solutions_without_a_type_are_counted_and_said():
    found = matched(student(1, "CA"), student(2, None), student(3, None), injected(4, "CA"))
    assert (found["student_typed"], found["student_wrong"]) == (1, 3)
    assert found["student_untyped"] == {"declined (not_decidable)": 2}
    assert found["student_source"].startswith("1 of 3 wrong solutions")
    assert "no type" in found["student_source"]


@pytest.mark.parametrize(("typed", "told"), [(9, True), (8, False)])
def test_no_verdict_on_a_mix_that_most_errors_are_not_in(tmp_path, typed, told):
    file = tmp_path / "student.json"
    file.write_text(json.dumps({"source": "gsm8k", "student": "m", "n": 10, "counts": {"CA": typed}}))
    own = student(1, "CA", wrong(typed, "CA"), wrong(10 - typed, None, "declined"))
    for found in (matched(own, injected(2, "CA")), matched(injected(2, "CA"), distribution=str(file))):
        assert {pair["beyond_chance"] for pair in found["pairs"] if pair["from"] == "student"} == {
            False if told else None
        }
        assert all(pair["beyond_chance"] is False for pair in found["pairs"] if pair["from"] == "requested")
    assert (doubtful(str(file)) is None) == told


def test_shares_are_not_taken_for_counts(tmp_path):
    file = tmp_path / "student.json"
    file.write_text(json.dumps({"source": "gsm8k", "student": "m", "n": 10, "counts": {"CA": 0.6, "QM": 0.4}}))
    found = matched(injected(1, "CA"), distribution=str(file))
    assert (found["student"], found["student_wrong"]) == ({"CA": 0.6, "QM": 0.4}, 0)
    assert {pair["n_from"] for pair in found["pairs"] if pair["from"] == "student"} == {None}
    assert doubtful(str(file)) is None


def test_types_are_lost_on_the_way_only_where_what_is_kept_differs_from_what_was_requested():
    found = matched(student(0, "QM", wrong(400, "QM")), *(injected(number, "CA") for number in range(40)))
    assert found["off"]
    assert found["why"] == []
    kl = {(pair["from"], pair["to"]): pair["kl_unbounded"] for pair in found["pairs"]}
    assert kl == {("student", "requested"): True, ("requested", "made"): False} | {
        (one, "kept"): one == "student" for one in ("requested", "student")
    }


def test_the_students_mix_is_that_of_all_that_were_classified_and_not_of_those_taken_for_the_set():
    every = [wrong(1, "CA"), wrong(6, "QM"), wrong(10, None, "declined (not_decidable)")]
    found = matched(student(1, "CA", *every), student(2, "CA", wrong(1, "CA")), injected(3, "CA"))
    assert (found["student_typed"], found["student_wrong"]) == (8, 18)
    assert found["student"] == {"QM": 0.75, "CA": 0.25}
    assert found["student_errors"] == {"made": {"CA": 2}, "kept": {"CA": 2}}
    [pair] = [pair for pair in found["pairs"] if (pair["from"], pair["to"]) == ("student", "kept")]
    assert pair["n_from"] == 8


def test_wrong_solutions_that_were_not_taken_are_counted_too():
    summary = Summary(["error_type_sampler", "smooth"])
    for row in (*student(1, "CA", wrong(4, "CA")), *student(2, None, wrong(3, None, "x")), *injected(3, "CA")):
        summary.add(normalise(row))
    assert summary.report(settings={}, run={})["student_samples"] == {"right": 3, "wrong": 7, "taken": 2}


def test_a_run_that_loses_one_type_says_which_and_where():
    rows = [injected(number, "CA") for number in range(40)] + [declined(100 + number, "FC") for number in range(40)]
    found = matched(*rows)
    assert found["off"]
    first, second = found["why"][:2]
    assert {first["code"], second["code"]} == {"CA", "FC"}
    lost = next(row for row in found["why"] if row["code"] == "FC")
    assert (lost["requested"], lost["kept"]) == (40, 0)
    assert lost["lost"] == {"inject_error: declined (type_not_available)": 40}
    assert all(sum(row["lost"].values()) + row["kept"] == row["requested"] for row in found["why"])
    [pair] = [pair for pair in found["pairs"] if (pair["from"], pair["to"]) == ("requested", "kept")]
    assert pair["beyond_chance"]
    assert pair["tv"] == pytest.approx(0.5)


def test_a_run_that_loses_no_type_more_than_others_is_not_off():
    shares = Counter({"QM": 45, "CA": 21, "CC": 14, "FC": 15, "MS": 5})
    codes = list(shares.elements())
    rows = [injected(n, code, lost=STRATEGIES if n % 4 == 0 else ()) for n, code in enumerate(codes)]
    found = matched(*rows)
    assert not found["off"]
    assert found["why"] == []


def test_a_subset_does_not_pretend_to_know_what_was_requested():
    found = matched(injected(1, "CA"), subset={"rows": 1})
    assert (found["requested"], found["made"]) == ({}, {})
    assert found["kept"] == {"CA": 1}
    assert {pair["to"] for pair in found["pairs"]} == {"kept"}


def test_other_methods_have_nothing_to_compare():
    found = matched([{**kept(1), "method": "sft", "origin": None, "error_type": None}])
    assert (found["pairs"], found["kept"], found["student"], found["off"]) == ([], {}, None, False)
