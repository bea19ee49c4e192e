"""How many different strings there are among many, in bounded memory."""

from __future__ import annotations

from collections.abc import Iterable
from heapq import heappush, heappushpop

from lemma_steps.output.picks import rank

SIZE = 4096


class Distinct:
    """Counts different strings: exactly up to `SIZE`, beyond that from the largest of the `SIZE` smallest hashes.

    If the k-th smallest of n hashes lies at the share u of their range, n is about (k - 1) / u; the relative standard
    error is 1 / sqrt(k - 2), 1.6 % (Bar-Yossef et al. 2002). The order of the strings is nothing to it.
    """

    def __init__(self) -> None:
        self.total = 0
        self._heap: list[int] = []
        self._kept: set[int] = set()

    def add(self, strings: Iterable[str]) -> None:
        """Count these too."""
        for string in strings:
            self.total += 1
            ranked = rank(string)
            if ranked in self._kept or (len(self._heap) == SIZE and ranked > -self._heap[0]):
                continue
            self._kept.add(ranked)
            if len(self._heap) < SIZE:
                heappush(self._heap, -ranked)
            else:
                self._kept.discard(-heappushpop(self._heap, -ranked))

    @property
    def count(self) -> int:
        """How many different ones there were."""
        if len(self._heap) < SIZE:
            return len(self._heap)
        return round((SIZE - 1) * 2**64 / -self._heap[0])

    @property
    def share(self) -> float | None:
        """Different ones among all; None of nothing."""
        return round(min(1.0, self.count / self.total), 4) if self.total else None
