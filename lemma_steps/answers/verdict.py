"""The four values of an answer check."""

from __future__ import annotations

from enum import StrEnum


class Verdict(StrEnum):
    """What a check can say. Only the first two are statements about the answer and may filter without a trace."""

    RIGHT = "right"
    WRONG = "wrong"
    UNPARSED = "unparsed"
    """No answer was found, it cannot be read, or its size is out of bounds (`bounds.py`)."""
    TIMED_OUT = "timed_out"
    """The comparison was killed at its time limit."""
