"""How rows are chosen for review."""

from __future__ import annotations

from enum import StrEnum


class Choice(StrEnum):
    """Every row, a random sample that speaks for the set, or the rows that are most in doubt, which do not."""

    all = "all"
    random = "random"
    uncertain = "uncertain"
