"""Numbers replaced in the dress of the one that stood there."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lemma_steps.arithmetic import find_numbers
from lemma_steps.llms.offline.numerals import fits, raw, rounded, write

WRITTEN = [
    ("It takes 12 days", "7", "7"),
    ("It costs $5.50", "12", "12.00"),
    ("It costs $5", "11/2", "5.50"),
    ("There are 1,200 fans", "12345", "12,345"),
    ("There are 1200 fans", "12345", "12345"),
    ("It takes .4 hours", "1/5", ".2"),
    ("A share of 3/4", "5/8", "5/8"),
    (r"A share of $\frac{3}{4}$", "5/8", r"\frac{5}{8}"),
    (r"In all $1{,}200$", "2400", r"2{,}400"),
    ("It is 25% off", "30", "30"),
]

FITS = [
    ("There are 12 people", "7", True),
    ("There are 12 people", "15/2", False),
    ("There are 12 people", "-7", False),
    ("There are 12 people", "0", False),
    ("There are 12 people", "600", False),
    ("It costs $12", "15/2", True),
    ("It costs $12", "10/3", False),
    ("It takes 2.5 hours", "7/4", True),
    ("It is 25% off", "120", False),
    ("A share of 3/4", "5/4", False),
    ("A share of 3/4", "1/3", True),
]


@pytest.mark.parametrize(("text", "value", "expected"), WRITTEN)
def test_write_keeps_the_dress(text: str, value: str, expected: str) -> None:
    [like] = find_numbers(text)
    assert write(Fraction(value), like) == expected


@pytest.mark.parametrize(("text", "value", "expected"), FITS)
def test_only_values_of_the_same_kind_fit(text: str, value: str, expected: bool) -> None:
    [like] = find_numbers(text)
    assert fits(Fraction(value), like) is expected


@given(st.integers(1, 10**6), st.sampled_from(["9", "$9", "1,009", "9%", "2.50"]))
def test_what_is_written_reads_back(cents: int, dress: str) -> None:
    [like] = find_numbers(f"so {dress} is it")
    value = Fraction(cents) if like.decimals == 0 else Fraction(cents, 100)
    text = f"so {dress}".replace(like.text, write(value, like))
    [back] = find_numbers(text)
    assert raw(back) == value


@pytest.mark.parametrize(
    ("value", "decimals", "expected"), [("10/3", 2, "3.33"), ("-5/2", 0, "-3"), ("1/8", 2, "0.13")]
)
def test_rounding_is_away_from_zero(value: str, decimals: int, expected: str) -> None:
    assert rounded(Fraction(value), decimals) == Fraction(expected)


def test_endless_decimals_are_refused() -> None:
    [like] = find_numbers("There are 3 boxes")
    assert not fits(Fraction(9, 11), like)
    with pytest.raises(ValueError, match="9/11"):
        write(Fraction(9, 11), like)


def test_large_numbers_stay_exact() -> None:
    [like] = find_numbers("about 12,345,678,901,234,567 grains")
    assert write(Fraction(98765432109876543), like) == "98,765,432,109,876,543"
