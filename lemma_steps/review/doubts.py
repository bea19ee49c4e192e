"""Why the labels or the text of a row may be wrong, as far as the row itself tells.

Each doubt has a weight in nats: how much more often a row with a wrong label shows it than a row with a right one, as the
logarithm of that ratio. `benchmarks/doubts.py` measures it on 1,889 solutions whose first wrong step people marked or made
(ProcessBench gsm8k and math, MR-GSM8K, EIC); the wrong label is a neighbour of the right step. Where no public set can
tell (votes, reflections, corrections) the weight is a judgement, and says so. Sums of the weights order rows; they are no
probabilities, because doubts are not independent.

Looked at and left out: that all sums of the marked step are right (log ratio -0.1: most wrong steps compute rightly what
they should not compute), and that the output is nearly too long (says nothing of a label).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from lemma_steps.arithmetic import Equation, find_equations, find_numbers
from lemma_steps.trajectory import gold_trajectory

Row = Mapping[str, Any]

_WORD = re.compile(r"[^\W\d_]{4,}")
_UNANIMITY = 4.0


def doubts(row: Row) -> dict[str, float]:
    """The named doubts about a kept row, with their weights above 0; empty for a row without any.

    `row` has `output`, `erroneous_prefix`, `reflection`, `correction`, `error_begin`, `error_end`, `error_type`,
    `label_source`, `locator_agreement`, and where known `gold_solution`, `gold_answer`.
    """
    wrong = row["output"][row["error_begin"] : row["error_end"]]
    sums = find_equations(wrong)
    weights = {name: weigh(row, wrong, sums) for name, weigh in _DOUBTS.items()}
    return {name: weight for name, weight in weights.items() if weight > 0}


def doubt(row: Row) -> float:
    """How much in doubt the row is: the sum of its doubts' weights."""
    return sum(doubts(row).values())


def _split_vote(row: Row, wrong: str, sums: Sequence[Equation]) -> float:
    """The locator's votes differ; judged."""
    agreement = row.get("locator_agreement")
    return 0.0 if agreement is None else _UNANIMITY * (1 - agreement)


def _single_opinion(row: Row, wrong: str, sums: Sequence[Equation]) -> float:
    """A model's label without a vote; judged."""
    return 1.0 if row["label_source"] == "teacher" and row.get("locator_agreement") is None else 0.0


def _earlier_false_sum(row: Row, wrong: str, sums: Sequence[Equation]) -> float:
    """A sum before the marked step is false, so that the first error may be there (MR-GSM8K 10 % against 0.4 %)."""
    return 3.0 if _any_false(find_equations(row["output"][: row["error_begin"]])) else 0.0


def _false_sum_after(row: Row, wrong: str, sums: Sequence[Equation]) -> float:
    """The correction computes something wrongly, though it reaches the answer; judged."""
    return 3.0 if _any_false(find_equations(row["correction"])) else 0.0


def _no_number(row: Row, wrong: str, sums: Sequence[Equation]) -> float:
    """Nothing in the marked step can be computed (ProcessBench 4 % against 2 %)."""
    return 0.7 if not find_numbers(wrong) else 0.0


def _numbers_of_gold(row: Row, wrong: str, sums: Sequence[Equation]) -> float:
    """Right sums of the gold solution's numbers only: all but the audit `step_not_wrong` (MR-GSM8K 7 % against 4 %)."""
    if not sums or any(each.verdict != "right" for each in sums) or not row.get("gold_solution"):
        return 0.0
    gold = gold_trajectory(row["gold_solution"], row.get("gold_answer") or "")
    known = {number.value for number in find_numbers(gold)}
    return 0.6 if {number.value for number in find_numbers(wrong)} <= known else 0.0


def _type_against_sums(row: Row, wrong: str, sums: Sequence[Equation]) -> float:
    """A calculation error whose sums are right (10 %, other types 90 %), or a false sum of another type (3 %, theirs 87 %)."""
    if row["error_type"] != "CA":
        return 3.4 if _any_false(sums) else 0.0
    return 2.2 if sums and all(each.verdict == "right" for each in sums) else 0.0


def _reflection_elsewhere(row: Row, wrong: str, sums: Sequence[Equation]) -> float:
    """The reflection shares neither a number nor a word with the marked step; judged."""
    reflection = row["reflection"]
    numbers = {number.value for number in find_numbers(wrong)} & {number.value for number in find_numbers(reflection)}
    return 0.0 if numbers or _words(wrong) & _words(reflection) else 1.5


def _any_false(sums: Sequence[Equation]) -> bool:
    return any(each.verdict == "wrong" for each in sums)


def _words(text: str) -> set[str]:
    return {word.lower() for word in _WORD.findall(text)}


_DOUBTS: dict[str, Callable[[Row, str, Sequence[Equation]], float]] = {
    "split_vote": _split_vote,
    "single_opinion": _single_opinion,
    "earlier_false_sum": _earlier_false_sum,
    "false_sum_after": _false_sum_after,
    "no_number": _no_number,
    "numbers_of_gold": _numbers_of_gold,
    "type_against_sums": _type_against_sums,
    "reflection_elsewhere": _reflection_elsewhere,
}
