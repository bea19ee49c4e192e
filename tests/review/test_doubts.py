"""Doubts about a row: each on a row made for it, and none on a sound one."""

from __future__ import annotations

import pytest

from lemma_steps.review.doubts import doubt, doubts
from tests.output.rows import kept


def row(step="They hold 7 * 16 = 122 rolls.\n", before=" We need the rolls.\n", **changes):
    """A kept row with this wrong step."""
    prefix = before + step
    reflection = changes.pop("reflection", "Wait, 122 rolls is not right.\n")
    correction = changes.pop("correction", "7 * 16 = 112.\nThe answer is: 112")
    return kept(4, error_type=changes.pop("error_type", "CA"), **changes) | {
        "erroneous_prefix": prefix,
        "reflection": reflection,
        "correction": correction,
        "output": prefix + reflection + correction,
        "error_begin": len(before),
        "error_end": len(prefix),
    }


def test_a_sound_row_has_none():
    assert doubts(row()) == {}


@pytest.mark.parametrize(
    ("name", "doubtful"),
    [
        ("split_vote", row(label_source="teacher", locator_agreement=0.6)),
        ("single_opinion", row(label_source="teacher", locator_agreement=None)),
        ("earlier_false_sum", row(before=" First 3 + 4 = 8.\n")),
        ("false_sum_after", row(correction="7 * 16 = 113.\nThe answer is: 112")),
        ("no_number", row(step="So nothing is left of the rolls.\n", error_type="NO", reflection="But rolls remain.\n")),
        ("numbers_of_gold", row(step="They hold 16 + 7 = 23 rolls.\n", error_type="OP", gold_solution="7*16=112, 16+7+0=23", reflection="Not 23.\n")),
        ("type_against_sums", row(step="They hold 16 + 7 = 23 rolls.\n", reflection="Not 23.\n")),
        ("type_against_sums", row(error_type="OP")),
        ("reflection_elsewhere", row(reflection="Wait, that is off.\n")),
    ],
)  # fmt: skip
def test_each_doubt_is_seen_alone(name, doubtful):
    assert list(doubts(doubtful)) == [name]
    assert doubt(doubtful) == doubts(doubtful)[name] > 0


@pytest.mark.parametrize("agreement", [1.0, 0.9, 0.75, 0.5, 0.34])
def test_the_less_the_votes_agree_the_more_doubt(agreement):
    assert doubt(row(locator_agreement=agreement)) == pytest.approx(4 * (1 - agreement))


def test_the_weights_add_up():
    several = row(before=" First 3 + 4 = 8.\n", reflection="Wait.\n", locator_agreement=0.5)
    assert doubt(several) == pytest.approx(3.0 + 1.5 + 2.0)
    assert set(doubts(several)) == {"earlier_false_sum", "reflection_elsewhere", "split_vote"}


def test_a_row_without_a_gold_solution_can_be_judged():
    assert doubts(row(gold_solution=None)) == {}
