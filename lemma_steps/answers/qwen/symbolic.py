"""The published comparison by algebra. Imported in workers only: it loads sympy, and nothing here is bounded in time.

Three parsers are tried, each on the text with double backslashes made single and then on the text as it is: sympy's of
LaTeX, sympy's of Python-like expressions (`expression.py`), and latex2sympy (`latex.py`). A text that none reads stays a
string. An error of any kind means "not equal in this way", as published.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import sympy
from sympy.parsing.latex import parse_latex

from lemma_steps.answers.qwen import expression, latex
from lemma_steps.answers.qwen.equal import close


def _read(text: str) -> Any:
    for parser in (parse_latex, expression.parse, latex.parse):
        for spelled in dict.fromkeys((text.replace("\\\\", "\\"), text)):
            with suppress(Exception):
                return parser(spelled)
    return text


def _expression(value: Any, *, exact: bool) -> Any:
    """sympy takes a string where it expects an expression, and evaluates it; here such a string is read with care."""
    return expression.parse(value, lenient=exact) if isinstance(value, str) else value


def _same(a: Any, b: Any) -> bool:
    return bool(str(a) == str(b) or a == b)


def _same_value(a: Any, b: Any) -> bool:
    return bool(a.equals(_expression(b, exact=False)) or sympy.simplify(a - b) == 0)


def _same_equation(a: Any, b: Any) -> bool:
    return bool(abs(a.lhs - a.rhs).equals(abs(b.lhs - b.rhs)))


def _close(a: Any, b: Any) -> bool:
    one, two = (float(sympy.N(_expression(value, exact=True))) for value in (a, b))
    return close(one, two)


def _same_matrix(a: Any, b: Any) -> bool:
    if a.shape != b.shape:
        return False
    one, two = (matrix.applyfunc(lambda entry: round(entry, 3)) for matrix in (a, b))
    return bool(one.equals(two))


_WAYS: list[Callable[[Any, Any], bool]] = [_same, _same_value, _same_equation, _close, _same_matrix]


def equal(prediction: str, gold: str) -> bool:
    """Whether two texts are equal by algebra."""
    a, b = _read(prediction), _read(gold)

    def outcomes() -> Iterator[bool]:
        for way in _WAYS:
            with suppress(Exception):
                yield way(a, b)

    return any(outcomes())
