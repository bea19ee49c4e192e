"""What an audit takes and gives."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a trajectory must not be trained on: a reason code, and the evidence in words."""

    code: str
    detail: str


@dataclass(frozen=True, slots=True)
class Limits:
    """What the audits need to know of the run."""

    max_tokens: int = 4096
    """Longest `output`, in estimated tokens (the published training cuts at 4096)."""
    truncated: bool = True
    """False under the ablation "truncation": the prefix is the whole wrong solution."""


Audit = Callable[[Row, Limits], Failure | None]


def excerpt(text: str, begin: int, end: int, around: int = 20) -> str:
    """The text around `[begin, end)`, escaped so that control characters show."""
    return ascii(text[max(0, begin - around) : end + around])
