"""The rules that tell a changed operator, formula or concept apart; makers and diagnosis share them.

They are the sentences of `recomputable` in the taxonomy, as code.
"""

from __future__ import annotations

import re
from fractions import Fraction

from lemma_steps.llms.offline.worked import Chain, Worked

Signature = tuple[tuple[Fraction, ...], tuple[str, ...]]

_COMPARES = re.compile(r"\b(?:times|twice|thrice|double|triple|half|more|less|fewer|than|each|per|every|apiece)\b")
_RATE = re.compile(r"\b(?:speed|mph|(?:per|an?|each|every) (?:second|minute|hour|day|week|month|year))\b")
_RECTANGLE = re.compile(r"\b(?:areas?|perimeters?|fences?|fencing|borders?)\b")
_TRIANGLE = re.compile(r"\btriang(?:le|les|ular)\b")
_OPPOSITE = {"+-", "-+", "*/", "/*"}
_CONFUSED = {"+*", "*+", "-/", "/-"}


def swap_type(worked: Worked, chain: Chain, index: int, symbol: str) -> str | None:
    """The type of an error that writes `symbol` for operator number `index` of the chain's left side."""
    old = chain.left.operators[index].symbol
    pair = old + symbol
    if pair in _CONFUSED:
        return "CC" if _COMPARES.search(worked.asked) else None
    if pair not in _OPPOSITE:
        return None
    numbers = chain.left.numbers
    by_percentage = len(numbers) > index + 1 and any(map(worked.is_percentage, numbers[index : index + 2]))
    if old in "*/" and (_RATE.search(worked.asked) or (pair == "*/" and by_percentage)):
        return "FC"
    return "OP"


def rectangle(signature: Signature) -> tuple[str, Fraction, Fraction] | None:
    """Whether a left side is a rectangle's `area` or `perimeter`, and the two sides."""
    numbers, operators = signature
    match numbers, "".join(operators):
        case (a, b), "*":
            return "area", a, b
        case (two, a, b), "*+" if two == 2:
            return "perimeter", a, b
        case (two, a, again, b), "*+*" if two == again == 2:
            return "perimeter", a, b
        case (a, b, c, d), "+++" if (a, b) == (c, d) or (a, c) == (b, d):
            return "perimeter", a, d
    return None


def speaks_of_rectangle(worked: Worked) -> bool:
    """Does the question name an area or what runs around one?"""
    return bool(_RECTANGLE.search(worked.asked))


def speaks_of_triangle(worked: Worked) -> bool:
    """Does the question name a triangle?"""
    return bool(_TRIANGLE.search(worked.asked))


def halves(numbers: tuple[Fraction, ...]) -> list[tuple[Fraction, ...]]:
    """The numbers of a product with a factor 1/2 (also written 1, 2 or 0.5) or a divisor 2 left out."""
    found = [numbers[:k] + numbers[k + 2 :] for k in range(len(numbers) - 1) if numbers[k : k + 2] == (1, 2)]
    return found + [numbers[:k] + numbers[k + 1 :] for k, n in enumerate(numbers) if n in (2, Fraction(1, 2))]
