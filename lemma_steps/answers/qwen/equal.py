"""The published comparison of two normalised answers: a chain of ways to be equal, of which one is enough.

It is lax on purpose of its authors: numbers agree within 1 in 10,000, and a hundredth or a hundred times the gold counts
too. What needs algebra goes through a function that the caller gives: in the calling process that is `undecided`, in a
worker `symbolic.equal`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from math import isclose

from lemma_steps.answers.qwen.extract import CHOICES, choice_letter

Symbolic = Callable[[str, str], bool | None]
"""Whether two answers are equal by algebra, prediction first; None means: not decided here."""

TOLERANCE = 1e-4
_GROUP = re.compile(r"[(\[].+[)\]]")
_MATRIX = re.compile(r"\\begin\{[pb]matrix\}.*\\end\{[pb]matrix\}", re.DOTALL)
_HEAD, _TAIL = len(r"\begin{pmatrix}"), len(r"\end{pmatrix}")


def undecided(prediction: str, gold: str) -> bool | None:
    """The algebra of a process that has none."""
    return None


def number(text: str) -> float | None:
    r"""The number that `text` writes, without its commas and with `%` or `\%` as a hundredth."""
    text = text.replace(",", "")
    with suppress(ValueError):
        return float(text)
    if text.endswith("%"):
        with suppress(ValueError):
            return float(text[:-1].removesuffix("\\")) / 100
    return None


def close(one: float, two: float) -> bool:
    """Whether two numbers differ by at most 1 in 10,000 of the larger one."""
    return isclose(one, two, rel_tol=TOLERANCE)


def _all(outcomes: Iterable[bool | None]) -> bool | None:
    found = list(outcomes)
    return False if False in found else None if None in found else True


def _pairwise(predicted: list[str], wanted: list[str], symbolic: Symbolic) -> bool | None:
    if len(predicted) != len(wanted):
        return False
    return _all(equal(one, two, symbolic) for one, two in zip(predicted, wanted, strict=True))


def _braced_lists(text: str) -> str:
    r"""The lists in braces of `text` as one-column matrices, `{1,2}` as `\begin{pmatrix}1\2\end{pmatrix}`."""
    lists = (found.strip("{}").replace(",", "\\") for found in re.findall(r"\{.*,.*\}", text.strip()))
    return ", ".join(f"\\begin{{pmatrix}}{items}\\end{{pmatrix}}" for items in lists)


def _bare(text: str, unwrap: bool) -> str:
    text = text.strip("[]()") if unwrap else text
    return re.sub(r"[{}()]", "", text).lower()


def _same_but_for_brackets(prediction: str, gold: str) -> bool:
    square = prediction.startswith("[") and prediction.endswith("]") and not gold.startswith("(")
    round_ = prediction.startswith("(") and prediction.endswith(")") and not gold.startswith("[")
    return _bare(prediction, square or round_) == _bare(gold, square or round_)


def _rows(matrix: str) -> list[list[str]]:
    lines = (line.strip() for line in matrix[_HEAD:-_TAIL].split("\\\\"))
    return [line.split("&") for line in lines if line]


def _matrices(prediction: str, gold: str, symbolic: Symbolic) -> bool | None:
    one, two = _rows(prediction), _rows(gold)
    if len(one) != len(two):
        return False
    return _all(_pairwise(row, other, symbolic) for row, other in zip(one, two, strict=True))


def _equations(prediction: str, gold: str, symbolic: Symbolic) -> Iterator[bool | None]:
    """Two equations as differences of their sides; a name of at most two characters against a bare value."""
    sides, others = [side.strip() for side in prediction.split("=")], [side.strip() for side in gold.split("=")]
    match len(sides), len(others):
        case 2, 2:
            one, two = f"{sides[0]} - ({sides[1]})", f"{others[0]} - ({others[1]})"
            yield symbolic(one, two)
            yield symbolic(f"-({one})", two)
        case 2, 1 if len(sides[0]) <= 2:
            yield equal(prediction.split("=")[1], gold, symbolic)
        case 1, 2 if len(others[0]) <= 2:
            yield equal(prediction, gold.split("=")[1], symbolic)


def _ways(prediction: str, gold: str, symbolic: Symbolic) -> Iterator[bool | None]:
    if "pmatrix" in prediction and "pmatrix" not in gold:
        gold = _braced_lists(gold)
    yield _same_but_for_brackets(prediction, gold)
    if _GROUP.match(prediction) and _GROUP.match(gold):
        yield _pairwise(prediction[1:-1].split(","), gold[1:-1].split(","), symbolic)
    if _MATRIX.fullmatch(prediction) and _MATRIX.fullmatch(gold):
        yield _matrices(prediction, gold, symbolic)
    yield from _equations(prediction, gold, symbolic)
    yield symbolic(prediction, gold)


def equal(prediction: str, gold: str, symbolic: Symbolic = undecided) -> bool | None:
    """Whether `prediction` equals `gold`; None where that takes algebra and `symbolic` has none."""
    if prediction.strip().lower() == gold.strip().lower():
        return True
    if gold in CHOICES and choice_letter(prediction) == gold:
        return True
    said, wanted = number(prediction), number(gold)
    if said is not None and wanted is not None:
        return any(close(said, value) for value in (wanted / 100, wanted, wanted * 100))
    if not prediction:
        return False
    doubtful = False
    for outcome in _ways(prediction.strip(), gold.strip(), symbolic):
        if outcome:
            return True
        doubtful = doubtful or outcome is None
    return None if doubtful else False
