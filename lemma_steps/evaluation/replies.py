"""Where a reply ends."""

from __future__ import annotations

from collections.abc import Iterable


def cut(reply: str, stops: Iterable[str]) -> str:
    """`reply` up to its first stop string.

    Backends differ: some return the stop string, some take four of them at most. So it is done here once more.
    """
    ends = [at for stop in stops if (at := reply.find(stop)) >= 0]
    return reply[: min(ends)] if ends else reply
