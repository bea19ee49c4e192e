"""Differences on the same documents: what they claim, and what they do not."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lemma_steps.errors import RefusedError
from lemma_steps.study.difference import FEWEST, Difference


def scores(*rows):
    """One document per row; a row holds its score under each seed."""
    return {str(n): np.atleast_1d(np.array(row, dtype=float)) for n, row in enumerate(rows)}


def difference(ours, theirs):
    return Difference.of("ours", "theirs", scores(*ours), scores(*theirs), "task")


@pytest.mark.parametrize(
    ("ours", "theirs", "points", "differing", "shown"),
    [
        ([1] * 10, [1] * 10, 0, 0, False),
        ([0] * 10, [0] * 10, 0, 0, False),  # a model that can do nothing shows nothing
        ([1] * 5 + [0] * 95, [0] * 100, 5, 5, False),  # all five one way: chance does that once in sixteen
        ([1] * 8 + [0] * 92, [0] * 100, 8, 8, True),
        ([1] * 5, [0] * 5, 100, 5, False),
        ([1] * 20 + [0] * 20, [0] * 20 + [1] * 20, 0, 40, False),
        ([1, 0] * 50, [0, 0] * 50, 50, 50, True),
    ],
)
def test_what_counts_as_shown(ours, theirs, points, differing, shown):
    found = difference(ours, theirs)
    assert found.estimate.score == pytest.approx(points)
    assert (found.differing, found.shown) == (differing, shown)
    assert difference(theirs, ours).shown == shown


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=60))
def test_the_interval_holds_the_difference_and_turns_with_the_sides(pairs):
    ours, theirs = zip(*pairs, strict=True)
    found, turned = difference(ours, theirs), difference(theirs, ours)
    assert found.estimate.low <= found.estimate.score <= found.estimate.high
    assert turned.estimate.score == pytest.approx(-found.estimate.score)
    assert 100 * min(FEWEST / len(pairs), 1) <= found.smallest
    if found.shown:
        assert abs(found.estimate.score) >= 100 * FEWEST / len(pairs) * 0.99 or found.differing > FEWEST


def test_pairing_finds_what_independent_samples_would_not():
    """Two models that agree on all but eight documents of a thousand, near one half."""
    common = [n % 2 for n in range(992)]
    found = difference([*common, *[1] * 8], [*common, *[0] * 8])
    assert found.shown
    assert found.estimate.score == pytest.approx(0.8)


def test_seeds_that_disagree_show_nothing():
    """The mean over two seeds is clearly on one side, but one of the seeds is on the other."""
    rows = [[1, 0]] * 60 + [[0, 1]] * 2 + [[0, 0]] * 38
    found = difference(rows, [[0, 0.1]] * 100)
    assert found.estimate.low > 0
    assert found.by_seed == pytest.approx((60, -8))
    assert not found.shown


def test_what_training_seeds_do_by_chance_is_not_shown():
    """Every seed and every interval over documents say yes; the seeds themselves are 1, 2 and 15 points apart."""
    rows = [[seed < 1, seed < 2, 1] if seed < 15 else [0, 0, 0] for seed in range(100)]
    found = difference(rows, [[0, 0, 0]] * 100)
    assert found.by_seed == pytest.approx((1, 2, 15))
    assert found.estimate.low > 0
    assert not found.shown
    assert found.smallest == pytest.approx(4.303 * np.std([1, 2, 15], ddof=1) / 3**0.5)


def test_the_untrained_model_has_one_score_for_all_seeds():
    found = difference([[1, 1, 1]] * 10, [[0]] * 10)
    assert found.by_seed == pytest.approx((100, 100, 100))
    assert found.shown


def test_other_documents_cannot_be_compared():
    with pytest.raises(RefusedError, match="different documents"):
        Difference.of("ours", "theirs", scores(1, 0), scores(1, 0, 1), "task")


def test_the_mean_over_tasks_weighs_tasks_alike():
    large, small = difference([1] * 100, [0] * 100), difference([0] * 10, [0] * 10)
    mean = Difference.mean([large, small])
    assert mean.estimate.score == pytest.approx(50)
    assert (mean.differing, mean.estimate.size) == (100, 110)


def test_the_smallest_difference_that_could_show_shrinks_with_the_documents():
    pattern = ([1, 0, 0, 1], [0, 1, 0, 1])
    sizes = [difference(pattern[0] * n, pattern[1] * n).smallest for n in (5, 20, 80)]
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[0] / sizes[2] == pytest.approx(4, rel=0.05)
