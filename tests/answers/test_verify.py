"""The verdict on own pairs of gold and prediction (`pairs.yaml`), on hostile text, and the defects it must not have."""

from __future__ import annotations

import time
from decimal import Decimal
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from lemma_steps.answers import Verdict, VerifyPool, verify
from lemma_steps.answers.worker import PATIENCE

PAIRS: dict[str, list[tuple[str, str, str]]] = yaml.safe_load(
    Path(__file__).with_name("pairs.yaml").read_text(encoding="utf-8")
)

UNREADABLE = [
    ("", "5"),
    ("5", ""),
    ("5", "   "),
    (r"\frac{1}{", "5"),
    ("5", r"\frac{1}{"),
    (r"\frac{1}{0}", "0"),
    ("\x0crac{1}{2}", "0.5"),
    ("5", "\ud800"),
    ("5", "\x00\x01\x02"),
    ("5", '"' * 900),
]

BOMBS = [
    "9**9**9**9",
    "9^{9^{9^9}}",
    "100000000!",
    "499!^{499!}",
    "10^{1000000000}",
    "{" * 1_000_000,
    "(" * 5_000,
    r"\boxed{" * 100_000,
    r"\frac{1}{" * 10_000 + "1" + "}" * 10_000,
    "x" * 5_000,
    "1," * 400,
    "The answer is: " + "^(" * 490,
    "answer is " * 100_000,
    "A: " * 300_000,
    "$1" * 300_000,
]

SLIPPED = [r"\binom{1000000}{500000}", r"x^{99999}-(x+1)^{9999}"]
"""Bombs that no bound catches: their comparison must be killed."""


@pytest.mark.parametrize("kind", PAIRS)
def test_own_pairs(kind: str, pool: VerifyPool) -> None:
    verdicts = [(gold, text, pool.submit(gold, text)) for gold, text, _ in PAIRS[kind]]
    assert [(gold, text, str(future.result())) for gold, text, future in verdicts] == [
        tuple(row) for row in PAIRS[kind]
    ]


def test_there_are_enough_own_pairs_of_every_verdict() -> None:
    verdicts = [verdict for rows in PAIRS.values() for _, _, verdict in rows]
    assert len(verdicts) >= 250
    assert {verdicts.count("right") > 150, verdicts.count("wrong") > 80} == {True}


@pytest.mark.parametrize(("gold", "prediction"), UNREADABLE)
def test_what_cannot_be_read_is_unparsed_never_wrong(gold: str, prediction: str, pool: VerifyPool) -> None:
    assert pool.submit(gold, prediction).result() is Verdict.UNPARSED


@pytest.mark.parametrize("bomb", BOMBS, ids=lambda bomb: bomb[:12])
def test_bombs_are_refused_at_once_on_either_side(bomb: str, pool: VerifyPool) -> None:
    begin = time.perf_counter()
    verdicts = {pool.submit("5", bomb).result(), pool.submit(bomb, "5").result()}
    assert time.perf_counter() - begin < 10
    assert Verdict.RIGHT not in verdicts


@pytest.mark.parametrize("bomb", SLIPPED)
def test_a_comparison_that_does_not_end_is_timed_out_within_the_limit(bomb: str, pool: VerifyPool) -> None:
    pool.submit("x+1", "1+x").result()
    begin = time.perf_counter()
    assert pool.submit("y+2", bomb, timeout_s=0.6).result() is Verdict.TIMED_OUT
    assert time.perf_counter() - begin < 0.6 * PATIENCE + 2  # the limit is CPU time; other work may stretch it so far
    assert pool.submit("x+2", "2+x").result() is Verdict.RIGHT


def test_an_answer_of_huge_powers_equals_itself_without_being_evaluated() -> None:
    assert verify("2^{4181}", r"The answer is: $2^{4181}$") is Verdict.RIGHT


@given(st.integers(-(10**12), 10**12), st.integers(-(10**12), 10**12))
def test_integers_are_equal_only_to_themselves(gold: int, other: int) -> None:
    assert verify(str(gold), f"So it is.\nThe answer is: {gold:,}") is Verdict.RIGHT
    assert (verify(str(gold), str(other)) is Verdict.RIGHT) == (gold == other)


@given(st.integers(-999, 999), st.integers(1, 999), st.integers(1, 9))
def test_fractions_are_equal_in_every_dress(numerator: int, denominator: int, factor: int) -> None:
    scaled = rf"\dfrac{{{numerator * factor}}}{{{denominator * factor}}}"
    assert verify(f"{numerator}/{denominator}", scaled) is Verdict.RIGHT
    assert verify(scaled, rf"\frac{{{numerator * factor + 1}}}{{{denominator * factor}}}") is Verdict.WRONG


@given(gold=st.text(max_size=300), prediction=st.text(max_size=300))
@settings(max_examples=150, deadline=None)
def test_any_text_gets_a_verdict(gold: str, prediction: str, pool: VerifyPool) -> None:
    assert isinstance(pool.submit(gold, prediction).result(), Verdict)


@given(st.decimals(0, 10**6, places=2, allow_nan=False), st.sampled_from([100, 1000]))
def test_defect_20_percent_and_scale_are_not_lenient(value: Decimal, factor: int) -> None:
    number = value + 1
    assert verify(str(number), str(number * factor)) is Verdict.WRONG
    assert verify(str(number), str(number / factor)) is Verdict.WRONG
    assert verify(f"{number}%", str(number * factor)) is Verdict.WRONG


@pytest.mark.parametrize(
    ("gold", "prediction"),
    [
        ("2a + h", "2a"),
        (r"\frac{m}{n}", r"\frac{1}{n}"),
        ("3 c + d", "3"),
        ("14k", "14"),
        ("3 hours and 20 minutes", "320"),
    ],
)
def test_defect_19_units_do_not_eat_variables(gold: str, prediction: str, pool: VerifyPool) -> None:
    assert pool.submit(gold, prediction).result() is Verdict.WRONG
    assert pool.submit(gold, f"The answer is: {gold}").result() is Verdict.RIGHT
