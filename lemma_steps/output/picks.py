"""Rows drawn from a stream by the hash of their ids: random, and the same whatever the order or the parts."""

from __future__ import annotations

from hashlib import blake2b
from heapq import heappush, heapreplace
from typing import Generic, TypeVar

T = TypeVar("T")


def rank(key: str) -> int:
    """A number as if drawn, which follows from the key alone."""
    return int.from_bytes(blake2b(key.encode("utf-8", "replace"), digest_size=8, person=b"lemma").digest(), "big")


class Picks(Generic[T]):
    """The `size` items of smallest rank among all that were offered; of equal ranks the one that came first.

    Args:
        size: how many are kept at most.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._heap: list[tuple[int, int, T]] = []  # largest rank first; the number keeps items from being compared
        self._offered = 0

    def takes(self, ranked: int) -> bool:
        """Whether an item of this rank would be kept, so that nobody need make one in vain."""
        return len(self._heap) < self._size or -ranked > self._heap[0][0]

    def offer(self, ranked: int, item: T) -> None:
        """Keep the item if its rank is among the smallest."""
        if not self.takes(ranked):
            return
        self._offered += 1
        entry = (-ranked, -self._offered, item)
        if len(self._heap) < self._size:
            heappush(self._heap, entry)
        else:
            heapreplace(self._heap, entry)

    def items(self) -> list[T]:
        """What was kept, by rank."""
        return [item for _, _, item in sorted(self._heap, key=lambda entry: (-entry[0], -entry[1]))]
