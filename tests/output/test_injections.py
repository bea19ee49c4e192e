"""Counts of the checks of injected errors: each injection once, whatever became of its rows and wherever they stand."""

from __future__ import annotations

import random

from lemma_steps.output.injection_rates import InjectionRates, markdown
from lemma_steps.output.injections import MAX_EXAMPLES, InjectionCounts
from lemma_steps.output.record import normalise
from tests.output.rows import kept, rejected

OUTCOMES = ("pass", "fail", "not_computable")


def checked(number: int, index: int = 0, strategy: str = "fix_continue", **outcomes: str) -> dict:
    checks = [{"check": c, "outcome": o, "detail": "" if o == "pass" else f"why {number}"} for c, o in outcomes.items()]
    return kept(number, strategy=strategy, index=index, declared_step=2, injection_checks=checks, requested_type="CA")


def counted(rows, what=InjectionCounts):
    counts = what()
    for row in rows:
        counts.add(row)
    return counts.report()


def test_an_injection_counts_once_in_any_order() -> None:
    rows = [
        checked(number, index, strategy, answer="pass" if index else "fail", type="not_computable")
        for number in range(4)
        for index in range(3)
        for strategy in ("fix_continue", "fresh_restart")
    ]
    report = counted(rows)
    assert report["n"] == 12
    assert report["by_check"]["answer"] == {"pass": 8, "fail": 4, "not_computable": 0}
    assert report["by_type"]["CA"] == {"n": 12, **report["by_check"]}
    assert report["by_check"]["divergence"] == dict.fromkeys(OUTCOMES, 0)
    random.Random(1).shuffle(rows)
    mixed = counted(rows)
    assert {**mixed, "examples": None} == {**report, "examples": None}


def test_rows_without_checks_are_not_counted() -> None:
    rows = [kept(1, origin="student"), rejected(2, "load_problems", "no_answer"), kept(3, injection_checks=None)]
    assert counted(map(normalise, rows))["n"] == 0
    assert counted(map(normalise, rows))["by_type"] == {}


def test_rejected_rows_count_too_and_the_record_keeps_what_is_needed() -> None:
    row = checked(1, answer="fail") | {"rejected_by": "audit_injection", "reason": "r", "detail": "d"}
    report = counted([normalise(row)])
    [example] = report["examples"]["answer"]
    assert example == {
        "id": row["id"],
        "problem_id": row["problem_id"],
        "error_type": "CA",
        "step": 2,
        "detail": "why 1",
    }


def test_few_examples_are_kept() -> None:
    assert len(counted(checked(number, answer="fail") for number in range(50))["examples"]["answer"]) == MAX_EXAMPLES


def test_rates_have_intervals_and_leave_out_what_was_not_computed() -> None:
    rows = [checked(number, answer=OUTCOMES[number % 3], type="not_computable") for number in range(30)]
    report = counted(rows, InjectionRates)
    found = report["by_check"]["answer"]
    assert (found["pass"], found["fail"], found["not_computable"], found["share"]) == (10, 10, 10, 0.5)
    assert 0.25 < found["low"] < 0.5 < found["high"] < 0.75
    assert report["by_check"]["type"]["share"] is None
    assert report["by_type"]["CA"]["answer"] == found


def test_injections_into_one_problem_are_worth_less_than_as_many_into_others() -> None:
    one = counted(
        [checked(index % 5, index, answer="fail" if index % 5 else "pass") for index in range(50)], InjectionRates
    )
    many = counted([checked(index, 0, answer="fail" if index % 5 else "pass") for index in range(50)], InjectionRates)
    one, many = one["by_check"]["answer"], many["by_check"]["answer"]
    assert one["share"] == many["share"] == 0.2
    assert one["high"] - one["low"] > 1.5 * (many["high"] - many["low"])


def test_markdown_shows_hostile_text_as_it_is() -> None:
    row = checked(1, answer="fail")
    row["injection_checks"][0]["detail"] = "<script>|[x](y)"
    text = markdown(counted([row], InjectionRates), "python x")
    assert "<script>" not in text
    assert r"\<script\>\|\[x\](y)" in text
    assert "| all | 1 |" in text
    assert "–" in text  # what was not computed is no figure
