"""RefAug's comparison: the verdicts of its published code on pairs of our own writing, its odd ones included."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lemma_steps.evaluation.scores.refaug import refaug_match

PUBLISHED = [
    ("18", "18 eggs.", True),
    ("18", "The answer is 18", True),
    ("18", "The answer is: $18.", True),
    ("18", "The answer is 18 of 20", True),
    ("20", "The answer is 18 of 20", False),
    ("18", "First 20, then 18", True),
    ("20", "First 20, then 18", False),
    ("18", "The answer is 17. No. The answer is 18", True),
    ("18", "The answer is: 9 * 2 = 18", True),
    ("9", "The answer is: 9 * 2 = 18", False),
    ("1234", "The answer is 1,234", True),
    ("2,125", "It makes 2125", True),
    ("18", "18.4 is near", True),
    ("18", "The answer is 18.5", True),
    ("18", "The answer is 17.5", True),
    ("0", "The answer is 0.2", False),
    ("0", "The answer is 0.0", True),
    ("0.5", "The answer is 0.52", True),
    ("0.5", "The answer is 0.521", False),
    ("2/3", "The answer is 0.67", True),
    ("2/3", "The answer is 2/3", True),
    ("2/3", "The answer is 0.7", False),
    ("5.333", "The answer is 16/3", True),
    ("7", "\\boxed{7}", True),
    ("12", "\\boxed{12} eggs of 13", True),
    ("1", "\\boxed{1/2}", True),
    ("0.5", "\\boxed{1/2}", False),
    ("1", "\\boxed{\\frac12}", True),
    ("3", "\\boxed{x = 3}", True),
    ("40", "\\boxed{40\\%}", True),
    ("1000", "\\boxed{1 000}", True),
    ("60", "\\boxed{\\$60}", True),
    ("7", "so \\boxed{5}. The answer is 7", True),
    ("5", "so \\boxed{5}. The answer is 7", False),
    ("7", "the answer is 7, not 8", False),
    ("8", "the answer is 7, not 8", True),
    ("3", "The answer is three", False),
    ("3", "no number", False),
    ("3", "", False),
    ("-4", "The answer is -4", True),
    ("4", "The answer is -4", False),
    ("100", "The answer is 1e2", False),
    ("1", "The answer is 1e2", True),
    ("18", "The answer is 18/1", True),
    ("18", "The answer is 18/0", False),
    ("8", "The answer is 08/1", False),
]


@pytest.mark.parametrize(("gold", "reply", "verdict"), PUBLISHED)
def test_verdicts_are_those_of_the_published_code(gold, reply, verdict):
    assert refaug_match(gold, reply) is verdict


@given(
    st.sampled_from(["18", "0", "0.5", "2/3", "-4"]),
    st.text(alphabet="0123456789./,-=$\\{}boxedThe answris:\n", max_size=60),
)
def test_no_text_breaks_it(gold, reply):
    assert refaug_match(gold, reply) in (True, False)


def test_a_number_of_any_length_is_read_in_no_time():
    assert not refaug_match("18", "The answer is " + "9" * 1_000_000)
    assert not refaug_match("18", "\\boxed{" * 20_000)
