"""Where a reply ends."""

from __future__ import annotations

from collections.abc import Iterable

END_MARKS = ("</s>", "<|im_end|>", "<|endoftext|>")
"""Ends of a text by the tokenizers of the paper's models, at which its scripts stop too; seldom written out."""


def cut(reply: str, stops: Iterable[str]) -> str:
    """`reply` up to its first stop string or end mark.

    Backends differ: some return the stop string, some take four of them at most. So it is done here once more.
    """
    ends = [at for stop in (*stops, *END_MARKS) if (at := reply.find(stop)) >= 0]
    return reply[: min(ends)] if ends else reply
