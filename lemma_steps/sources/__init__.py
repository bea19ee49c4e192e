"""Where problems come from: bundled, on the Hub, or in a file; and what makes a row of them a problem."""

from __future__ import annotations

from lemma_steps.sources.problem import (
    BadRow,
    Columns,
    find_columns,
    named_columns,
    question_key,
    to_problem,
    to_solution,
)
from lemma_steps.sources.source import Source, registry

__all__ = [
    "BadRow",
    "Columns",
    "Source",
    "find_columns",
    "named_columns",
    "question_key",
    "registry",
    "to_problem",
    "to_solution",
]
