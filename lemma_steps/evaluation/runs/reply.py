"""One logged reply of a model."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Reply:
    """A reply, and what is needed to check it.

    Attributes:
        row: the problem's id within its task.
        gold: the right answer.
        text: the reply, cut at the stop strings.
        length_cut: whether it reached the token limit, as the run logged it; of several replies to a row, the share that
            did. None where that was not measured.
    """

    row: str
    gold: str
    text: str
    length_cut: float | None = None
