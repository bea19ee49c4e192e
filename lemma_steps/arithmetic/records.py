"""What the arithmetic layer finds in a text. All offsets are character offsets `[begin, end)` into that text."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

Verdict = Literal["right", "wrong", "unchecked"]
Relation = Literal["=", "≈"]


@dataclass(frozen=True, slots=True)
class Number:
    """One numeral. `value` of "20%" is 1/5; `unit` is "$", "%", or the word that follows ("" where none does)."""

    begin: int
    end: int
    text: str
    value: Fraction
    unit: str = ""
    decimals: int = 0


@dataclass(frozen=True, slots=True)
class Operator:
    """One written operator; `symbol` is one of `+ - * / ^` whatever its dress (`\\frac` counts as `/`)."""

    begin: int
    end: int
    symbol: str


@dataclass(frozen=True, slots=True)
class Expression:
    """One side of an equation, units included. `value` is None where it cannot be computed exactly."""

    begin: int
    end: int
    text: str
    value: Fraction | None
    numbers: tuple[Number, ...] = ()
    operators: tuple[Operator, ...] = ()


@dataclass(frozen=True, slots=True)
class Equation:
    """`left relation right`; `text[begin:end]` is the whole of it.

    `reason` is None for "right" and "wrong", else says why no verdict is given (see `judge.REASONS`).
    Equations of one chain `a = b = c` share `chain`: (a, b) and (b, c) come one after the other.
    """

    begin: int
    end: int
    left: Expression
    right: Expression
    relation: Relation
    verdict: Verdict
    reason: str | None
    chain: int
