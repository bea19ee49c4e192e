"""Finds the checkable arithmetic of a text, plain or LaTeX, and says right, wrong or not checkable, with offsets.

Exact rational arithmetic throughout; nothing is ever passed to `eval` or a computer algebra system; time is linear in
the length of the text and every number is bounded. See `judge` for what counts as equal.
"""

from __future__ import annotations

from .equations import find_equations, find_marks
from .judge import REASONS
from .numbers import find_number_words, find_numbers
from .parse import evaluate
from .records import Equation, Expression, Number, Operator
from .steps import first_false_step

__all__ = [
    "REASONS",
    "Equation",
    "Expression",
    "Number",
    "Operator",
    "evaluate",
    "find_equations",
    "find_marks",
    "find_number_words",
    "find_numbers",
    "first_false_step",
]
