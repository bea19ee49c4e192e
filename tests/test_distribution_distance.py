"""How far two samples of types are apart: values by hand, properties, and that chance alone is seldom called more."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lemma_steps.distribution_distance import distance

COUNTS = st.dictionaries(st.sampled_from("ABCDE"), st.integers(0, 60), max_size=5)
SOURCE = np.array([0.4, 0.25, 0.15, 0.1, 0.05, 0.03, 0.02])
KINDS = "ABCDEFG"


def drawn(random: np.random.Generator, n: int) -> dict[str, int]:
    return dict(zip(KINDS, map(int, random.multinomial(n, SOURCE)), strict=True))


def test_by_hand() -> None:
    found = distance({"A": 10, "B": 10}, {"A": 5, "C": 15})
    assert found is not None
    assert found.tv == pytest.approx((0.25 + 0.5 + 0.75) / 2)
    q, p = [x / 21.5 for x in (5.5, 0.5, 15.5)], [x / 21.5 for x in (10.5, 10.5, 0.5)]
    assert found.kl == pytest.approx(sum(b * math.log(b / a) for a, b in zip(p, q, strict=True)))
    assert found.kl_bits == pytest.approx(found.kl / math.log(2))
    assert (found.n_from, found.n_to) == (20, 20)
    assert found.beyond_chance


@settings(deadline=None, max_examples=40)
@given(COUNTS, COUNTS)
def test_what_holds_for_any_counts(p: dict[str, int], q: dict[str, int]) -> None:
    found = distance(p, q)
    if not sum(p.values()) or not sum(q.values()):
        assert found is None
        return
    assert found is not None
    assert 0 <= found.tv_low <= found.tv <= found.tv_high <= 1
    assert -1e-9 <= found.kl_low <= found.kl <= found.kl_high < math.inf
    assert 0 <= found.tv_chance <= 1
    assert found == distance(p, q)
    assert found.beyond_chance == (found.tv > found.tv_chance_high + 1e-12)


def test_the_same_counts_are_not_apart() -> None:
    found = distance({"A": 30, "B": 9}, {"A": 30, "B": 9})
    assert found is not None
    assert (found.tv, found.kl, found.beyond_chance) == (0, 0, False)


@pytest.mark.parametrize("mode", ["two samples", "known shares", "picked out"])
def test_chance_alone_is_called_more_about_once_in_twenty(mode: str) -> None:
    random, called = np.random.default_rng(5), 0
    for _ in range(120):
        p, q = drawn(random, 300), drawn(random, 120)
        if mode == "picked out":
            q = dict(zip(KINDS, map(int, random.multivariate_hypergeometric([*p.values()], 120)), strict=True))
        shares = dict(zip(KINDS, SOURCE, strict=True))
        found = distance(
            shares if mode == "known shares" else p, q, counted=mode != "known shares", part=mode == "picked out"
        )
        called += found is not None and found.beyond_chance
    assert 1 <= called <= 16  # 6 are expected; more than 16 come by chance once in 10,000


def test_small_samples_are_far_apart_by_chance() -> None:
    shares = dict(zip(KINDS, SOURCE, strict=True))
    small, large = (distance(shares, drawn(np.random.default_rng(1), n), counted=False) for n in (10, 10_000))
    assert small is not None
    assert large is not None
    assert small.tv_chance > 10 * large.tv_chance
    assert small.kl_chance > 10 * large.kl_chance
    assert not small.beyond_chance


def test_a_part_larger_than_the_whole_is_taken_for_another_sample() -> None:
    assert distance({"A": 3}, {"A": 9, "B": 2}, part=True) == distance({"A": 3}, {"A": 9, "B": 2})
