"""Draws by hash and counts of different strings: independent of order and parts, bounded, and right."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lemma_steps.output.distinct import SIZE, Distinct
from lemma_steps.output.picks import Picks, rank


def picked(keys, size):
    picks = Picks(size)
    for key in keys:
        picks.offer(rank(key), key)
    return picks.items()


@given(st.lists(st.text(max_size=4), unique=True, max_size=60), st.integers(1, 10), st.randoms())
def test_the_order_changes_nothing(keys, size, shuffled):
    first = picked(keys, size)
    assert first == sorted(keys, key=rank)[:size]
    shuffled.shuffle(keys)
    assert picked(keys, size) == first


def test_of_equal_ranks_the_first_stays():
    picks = Picks(2)
    for number in range(5):
        picks.offer(7, number)
    assert picks.items() == [0, 1]
    assert picks.takes(6)
    assert not picks.takes(7)


def test_every_item_is_drawn_about_equally_often():
    hits = [0] * 20
    for turn in range(400):
        for key in picked([f"{turn}-{number}" for number in range(20)], 5):
            hits[int(key.split("-")[1])] += 1
    assert all(60 < hit < 145 for hit in hits)  # 100 expected, standard deviation 8.7


@pytest.mark.parametrize("size", [0, 1, 100, SIZE - 1])
def test_few_different_strings_are_counted_exactly(size):
    distinct = Distinct()
    for _ in range(2):
        distinct.add(f"word {number}" for number in range(size))
    assert (distinct.count, distinct.total) == (size, 2 * size)
    assert distinct.share == (0.5 if size else None)


@pytest.mark.parametrize("size", [SIZE, 20_000, 60_000])
def test_many_are_estimated(size):
    numbers = [*range(size), *range(0, size, 3)]
    random.Random(1).shuffle(numbers)
    distinct, ordered = Distinct(), Distinct()
    distinct.add(map(str, numbers))
    ordered.add(map(str, sorted(numbers)))
    assert distinct.count == pytest.approx(size, rel=0.06)
    assert distinct.count == ordered.count
    assert len(distinct._heap) == len(distinct._kept) == SIZE
