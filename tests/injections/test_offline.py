"""The rule-based teacher's injections pass every check that can be computed; damaged in one way, they fail that one."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from dataclasses import replace
from itertools import islice
from pathlib import Path

import pytest

from lemma_steps.injections import Injection, check_injection, earlier_false_equation
from lemma_steps.segmentation import segment
from lemma_steps.trajectory import closing
from tests.llms.offline.test_types_are_recomputable import STARTER, inject, problems

SEED = 7


def injections(rows) -> list[Injection]:
    """What the teacher makes of the problems, of every type that it can make."""
    return [
        Injection(
            row.problem.question, row.problem.solution, row.problem.answer, row.solution, row.error_step, row.code
        )
        for row in asyncio.run(inject(rows, (SEED,)))
    ]


@pytest.fixture(scope="module")
def offline() -> list[Injection]:
    return injections(islice(problems(STARTER), 0, None, 4))


def outcomes(found: list[Injection], check: str) -> Counter[str]:
    return Counter(check_injection(injection)[check].outcome for injection in found)


@pytest.mark.parametrize(("check", "computed"), [("divergence", 1), ("answer", 1), ("single_error", 0.9), ("type", 1)])
def test_the_starter_s_injections_pass(offline: list[Injection], check: str, computed: float) -> None:
    counts = outcomes(offline, check)
    assert len(offline) > 100
    assert counts["fail"] == 0
    assert counts["pass"] >= computed * len(offline)


@pytest.mark.long
@pytest.mark.parametrize("name", ["gsm8k_train.jsonl.gz", "math_train.jsonl.gz"])
def test_injections_into_public_sets_pass(lemma_data: Path, name: str) -> None:
    rows = problems(lemma_data / name)
    counts: Counter[tuple[str, str]] = Counter()
    while batch := list(islice(rows, 500)):
        for injection in injections(batch):
            counts.update((check, found.outcome) for check, found in check_injection(injection).items())
    assert counts["type", "pass"] > 5000
    assert not {key: count for key, count in counts.items() if key[1] == "fail"}


def with_another_false_sum(injection: Injection) -> Injection:
    """A false sum as one more step, before the closing statement."""
    body, _, answer = injection.solution.rpartition(closing(""))
    return replace(injection, solution=f"{body}Besides, 17 + 25 = 43 is of use.\n{closing(answer)}")


def with_an_early_false_sum(injection: Injection) -> Injection:
    moved = f" Note that 17 + 25 = 43.\n{injection.solution.lstrip()}"
    return replace(injection, solution=moved, declared_step=injection.declared_step + 1)


def with_the_mark_moved(injection: Injection) -> Injection:
    """To the step before, which is gold's, or to the one after."""
    return replace(injection, declared_step=injection.declared_step + (1 if injection.declared_step == 1 else -1))


def with_another_answer(injection: Injection) -> Injection:
    body, _, _ = injection.solution.rpartition(closing(""))
    return replace(injection, solution=f"{body}{closing('987654')}")


def with_the_right_answer(injection: Injection) -> Injection:
    body, _, _ = injection.solution.rpartition(closing(""))
    return replace(injection, solution=f"{body}{closing(injection.gold_answer)}")


def with_another_type(injection: Injection) -> Injection:
    return replace(injection, declared_type="NO" if injection.declared_type == "CA" else "CA")


@pytest.mark.parametrize(
    ("damage", "check"),
    [
        (with_another_false_sum, "single_error"),
        (with_an_early_false_sum, "single_error"),
        (with_the_mark_moved, "divergence"),
        (with_an_early_false_sum, "divergence"),
        (with_another_answer, "answer"),
        (with_the_right_answer, "answer"),
        (with_another_type, "type"),
    ],
)
def test_one_damage_fails_its_check(offline: list[Injection], damage, check: str) -> None:
    failed = 0
    for injection in offline:
        if damage is with_another_answer and not re.fullmatch(r"\$?[\d.,]+%?", injection.gold_answer):
            continue  # no number to begin with
        damaged = damage(injection)
        assert len(segment(damaged.solution)) >= damaged.declared_step
        found = check_injection(damaged)[check]
        in_words = injection.declared_type == "QM" and found.outcome == "not_computable"  # nothing is computed there
        assert found.outcome == "fail" or in_words, (damaged, found)
        assert found.detail
        failed += found.outcome == "fail"
    assert failed > 0.8 * len(offline)


def test_beside_the_gold_solution_of_another_problem_nearly_nothing_passes(offline: list[Injection]) -> None:
    """What passes there too says nothing where it passes."""
    strange = [
        replace(one, question=other.question, gold_solution=other.gold_solution, gold_answer=other.gold_answer)
        for one, other in zip(offline, offline[len(offline) // 2 :] + offline, strict=False)
        if one.question != other.question and one.declared_type != "CA"  # a false sum departs from any gold solution
    ]
    for check in ("divergence", "answer", "type"):
        assert outcomes(strange, check)["pass"] < 0.1 * len(strange), check


def test_an_early_false_sum_is_hard_evidence_and_a_late_one_is_not(offline: list[Injection]) -> None:
    for injection in offline:
        assert earlier_false_equation(injection) is None
        assert "17 + 25 = 43" in (earlier_false_equation(with_an_early_false_sum(injection)) or "")
        assert earlier_false_equation(with_another_false_sum(injection)) is None
