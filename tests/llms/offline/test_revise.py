"""Reflections and corrections: concrete, right, and different by strategy."""

from __future__ import annotations

import random
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lemma_steps.arithmetic import find_equations, find_numbers
from lemma_steps.audits import audit
from lemma_steps.llms.offline import wording
from lemma_steps.llms.offline.decline import DeclineError
from lemma_steps.llms.offline.inject import inject
from lemma_steps.llms.offline.makers import MAKERS
from lemma_steps.llms.offline.restate import restate
from lemma_steps.llms.offline.revise import revise
from lemma_steps.llms.offline.smooth import smooth
from lemma_steps.llms.offline.worked import Worked
from lemma_steps.trajectory import as_output, error_span, join
from tests.llms.offline import problems
from tests.llms.offline.problems import ALL, Problem

STRATEGIES = ("fix_continue", "fresh_restart")


def prefix(problem: Problem, code: str, seed: int) -> list[str] | None:
    try:
        one = inject(problem.question, problem.gold, code, seed)
    except DeclineError:
        return None
    return [as_output(one.steps[0]), *one.steps[1 : one.error + 1]]


@given(st.sampled_from(ALL), st.sampled_from(sorted(MAKERS)), st.sampled_from(STRATEGIES), st.integers(0, 300))
def test_every_trajectory_passes_the_audits(problem: Problem, code: str, strategy: str, seed: int) -> None:
    steps = prefix(problem, code, seed)
    if steps is None:
        return
    begin, end = error_span(steps, len(steps))
    reflection, correction = revise(problem.question, problem.gold, steps, strategy, seed)
    reflection, correction = join("".join(steps), reflection, smooth(correction, seed))
    row = {"erroneous_prefix": "".join(steps), "reflection": reflection, "correction": correction}
    row |= {"output": "".join(row.values()), "question": problem.question, "gold_solution": problem.gold}
    row |= {"gold_answer": problem.worked.answer, "error_step": len(steps), "error_begin": begin, "error_end": end}
    assert audit(row) == []
    assert correction.endswith(f"The answer is: {problem.worked.answer}")
    wrong = [e for text in (reflection, correction) for e in find_equations(text) if e.verdict == "wrong"]
    assert not wrong
    assert "{" not in reflection or problem is problems.LATEX


@pytest.mark.parametrize(
    ("code", "said"),
    [("CA", "48"), ("OP", "added"), ("CV", "The question"), ("QM", "How much change"), ("MS", "4 x $12"), ("CS", "48")],
)
def test_the_reflection_says_what_is_wrong(code: str, said: str) -> None:
    texts = []
    for seed in range(80):
        steps = prefix(problems.CINEMA, code, seed)
        assert steps is not None
        texts.append(revise(problems.CINEMA.question, problems.CINEMA.gold, steps, "fix_continue", seed)[0])
    assert any(said in text for text in texts)


def test_fix_continue_goes_on_where_the_error_was() -> None:
    steps = [" The tickets cost 4 x $12 = $48.\n", "The popcorn costs 3 x $5.50 = $15.50.\n"]
    reflection, correction = revise(problems.CINEMA.question, problems.CINEMA.gold, steps, "fix_continue", 0)
    assert correction == problems.CINEMA.gold.split("\n", 1)[1]
    assert "16.50" in reflection
    assert "15.50" in reflection


def test_a_check_of_negative_numbers_is_true_or_left_out() -> None:
    gold = (
        "The products are $7 \\cdot 6 = 42$ and $(-3) \\cdot 4 = -12$.\n"
        "The determinant is $42 - (-12) = 42 + 12 = 54$.\nThe answer is: 54"
    )
    question = "Compute the determinant of the matrix with the rows 7, -3 and 4, 6."
    told = [restate(Worked.read(question, gold), random.Random(seed)) for seed in range(20)]
    equations = [equation for text in told for equation in find_equations(text)]
    assert len(equations) > 20
    assert [equation for equation in equations if equation.verdict == "wrong"] == []


def test_a_missing_step_is_put_back() -> None:
    steps = [" That is 8 * 60 = 480 minutes.\n"]
    _, correction = revise(problems.LESSONS.question, problems.LESSONS.gold, steps, "fix_continue", 0)
    assert correction == problems.LESSONS.gold


@given(st.sampled_from(ALL), st.integers(0, 300))
def test_a_fresh_start_is_another_presentation_with_the_same_numbers(problem: Problem, seed: int) -> None:
    told = restate(problem.worked, random.Random(seed))
    lines = told.split("\n")
    assert told != problem.gold
    assert len(set(lines) - set(problem.gold.split("\n"))) >= 2
    known = {n.value for n in find_numbers(problem.question + problem.gold)}
    assert {n.value for n in find_numbers(told)} <= known
    assert lines[-1] == f"The answer is: {problem.worked.answer}"


SLIPS = [
    # the student's steps, and the reason of the refusal (None: accepted)
    ([" Four tickets are 4 * 12 = 48 dollars.\n", "Popcorn: 3 * 5.50 = 15.50 dollars.\n"], None),
    ([" Four tickets are 4 * 12 = 50 dollars.\n"], None),
    ([" Four tickets are 4 * 12 = 48 dollars.\n", "So she gets 100 - 48 = 52 dollars.\n"], "not_decidable"),
    ([" Seven things are 7 * 12 = 84 dollars.\n", "Popcorn: 3 * 5.50 = 15.50 dollars.\n"], "not_decidable"),
    ([" Four tickets are 4 * 12 = 50 dollars.\n", "Popcorn: 3 * 5.50 = 15.50 dollars.\n"], "not_decidable"),
    ([" She gets some change.\n"], "not_decidable"),
    ([" Step 1: the tickets.\n", "Step 2: they are 4 * 12 = 50 dollars.\n"], None),
    ([" 100 divided by 12 is 8.33.\n", "Four tickets are 4 * 12 = 50 dollars.\n"], "not_decidable"),
    ([" She has 7 friends.\n", "Four tickets are 4 * 12 = 50 dollars.\n"], "not_decidable"),
    ([" The answer is 12.\n", "Four tickets are 4 * 12 = 50 dollars.\n"], "not_decidable"),
]


@pytest.mark.parametrize(("steps", "reason"), SLIPS)
def test_a_students_error_is_corrected_only_where_arithmetic_proves_it(steps: list[str], reason: str | None) -> None:
    for strategy in STRATEGIES:
        if reason is None:
            reflection, correction = revise(problems.CINEMA.question, problems.CINEMA.gold, steps, strategy, 1)
            assert reflection
            assert correction.endswith("The answer is: 35.50")
        else:
            with pytest.raises(DeclineError) as refusal:
                revise(problems.CINEMA.question, problems.CINEMA.gold, steps, strategy, 1)
            assert refusal.value.code == reason


def test_openings_vary() -> None:
    openings = Counter(
        " ".join(text.split()[:3]) for strategy in STRATEGIES for text in wording.variants("openings", strategy)
    )
    assert len(openings) >= 40
    assert max(openings.values()) == 1


def test_smoothing_changes_words_only() -> None:
    text = "He has 3 * 4 = 12 eggs.\nThe hens lay 5 more.\nThere are 12 + 5 = 17 eggs.\nThe answer is: 17"
    smoothed = {smooth(text, seed) for seed in range(20)}
    assert len(smoothed) > 1
    for one in smoothed:
        assert [n.text for n in find_numbers(one)] == [n.text for n in find_numbers(text)]
        assert one.split("\n")[0] == text.split("\n")[0]
        assert one.endswith("\nThe answer is: 17")
