"""Which rows are chosen for review: properties of the draws, and what is said of them."""

from __future__ import annotations

import random
from collections import Counter
from math import sqrt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lemma_steps.errors import RefusedError
from lemma_steps.review.choice import Choice
from lemma_steps.review.doubts import doubt
from lemma_steps.review.sample import STRATUM, Sample, enough, half_width
from tests.output.rows import kept

SETS = st.lists(st.integers(1, 12), min_size=1, max_size=20)


def made(sizes):
    """Rows of so many strata, as many rows in each, mixed."""
    rows = [
        {"id": f"{stratum}-{number}", "erroneous_prefix": " One step.", **dict.fromkeys(STRATUM, str(stratum))}
        for stratum, size in enumerate(sizes)
        for number in range(size)
    ]
    random.Random(0).shuffle(rows)
    return rows


def drawn(rows, size, seed=0):
    return Sample.choose(iter(rows), Choice.random, size, seed).ids


def share_errors(sizes, size, seed):
    """By how many rows each stratum is off its share of the sample."""
    found = Counter(id.split("-")[0] for id in drawn(made(sizes), size, seed))
    return [abs(found[str(stratum)] - count * size / sum(sizes)) for stratum, count in enumerate(sizes)]


class TestRandom:
    @given(SETS, st.integers(0, 99), st.data())
    @settings(max_examples=60, deadline=None)
    def test_a_larger_sample_begins_with_the_smaller_one(self, sizes, seed, data):
        rows = made(sizes)
        size = data.draw(st.integers(1, len(rows)))
        whole = drawn(rows, len(rows), seed)
        assert drawn(rows, size, seed) == whole[:size]
        assert sorted(whole) == sorted(row["id"] for row in rows)

    @given(SETS, st.integers(0, 99), st.randoms(use_true_random=False))
    @settings(max_examples=30, deadline=None)
    def test_the_order_of_the_rows_does_not_matter(self, sizes, seed, shuffled):
        rows = made(sizes)
        before = drawn(rows, len(rows) // 2 + 1, seed)
        shuffled.shuffle(rows)
        assert drawn(rows, len(before), seed) == before

    def test_every_row_has_the_same_chance_whatever_the_size_of_its_stratum(self):
        rows, size, draws = made([1, 1, 2, 3, 7, 26]), 10, 3000
        found = Counter(id for seed in range(draws) for id in drawn(rows, size, seed))
        chance = size / len(rows)
        noise = sqrt(chance * (1 - chance) / draws)
        # the bound on all rows lies at z = 4.5; the draw itself may favour a row by half a point
        assert {id: found[id] / draws for id in (row["id"] for row in rows)} == pytest.approx(
            {row["id"]: chance for row in rows}, abs=4.5 * noise + 0.005
        )

    def test_every_stratum_has_its_share_rounded_up_or_down_but_for_rare_sets(self):
        rng, off = random.Random(3), []
        for seed in range(300):
            sizes = [int(rng.paretovariate(0.7)) % 200 + 1 for _ in range(rng.randint(1, 40))]
            off.append(max(share_errors(sizes, rng.randint(1, sum(sizes)), seed)))
        assert sum(each > 1 for each in off) <= 0.1 * len(off)
        assert max(off) < 2.5

    def test_many_small_strata_do_not_crowd_out_a_large_one(self):
        assert max(max(share_errors([1] * 60 + [400], 46, seed)) for seed in range(60)) < 2

    def test_another_seed_draws_other_rows(self):
        rows = made([40, 40])
        assert set(drawn(rows, 20)) != set(drawn(rows, 20, seed=1))

    def test_more_than_there_are_is_every_row_and_said(self):
        sample = Sample.choose(iter(made([3, 4])), Choice.random, 1000)
        assert (len(sample.ids), sample.statement) == (7, "every row: 7, in random order")

    def test_without_a_size_a_share_is_known_to_five_points(self):
        sample = Sample.choose(iter(made([400, 323])), Choice.random)
        assert len(sample.ids) == 252
        assert "±5.0 points" in sample.statement

    def test_the_statement_says_what_the_sample_buys(self):
        sample = Sample.choose(iter(made([400, 300, 23])), Choice.random, 200)
        assert sample.statement == (
            "200 of 723 rows, drawn at random from 3 strata (source x origin x type x strategy): "
            "a share is known to ±5.9 points (95 %, at worst)"
        )


class TestHalfWidth:
    @pytest.mark.parametrize(
        ("size", "population", "points"),
        [(385, 10**9, 4.995), (200, 723, 5.898), (100, 100, 0), (1, 1, 0), (1, 2, 97.998), (1000, 90_000, 3.082)],
    )
    def test_table(self, size, population, points):
        assert 100 * half_width(size, population) == pytest.approx(points, abs=0.001)

    @given(st.integers(1, 200_000))
    def test_enough_is_the_smallest_sample_that_is_known_so_well(self, population):
        size = enough(population)
        assert half_width(size, population) <= 0.05
        assert size == 1 or half_width(size - 1, population) > 0.05


class TestUncertain:
    ROWS = tuple(kept(number, locator_agreement=(None, 1.0, 0.4, 0.8)[number % 4]) for number in range(40))

    def test_the_most_doubtful_come_first(self):
        by_id = {row["id"]: doubt(row) for row in self.ROWS}
        chosen = [by_id[id] for id in Sample.choose(iter(self.ROWS), Choice.uncertain, 25).ids]
        assert chosen == sorted(by_id.values(), reverse=True)[:25]

    def test_a_larger_sample_begins_with_the_smaller_one(self):
        few, many = (Sample.choose(iter(self.ROWS), Choice.uncertain, size).ids for size in (7, 19))
        assert few == many[:7]

    def test_it_says_that_its_shares_do_not_speak_for_the_set(self):
        statement = Sample.choose(iter(self.ROWS), Choice.uncertain, 5).statement
        assert "5 of 40 rows" in statement
        assert "do not speak for the set" in statement

    def test_without_a_size_it_is_every_row_with_a_doubt(self):
        sample = Sample.choose(iter(self.ROWS), Choice.uncertain)
        assert set(sample.ids) == {row["id"] for row in self.ROWS if doubt(row)}

    def test_no_doubt_at_all_is_refused_with_a_remedy(self):
        sure = [row for row in self.ROWS if not doubt(row)]
        with pytest.raises(RefusedError, match="--choose random"):
            Sample.choose(iter(sure), Choice.uncertain)


class TestAll:
    def test_every_row_in_the_order_of_the_set(self):
        rows = made([5, 4, 3])
        sample = Sample.choose(iter(rows), Choice.all)
        assert list(sample.ids) == [row["id"] for row in rows]
        assert (sample.population, sample.statement) == (12, "every row: 12")

    def test_a_size_is_refused(self):
        with pytest.raises(RefusedError, match="--choose random"):
            Sample.choose(iter(made([5])), Choice.all, 3)

    def test_an_id_that_stands_twice_is_refused(self):
        with pytest.raises(RefusedError, match="twice"):
            Sample.choose(iter([*made([2]), *made([1])]), Choice.all)


def test_the_longest_row_of_the_set_counts_not_that_of_the_sample():
    rows = made([30])
    rows[7]["erroneous_prefix"] = " One.\nTwo.\nThree.\nFour."
    assert {Sample.choose(iter(rows), Choice.random, 1, seed).longest for seed in range(5)} == {4}


@pytest.mark.parametrize("choice", list(Choice))
def test_rows_that_were_reviewed_before_are_counted(choice):
    rows = [{**kept(number), "changelog": None if number % 2 else []} for number in range(10)]
    assert Sample.choose(iter(rows), choice, None if choice is Choice.all else 10).statement.endswith(
        "; 5 of them were reviewed before"
    )
    assert "before" not in Sample.choose(iter(rows[1:2]), choice, None if choice is Choice.all else 1).statement
