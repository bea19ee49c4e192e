"""What several makers draw from."""

from __future__ import annotations

import random
from collections.abc import Iterable
from typing import TypeVar

T = TypeVar("T")


def shuffled(items: Iterable[T], rng: random.Random) -> list[T]:
    """The items in an order drawn by `rng`."""
    order = list(items)
    rng.shuffle(order)
    return order


def swapped_digits(text: str) -> list[str]:
    """A plain numeral with two different neighbouring digits swapped, in every way that leaves no leading zero."""
    digits = text.replace(",", "")
    if not digits.replace(".", "", 1).isdigit():
        return []
    swaps = (digits[:k] + digits[k + 1] + digits[k] + digits[k + 2 :] for k in range(len(digits) - 1))
    return [s for s in swaps if s != digits and not s.startswith(("0", ".")) and "." not in s[-1:]]
