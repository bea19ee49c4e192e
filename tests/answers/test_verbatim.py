"""A gold answer said word for word at the end is right, also where no comparison can read it."""

from __future__ import annotations

import pytest

from lemma_steps.answers import Verdict, verify
from lemma_steps.answers.verbatim import restates

PROSE = "The rank is $2$. So there is one solution, and it is\n$y_1 = 1 - x$\n$y_2 = y_1 \\ln x + 4x$."


@pytest.mark.parametrize(
    ("gold", "reply"),
    [
        (PROSE, f"We reduce the matrix.\nThe answer is: {PROSE}"),
        (PROSE, PROSE),
        ("Yes. It is symmetric", "It equals its transpose. The answer is: Yes. It is symmetric."),
        ("$\\min$ at $x=1$", "The answer is: $\\min$  at $x=1$"),
        ("\\frac{1}{2004!}", "Hence $a_1 = \\boxed{\\frac{1}{2004!}}.$"),
        ("$45 / 98$ meters, $30 / 49$ seconds", "**The final answer is: $45 / 98$ meters, $30 / 49$ seconds"),
    ],
)
def test_the_same_words_are_right(gold, reply):
    assert verify(gold, reply) is Verdict.RIGHT


@pytest.mark.parametrize(
    ("gold", "reply"),
    [
        ("5", "The answer is: 15"),
        ("5", "The answer is: -5"),
        ("5", "The answer is: x = 4 and not 5"),
        ("5", "There are 5"),
        ("Yes. It is symmetric", "The answer is: No. Yes. It is symmetric"),
        ("", "The answer is: "),
        (".", "The answer is: ."),
    ],
)
def test_other_words_are_not_the_gold(gold, reply):
    assert not restates(gold, reply)


def test_a_long_text_costs_nothing():
    assert not restates("7" * 1_000_000, "The answer is: " * 100_000)
