"""What a parse is: how it was read, what was found, what is doubtful about it."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction


@dataclass(frozen=True, slots=True)
class Reading:
    """How to read what people write in two ways."""

    percent: Fraction = Fraction(1, 100)
    """What "%" multiplies by; 1 where a percentage is written without its sign elsewhere."""
    mixed: bool = True
    """ "2\\frac12" is two and a half, not a product."""
    stacked: bool = False
    """ "15 / 1/6" is 15 divided by a sixth."""


PLAIN = Reading()


@dataclass(slots=True)
class Parse:
    """One expression: tokens `[first, last)`, its value (None: not computable), what it holds and what is doubtful."""

    first: int
    last: int
    value: Fraction | None
    core: int = 0
    """Token after the last one that is no trailing unit."""
    numbers: list[int] = field(default_factory=list)
    operators: list[int] = field(default_factory=list)
    units: list[int] = field(default_factory=list)
    percents: int = 0
    mixed: bool = False
    computed: bool = False
    """Something is computed: an operator, "of", an implicit product, a factorial, a root, a binomial."""
    doubt: str | None = None
