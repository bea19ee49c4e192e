"""What a check of an injection comes to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Outcome = Literal["pass", "fail", "not_computable"]


@dataclass(frozen=True, slots=True)
class Finding:
    """`fail` only on evidence, which is in `detail`; `not_computable` where the texts decide neither way, and why."""

    outcome: Outcome
    detail: str = ""


def shown(text: str, longest: int = 80) -> str:
    """The text in quotes for a detail: cut to so many characters, control characters escaped."""
    return repr(text if len(text) <= longest else f"{text[: longest - 1]}…")
