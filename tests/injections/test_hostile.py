"""Texts of others cost bounded time and never break a check."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lemma_steps.injections import CHECKS, Injection, check_injection
from lemma_steps.injections.injection import MAX_CHAINS

GOLD = "There are 6 * 14 = 84 tulips.\nTogether there are 84 + 30 = 114 flowers.\n#### 114"
CLOSE = "\nThe answer is: 7"
TEXTS = {
    "a megabyte": "1 + 1 = 3. " * 100_000,
    "many short steps": "1 + 1 = 3\n" * 900,
    "many equations in a step": "So 2 + 2 = 4, " * (MAX_CHAINS - 1),
    "many terms": f"So {'1 + ' * 450}1 = 7." + CLOSE,
    "many numbers": "7 " * 4_500 + CLOSE,
    "a long number": "1" * 9_000 + " + 1 = 2",
    "many brackets": "(" * 4_500 + "1" + ")" * 4_500 + " = 2",
    "towers": "2^" * 4_500 + "2 = 4",
    "fractions in fractions": r"\frac{1}{" * 900 + "2" + "}" * 900 + " = 3",
    "mixed numbers": "1 1/2 " * 1_600 + CLOSE,
    "signs alone": "=" * 9_900,
    "division by zero": r"1/0 = 5 and \frac{0}{0} = 3" + CLOSE,
    "surrogates and bidirectional marks": "\ud800\u202e 1 + 1 = 3\x00" + CLOSE,
    "nothing": "",
    "only the closing": CLOSE.strip(),
}


@pytest.mark.parametrize("name", TEXTS)
@pytest.mark.parametrize("place", ["solution", "gold_solution", "question", "gold_answer"])
def test_bounded(name: str, place: str) -> None:
    texts = {"question": "How many?", "gold_solution": GOLD, "gold_answer": "114", "solution": f" 6 * 14 = 74.{CLOSE}"}
    texts[place] = TEXTS[name]
    began = time.process_time()
    found = check_injection(Injection(**texts, declared_step=1, declared_type="CA"))
    assert time.process_time() - began < 3
    assert set(found) == set(CHECKS)
    assert all(len(finding.detail) < 1_000 for finding in found.values())


def test_both_texts_as_full_as_they_may_be() -> None:
    gold = "\n".join(f"There are {k} * 14 = {k * 14} in {k}." for k in range(2, MAX_CHAINS)) + "\n#### 826"
    wrong = " " + gold.replace("2 * 14 = 28", "2 * 14 = 29").replace("#### 826", "The answer is: 29")
    began = time.process_time()
    found = check_injection(Injection("How many?", gold, "826", wrong, 1, "CA"))
    assert time.process_time() - began < 3
    assert found["single_error"].outcome == "pass"


MATHS = st.text(alphabet=st.sampled_from("0123456789+-*/=()$%.^ \n{}\\frac,andof"), max_size=80)


@settings(max_examples=150, deadline=None)
@given(MATHS, MATHS, st.integers(-1, 4))
def test_any_text_is_checked(gold: str, wrong: str, step: int) -> None:
    found = check_injection(Injection("Six rows of 14.", gold, "114", f" {wrong}{CLOSE}", step, "CA"))
    assert {finding.outcome for finding in found.values()} <= {"pass", "fail", "not_computable"}
