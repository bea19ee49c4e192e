"""Which step of a solution is arithmetically false."""

from __future__ import annotations

from collections.abc import Iterable

from .equations import find_equations


def first_false_step(steps: Iterable[str]) -> int | None:
    """The 1-based number of the first step that holds a false equation; None where no step holds one.

    Every step is read alone. A step without a false equation may still be wrong: most wrong steps compute rightly what
    they should not compute.
    """
    numbered = enumerate(steps, 1)
    return next((number for number, step in numbered if any(e.verdict == "wrong" for e in find_equations(step))), None)
