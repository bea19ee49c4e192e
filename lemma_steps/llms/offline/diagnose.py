"""Names the error at the end of an attempt by comparing it with the gold solution: the inverse of the makers.

The rules are those of `recomputable` in the taxonomy. An attempt that matches none of them gets no diagnosis.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache

from lemma_steps.arithmetic import Number, find_numbers
from lemma_steps.llms.offline import wording
from lemma_steps.llms.offline.labels import amount
from lemma_steps.llms.offline.numerals import raw
from lemma_steps.llms.offline.rules import halves, rectangle, speaks_of_rectangle, speaks_of_triangle, swap_type
from lemma_steps.llms.offline.sources import Source, averages, is_divisor, source
from lemma_steps.llms.offline.worked import Chain, Worked, plain

_COMMAND = re.compile(r"\\[A-Za-z]+")
_OPERATOR_WORDS = frozenset({"x", "X", "plus", "minus", "times", "divided", "multiplied", "by"})


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What is wrong with an attempt's last step.

    Attributes:
        code: the error type.
        resume: 0-based number of the gold step from which the solution goes on.
        wrong: the wrong chain, where there is one.
        right: gold's chain in its place.
        detail: the number, operator or amount at fault (`wrong_part`) and the right one (`right_part`), as written.
    """

    code: str
    resume: int
    wrong: Chain | None
    right: Chain | None
    wrong_part: str = ""
    right_part: str = ""


def diagnose(gold: Worked, attempt: Sequence[str]) -> Diagnosis | None:
    """The error in the attempt's last step; None where no rule matches or the steps before it are not gold's."""
    *before, last = map(plain, attempt)
    golden = [plain(step) for step in gold.steps]
    if last in golden:
        return None
    tried = gold.attempt(attempt)
    if before == golden[: len(before)]:
        resume = len(before)
        if tried.in_step(resume):
            return _in_chain(gold, tried, resume) if resume < len(golden) else None
        return _misread(gold, tried, resume)
    missing = next((k for k, (a, b) in enumerate(zip(before, golden, strict=False)) if a != b), len(golden))
    is_gold = before == golden[:missing] + golden[missing + 1 : len(before) + 1]
    return _left_out(gold, tried, missing) if is_gold else None


def first_error(gold: Worked, steps: Sequence[str]) -> tuple[int, Diagnosis] | None:
    """The 1-based number of the first step that leaves the gold solution and its error, where a rule says which."""
    golden = {plain(step) for step in gold.steps}
    number = next((k for k, step in enumerate(steps, 1) if plain(step) not in golden), None)
    diagnosis = diagnose(gold, steps[:number]) if number else None
    return (number, diagnosis) if number and diagnosis else None


def _same_words(mine: str, theirs: str) -> bool:
    """Is one step the other but for its mathematics? An invention may come before it, words may go with a lost term."""
    for form in _forms("invented"):
        mine = form.sub("", plain(mine), count=1)
    my_words, their_words = _words(mine), _words(theirs)
    left = iter(their_words)
    return 3 * len(my_words) >= 2 * len(their_words) and all(word in left for word in my_words)


@cache
def _forms(part: str) -> list[re.Pattern[str]]:
    """The phrases of `part`, with anything in place of the amount."""
    return [re.compile(re.escape(form).replace(r"\{amount\}", ".{1,80}?")) for form in wording.leaves(part)]


def _words(step: str) -> list[str]:
    return [w for w in re.findall(r"[^\W\d_]+", _COMMAND.sub(" ", step)) if w not in _OPERATOR_WORDS]


def _in_chain(gold: Worked, tried: Worked, step: int) -> Diagnosis | None:
    if not _same_words(tried.steps[step], gold.steps[step]):
        return _missing_next(gold, tried, step)
    wrong, right = tried.in_step(step), gold.in_step(step)
    if len(wrong) != len(right):
        return _missing_next(gold, tried, step)
    for a, b in zip(wrong, right, strict=True):
        if a.signature != b.signature:
            return _left_side(gold, step, a, b) or _missing_next(gold, tried, step)
        if a.value != b.value:
            fault = a.result.text, b.result.text
            return Diagnosis("CA", step, a, b, *fault) if a.verdict == "wrong" else None
    return None


def _missing_next(gold: Worked, tried: Worked, step: int) -> Diagnosis | None:
    return _left_out(gold, tried, step) if step + 1 < len(gold.steps) else None


def _left_side(gold: Worked, step: int, wrong: Chain, right: Chain) -> Diagnosis | None:
    if wrong.verdict != "right":
        return None
    (mine, my_operators), (theirs, their_operators) = wrong.signature, right.signature
    code, parts = None, ("", "")
    if mine == theirs and len(my_operators) == len(their_operators):
        differ = [k for k, (a, b) in enumerate(zip(my_operators, their_operators, strict=True)) if a != b]
        if len(differ) == 1:
            code = swap_type(gold, right, differ[0], my_operators[differ[0]])
            parts = my_operators[differ[0]], their_operators[differ[0]]
    elif my_operators == their_operators and len(mine) == len(theirs):
        differ = [k for k, (a, b) in enumerate(zip(mine, theirs, strict=True)) if a != b]
        if len(differ) == 1:
            a, b = wrong.left.numbers[differ[0]], right.left.numbers[differ[0]]
            code, parts = _number_type(gold, right, b, raw(a)), (a.text, b.text)
    elif _invented(gold, wrong, right):
        code, parts = "HA", (wrong.left.numbers[-1].text, "")
    elif _sum_without_one(mine, my_operators, theirs, their_operators):
        code, parts = "CO", ("", _left_over(wrong, right))
    if code is None:
        code = _formula(gold, wrong, right)
    return Diagnosis(code, step, wrong, right, *parts) if code else None


def _number_type(gold: Worked, chain: Chain, number: Number, new: Fraction) -> str | None:
    old = raw(number)
    if gold.is_percentage(number) and new in (100 - old, 1 - old):
        return "CC"
    if averages(gold) and is_divisor(gold, number) and old >= 3:
        return "FC" if new == 2 else None
    match source(gold, chain, number):
        case Source.QUESTION:
            return "CV"
        case Source.RESULT:
            return "CS"
        case Source.FACTOR:
            return "UC"
        case Source.COUNT if abs(new - old) == 1:
            return "CO"
    return None


def _invented(gold: Worked, wrong: Chain, right: Chain) -> bool:
    (mine, my_operators), (theirs, their_operators) = wrong.signature, right.signature
    if mine[:-1] != theirs or my_operators[:-1] != their_operators or my_operators[-1] not in "+-":
        return False
    known = {raw(n) for n in [*gold.numerals, *find_numbers(gold.question)]} | gold.given
    return mine[-1] not in known | {word.value for word in gold.number_words}


def _sum_without_one(
    mine: tuple[Fraction, ...],
    my_operators: tuple[str, ...],
    theirs: tuple[Fraction, ...],
    their_operators: tuple[str, ...],
) -> bool:
    if set(their_operators) != {"+"} or set(my_operators) - {"+"} or len(theirs) < 3:
        return False
    return mine in [theirs[:k] + theirs[k + 1 :] for k in range(len(theirs))]


def _left_over(wrong: Chain, right: Chain) -> str:
    mine = [raw(n) for n in wrong.left.numbers]
    for number in right.left.numbers:
        if raw(number) not in mine:
            return number.text
        mine.remove(raw(number))
    return ""


def _formula(gold: Worked, wrong: Chain, right: Chain) -> str | None:
    mine, theirs = rectangle(wrong.signature), rectangle(right.signature)
    if speaks_of_rectangle(gold) and mine and theirs and mine[0] != theirs[0] and set(mine[1:]) == set(theirs[1:]):
        return "FC"
    products = set(wrong.signature[1]) | set(right.signature[1]) <= {"*", "/"}
    if speaks_of_triangle(gold) and products and wrong.signature[0] in halves(right.signature[0]):
        return "FC"
    return None


def _left_out(gold: Worked, tried: Worked, missing: int) -> Diagnosis | None:
    """Was gold step `missing` dropped, and does the last step use a number of it in its result's place?"""
    last = len(tried.steps) - 1
    dropped, wrong, right = gold.in_step(missing), tried.in_step(last), gold.in_step(last + 1)
    if len(dropped) != 1 or not wrong or len(wrong) != len(right):
        return None
    if not _same_words(tried.steps[last], gold.steps[last + 1]):
        return None
    operands = {raw(n) for n in dropped[0].left.numbers}
    a, b = next(((a, b) for a, b in zip(wrong, right, strict=True) if a.signature != b.signature), (None, None))
    if a is None or b is None or a.verdict != "right":
        return None
    (mine, my_operators), (theirs, their_operators) = a.signature, b.signature
    if my_operators != their_operators or len(mine) != len(theirs):
        return None
    swapped = {(x, y) for x, y in zip(mine, theirs, strict=True) if x != y}
    if len(swapped) != 1 or not all(x in operands and y == dropped[0].value for x, y in swapped):
        return None
    text = next(n.text for n in a.left.numbers if (raw(n), dropped[0].value) in swapped)
    return Diagnosis("MS", missing, a, dropped[0], text, dropped[0].result.text)


def _misread(gold: Worked, tried: Worked, step: int) -> Diagnosis | None:
    """Does the last step, which computes nothing, name one value of gold's computations as the one asked for?"""
    if not any(form.fullmatch(plain(tried.steps[step])) for form in _forms("misread")):
        return None
    said = list(tried.prose(step))
    answer = gold.answer_number
    if len(said) != 1 or answer is None or raw(said[0]) == raw(answer):
        return None
    parts = {raw(n) for c in gold.computed for n in [*c.left.numbers, c.result]}
    if raw(said[0]) not in parts:
        return None
    return Diagnosis("QM", step, None, None, amount(tried, said[0]), "")
