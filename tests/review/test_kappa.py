"""Kappas against published examples, and what must hold for any ratings."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from itertools import combinations
from math import isclose, sqrt
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lemma_steps.review.kappa import FRAIL, NO_DISAGREEMENT, NOTHING, ONE_AGREED, ONE_SIDED, ONE_VALUE, TOO_FEW, Kappa

FLEISS_1971 = (
    "00060 03003 01401 00006 03030 20400 00402 20310 20040 00006 10050 11040 03300 10050 02031 00501 30012 51000 "
    "02040 10203 00006 01050 02013 20040 10041 05010 40002 02040 10500 00006"
)
"""Thirty patients, six psychiatrists each, five diagnoses: Fleiss 1971, table 1."""
TEXTBOOK = "0000e 02642 00356 03920 22811 77000 32630 25322 65210 02237"
"""Ten subjects, fourteen raters, five categories; e is 14."""


def ratings(table: str) -> list[list[str]]:
    """Ratings per subject of a table of counts."""
    return [[str(c) for c, count in enumerate(row) for _ in range(int(count, 16))] for row in table.split()]


def two(*cells: tuple[str, str, int]) -> list[dict[str, list[tuple[str, str]]]]:
    """Records of one pair of raters."""
    return [{"pair": [(one, other)]} for one, other, count in cells for _ in range(count)]


@pytest.mark.parametrize(("table", "kappa"), [(FLEISS_1971, 0.430), (TEXTBOOK, 0.210)])
def test_fleiss_as_published(table: str, kappa: float) -> None:
    found = Kappa.fleiss(ratings(table), "published")
    assert found.value == pytest.approx(kappa, abs=5e-4)
    assert found.low is not None
    assert found.high is not None
    assert found.low < kappa < found.high


@pytest.mark.parametrize(
    ("cells", "kappa"),
    [
        ([("y", "y", 20), ("y", "n", 5), ("n", "y", 10), ("n", "n", 15)], 0.40),
        ([("y", "y", 45), ("y", "n", 15), ("n", "y", 25), ("n", "n", 15)], 0.1304),  # the paradox of the margins:
        ([("y", "y", 25), ("y", "n", 35), ("n", "y", 5), ("n", "n", 35)], 0.2593),  # the same p_o, 0.6
        (  # three categories, the formula written out
            [
                *(("p", "p", 50), ("p", "n", 26), ("p", "o", 24)),
                *(("n", "p", 24), ("n", "n", 4), ("n", "o", 32)),
                *(("o", "p", 6), ("o", "n", 30), ("o", "o", 4)),
            ],
            (58 / 200 - (100 * 80 + 60 * 60 + 40 * 60) / 200**2) / (1 - (100 * 80 + 60 * 60 + 40 * 60) / 200**2),
        ),
        ([("y", "n", 7), ("n", "y", 7)], -1.0),
    ],
)
def test_cohen_of_tables(cells: list[tuple[str, str, int]], kappa: float) -> None:
    assert Kappa.cohen(two(*cells), "table").value == pytest.approx(kappa, abs=5e-5)


EDGES = {
    "nothing": ([], None, NOTHING),
    "one value": ([("a", "a")] * 5, None, ONE_VALUE),
    "one record": ([("a", "b")], None, ONE_SIDED),
    "one record, by one rater always the same": ([("a", "a"), ("a", "b")] * 4, None, ONE_SIDED),
    "both always say the same, but not the same": ([("a", "b")] * 9, None, ONE_SIDED),
    "one of fifty": ([("a", "a")] * 49 + [("a", "b")], None, ONE_SIDED),
    "all agree": ([("a", "a"), ("b", "b")] * 4, 1.0, NO_DISAGREEMENT),
    "agree on one value": ([("a", "a")] * 40 + [("a", "b"), ("b", "a")] * 5, -1 / 9, ONE_AGREED),
    "never agree": ([("a", "b"), ("b", "a")] * 5, -1.0, ONE_AGREED),
    "one record holds it": ([("a", "a")] * 40 + [("a", "b"), ("b", "b")], 0.65573771, FRAIL),
    "enough": ([("a", "a")] * 20 + [("a", "b"), ("b", "b")] * 6, None, None),
}


@pytest.mark.parametrize("case", EDGES)
def test_edges_of_cohen(case: str) -> None:
    pairs, value, note = EDGES[case]
    found = Kappa.cohen([{"pair": [pair]} for pair in pairs], case)
    assert found.note == note
    if note is None:
        assert found.value is not None
        assert found.low is not None
        assert found.high is not None
        assert found.low < found.value < found.high
    else:
        assert found.value == (None if value is None else pytest.approx(value))
        assert (found.low, found.high) == (None, None)


@pytest.mark.parametrize(
    ("subjects", "note"),
    [
        ([], NOTHING),
        (["a"], NOTHING),
        (["aa"] * 5, ONE_VALUE),
        (["ab"], TOO_FEW),
        (["aaa", "bb"] * 4, NO_DISAGREEMENT),
        (["aaa"] * 40 + ["aab"] * 5, ONE_AGREED),
        (["ab"] * 9, ONE_AGREED),
        (["aa"] * 40 + ["bb", "bb"], NO_DISAGREEMENT),
        (["aa"] * 40 + ["ab", "bb"], FRAIL),
        (["aa"] * 20 + ["ab", "bb"] * 6, None),
    ],
)
def test_edges_of_fleiss(subjects: list[str], note: str | None) -> None:
    found = Kappa.fleiss([[*subject] for subject in [*subjects, "a"]], "x")
    assert found.note == note
    assert (found.value is None) == (note in (NOTHING, ONE_VALUE))
    assert (found.low is None) == (found.high is None) == (note is not None)


def test_a_pair_that_saw_one_category_counts_for_nothing_beside_one_that_saw_two() -> None:
    known = two(("y", "y", 6), ("n", "n", 3), ("y", "n", 1))
    other = [{"others": [("y", "y")]} for _ in range(5)]
    assert Kappa.cohen(known + other, "x").value == Kappa.cohen(known, "x").value


def test_a_pair_of_which_one_always_says_the_same_is_left_out_and_said() -> None:
    known = two(("y", "y", 16), ("n", "n", 13), ("y", "n", 11))
    lazy = [{"lazy": [("y", value)]} for value in "yyynn"]
    found, alone = Kappa.cohen(known + lazy, "x"), Kappa.cohen(known, "x")
    assert found.value == alone.value
    assert found.note == "without 1 of 2 pairs of reviewers, in which one always says the same"
    assert alone.note is None


def test_several_pairs_weigh_as_much_as_they_rated() -> None:
    ab, ac = two(("y", "y", 6), ("n", "n", 3), ("y", "n", 1)), two(("y", "y", 4), ("n", "y", 12), ("n", "n", 4))
    one, other = Kappa.cohen(ab, "x").value, Kappa.cohen(ac, "x").value
    mixed = Kappa.cohen([*ab, *({"ac": record["pair"]} for record in ac)], "x").value
    assert one is not None
    assert other is not None
    assert mixed == pytest.approx((10 * one + 20 * other) / 30)


def test_bounds_are_those_of_95_per_cent_on_either_side() -> None:
    """For many records they are 1.96 standard errors away (Fleiss, Cohen and Everitt 1969; 1.64 would be 90 %)."""
    table = {("y", "y"): 900, ("y", "n"): 300, ("n", "y"): 200, ("n", "n"): 600}
    found, size = Kappa.cohen(two(*((*values, count) for values, count in table.items())), "x"), 2000
    assert found.value is not None
    assert found.low is not None
    assert found.high is not None
    share = {values: count / size for values, count in table.items()}
    rows = {value: sum(p for (one, _), p in share.items() if one == value) for value in "yn"}
    columns = {value: sum(p for (_, other), p in share.items() if other == value) for value in "yn"}
    expected = sum(rows[value] * columns[value] for value in "yn")
    kept, lost = 1 - found.value, 1 - expected
    same = sum(share[v, v] * (1 - (rows[v] + columns[v]) * kept) ** 2 for v in "yn")
    other = kept**2 * sum(share[i, j] * (columns[i] + rows[j]) ** 2 for i, j in [("y", "n"), ("n", "y")])
    error = sqrt((same + other - (found.value - expected * kept) ** 2) / (size * lost**2))
    for distance in (found.value - found.low, found.high - found.value):
        assert 1.8 < distance / error < 2.12


def by_hand(records: Sequence[Any], kappa: Callable[[Sequence[Any]], float]) -> tuple[float, float]:
    """The bootstrap written out, one record after the other."""
    draw = random.Random(11)
    drawn = sorted(kappa(draw.choices(records, k=len(records))) for _ in range(4000))
    return drawn[99], drawn[3899]


def light(records: Sequence[Mapping[str, Sequence[tuple[str, str]]]]) -> float:
    """The weighted mean of the kappas of pairs."""
    of: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for record in records:
        for pair, values in record.items():
            of[pair] += values
    total = norm = 0.0
    for values in of.values():
        size = len(values)
        one, other = ([value[side] for value in values] for side in (0, 1))
        expected = sum(one.count(v) * other.count(v) for v in set(one)) / size**2
        total += size * (sum(a == b for a, b in values) / size - expected) / (1 - expected)
        norm += size
    return total / norm


def test_intervals_are_those_of_a_bootstrap_written_out() -> None:
    """Three raters of whom one saw few records and answers by chance: his pairs' share differs from draw to draw."""
    draw = random.Random(13)
    records = []
    for number in range(60):
        truth = draw.choice("yn")
        said = {"a": truth, "b": truth if draw.random() < 0.9 else "y"}
        if number < 20:
            said["c"] = draw.choice("yn")
        records.append({f"{i}{j}": [(said[i], said[j])] for i, j in combinations(sorted(said), 2)})
    found = Kappa.cohen(records, "x")
    assert found.value == pytest.approx(light(records))
    low, high = by_hand(records, light)
    assert (found.low, found.high) == (pytest.approx(low, abs=0.03), pytest.approx(high, abs=0.03))


def test_intervals_hold_what_they_promise() -> None:
    """Drawn a hundred times from a known kappa, most intervals of 95 % hold it."""
    draw, held = random.Random(3), 0
    for number in range(100):
        right = [draw.random() < 0.5 for _ in range(150)]
        pairs = [(str(one), str(one if draw.random() < 0.8 else not one)) for one in right]
        found = Kappa.cohen([{"pair": [pair]} for pair in pairs], str(number))
        assert found.low is not None
        assert found.high is not None
        held += found.low <= 0.6 <= found.high
    assert 88 <= held <= 99


def test_answers_to_one_record_are_drawn_together() -> None:
    """Ten answers to each of thirty records are no three hundred independent ones."""
    draw = random.Random(5)
    records = [[(str(draw.randrange(2)), str(draw.randrange(2)))] * 10 for _ in range(30)]
    together = Kappa.cohen([{"labels": pairs} for pairs in records], "x")
    apart = Kappa.cohen([{"labels": [pair]} for pairs in records for pair in pairs], "x")
    assert together.value == apart.value
    assert width(together) > 2 * width(apart)


def width(kappa: Kappa) -> float:
    assert kappa.low is not None
    assert kappa.high is not None
    return kappa.high - kappa.low


SUBJECTS = st.lists(st.lists(st.sampled_from("abcd"), min_size=2, max_size=5), min_size=2, max_size=12)


def same(one: Kappa, other: Kappa) -> bool:
    if one.value is None or other.value is None:
        return one.value is other.value
    return isclose(one.value, other.value, abs_tol=1e-9)


@settings(max_examples=60, deadline=None)
@given(SUBJECTS, st.randoms(use_true_random=False))
def test_fleiss_knows_no_order_of_raters_names_of_categories_or_copies(
    subjects: list[list[str]], draw: random.Random
) -> None:
    found = Kappa.fleiss(subjects, "x")
    shuffled = [draw.sample(subject, len(subject)) for subject in draw.sample(subjects, len(subjects))]
    renamed = [["dcba"["abcd".index(value)] for value in subject] for subject in subjects]
    for other in (shuffled, renamed, subjects * 3, [*subjects, ["a"]]):
        assert same(found, Kappa.fleiss(other, "x"))
    assert found.value is None or found.value <= 1


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("abc")), min_size=2, max_size=20))
def test_cohen_knows_no_order_names_or_copies_and_agrees_with_fleiss_on_equal_margins(
    pairs: list[tuple[str, str]],
) -> None:
    def cohen(found: list[tuple[str, str]]) -> Kappa:
        return Kappa.cohen([{"pair": [pair]} for pair in found], "x")

    swapped = [(other, one) for one, other in pairs]
    renamed = [("cab"["abc".index(one)], "cab"["abc".index(other)]) for one, other in pairs]
    for variant in (swapped, renamed, pairs[::-1], pairs * 2):
        assert same(cohen(pairs), cohen(variant))
    both = pairs + swapped  # equal margins: chance is the same by both formulas
    assert same(cohen(both), Kappa.fleiss(both, "x"))


def test_light_and_fleiss_are_near_for_raters_alike() -> None:
    draw = random.Random(7)
    records = []
    for _ in range(400):
        truth = draw.randrange(3)
        records.append([str(truth if draw.random() < 0.8 else draw.randrange(3)) for _ in range(3)])
    pairs = [{(i, j): [(r[i], r[j])] for i, j in combinations(range(3), 2)} for r in records]
    light, fleiss = Kappa.cohen(pairs, "x").value, Kappa.fleiss(records, "x").value
    assert light is not None
    assert light == pytest.approx(fleiss, abs=0.01)
    assert light == pytest.approx(0.64, abs=0.06)
