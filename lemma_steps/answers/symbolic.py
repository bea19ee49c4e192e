"""Scalars that need algebra. Imported in workers only: it loads sympy, and nothing here is bounded in time."""

from __future__ import annotations

import re
from fractions import Fraction
from functools import lru_cache
from typing import Any

import sympy
from latex2sympy2_extended.latex2sympy2 import ConversionConfig, latex2sympy
from math_verify import grader

from lemma_steps.answers.compare import quick
from lemma_steps.answers.dress import key
from lemma_steps.answers.quantity import Quantity, Unit, find_unit, is_rounding, parse_quantity
from lemma_steps.answers.verdict import Verdict

_PRECISION = 40
_TOLERANCE = sympy.Float("1e-25", _PRECISION)
_POINTS = ("0.7310585786", "1.6180339887", "-0.5772156649", "2.2360679775", "-1.3247179572")
_TRAILING = re.compile(r'(?:"[^"]*"(?:\^\{?[23]\}?)?|°|%|(?<=[\s}\d])[A-Za-z]{2,}(?:\^\{?[23]\}?)?)\s*$')
_COMPLEX = re.compile(r"(?<![A-Za-z\\])i(?![A-Za-z])|\\(?:imath|Re|Im|det|arg)(?![A-Za-z])|matrix")
_TRIGONOMETRIC = re.compile(r"\\(?:sin|cos|tan|sec|csc|cot)(?![A-Za-z])")
_CASE = re.compile(r"(?<![\\A-Za-z])[A-Z](?![A-Za-z])")


@lru_cache(maxsize=256)
def parse(latex: str) -> Any:
    """The sympy object of dressed LaTeX, or None. No unit is stripped here: `2a + h` keeps its h."""
    plain = re.sub(r'\s*"([^"]*)"\s*', r" \\text{\1} ", latex) if '"' in latex else latex
    if _TRIGONOMETRIC.search(plain):
        plain = re.sub(r"(\d+(?:\.\d+)?)\s*°", r"{(\1\\frac{\\pi}{180})}", plain)
    plain = re.sub(r"(?<![\\\w])(\d+)\s*\\frac\{(\d+)\}\{(\d+)\}", r"(\1+\\frac{\2}{\3})", plain)
    try:
        parsed = latex2sympy(
            plain.replace("°", ""),
            is_real=not _COMPLEX.search(latex),
            convert_degrees=False,
            normalization_config=None,
            conversion_config=ConversionConfig(lowercase_symbols=False),
        )
    except Exception:  # the parser raises bare Exception, and its lexer and recursion errors of their own
        return None
    if parsed in (None, sympy.nan, sympy.zoo):
        return None
    return parsed.xreplace({s: sympy.I for s in parsed.free_symbols if s.name in {"i", "imath"}})


def _split_unit(text: str) -> tuple[str, Unit | None]:
    """A scalar and the unit after it: `2\\sqrt{3} "cm"`."""
    match = None if _TRIGONOMETRIC.search(text) else _TRAILING.search(text)
    unit = find_unit(match.group()) if match and match.start() else None
    return (text[: match.start()].rstrip(' "*'), unit) if match and unit else (text, None)


def _is_zero(value: Any, scale: Any) -> bool | None:
    value = sympy.N(value, _PRECISION, chop=False)
    if not value.is_number or value.has(sympy.nan, sympy.zoo, sympy.oo):
        return None
    return bool(abs(value) <= _TOLERANCE * max(1, abs(sympy.N(scale, 15))))


def _equal_everywhere(a: Any, b: Any) -> bool | None:
    """Equality of two expressions at fixed points; a point where either is not real does not count. None: none does."""
    symbols = sorted(a.free_symbols | b.free_symbols, key=str)
    outcomes = []
    for shift in range(len(_POINTS)):
        at = {s: sympy.Rational(_POINTS[(i + shift) % len(_POINTS)]) + i for i, s in enumerate(symbols)}
        one, two = sympy.N(a.subs(at), _PRECISION), sympy.N(b.subs(at), _PRECISION)
        if not (one.is_number and two.is_number):
            return None
        if (one.is_real and two.is_real) or a.has(sympy.I) or b.has(sympy.I):
            outcomes.append(_is_zero(one - two, one))
    decided = [outcome for outcome in outcomes if outcome is not None]
    return all(decided) if decided else None


def _numbers_equal(a: Any, b: Any, gold: Quantity | None, prediction: Quantity | None) -> bool:
    if a.is_Rational and b.is_Rational and not (a and b):
        return bool(a == b)  # nothing is close to zero
    if _is_zero(a - b, a):
        return True
    for written, exact in ((prediction, a), (gold, b)):
        value = sympy.N(exact, _PRECISION)
        if written is not None and value.is_real and is_rounding(Fraction(str(value)), written):
            return True
    return False


def _expressions_equal(a: Any, b: Any) -> bool:
    if a == b:
        return True
    if isinstance(a, sympy.Symbol) and isinstance(b, sympy.Symbol):
        return a.name == b.name
    if (probed := _equal_everywhere(a, b)) is not None:
        return probed
    return sympy.simplify(a - b) == 0


def _structures_equal(a: Any, b: Any) -> bool:
    """Sets, relations and matrices, as math-verify compares them; but it calls equations without real solutions equal."""
    if isinstance(a, sympy.Eq) and isinstance(b, sympy.Eq):
        if a.free_symbols != b.free_symbols:
            return False
        one, two = (sympy.expand(side.lhs - side.rhs) for side in (a, b))
        if all(side.is_polynomial(*a.free_symbols) for side in (one, two)):
            ratio = sympy.cancel(one / two)
            return bool(ratio.is_number and ratio.is_finite and ratio)
    return bool(grader.verify(a, b, timeout_seconds=None, allow_set_relation_comp=True))


def _in_radians(text: str, unit: Unit | None, other: str) -> str:
    """An angle in degrees as radians, where the other side is a multiple of pi."""
    degrees = unit is not None and unit.dimension == "angle" and "\\pi" in other
    return f"({text})*\\frac{{\\pi}}{{180}}" if degrees else text


def scalar(gold: str, prediction: str) -> Verdict:
    """The verdict on two dressed scalars, or on composites that only algebra can compare (unions, relations)."""
    if (verdict := quick(gold, prediction)) is not None:
        return verdict
    (one, unit), (two, other) = _split_unit(gold), _split_unit(prediction)
    if unit and other and unit.dimension and other.dimension and unit != other:
        if unit.dimension != other.dimension:
            return Verdict.WRONG
        one, two = f"({one})*{_latex(unit.size)}", f"({two})*{_latex(other.size)}"
    one, two = _in_radians(one, unit, two), _in_radians(two, other, one)
    if key(one) == key(two):
        return Verdict.RIGHT
    if ("=" in one) != ("=" in two):
        return Verdict.WRONG
    a, b = parse(one), parse(two)
    if a is None or b is None:
        return Verdict.UNPARSED
    try:
        return Verdict.RIGHT if _equal(a, b, parse_quantity(one), parse_quantity(two)) else Verdict.WRONG
    except (TypeError, ValueError, AttributeError, NotImplementedError, ArithmeticError):
        return Verdict.RIGHT if _structures_equal(a, b) else Verdict.WRONG


def _latex(size: Fraction) -> str:
    return f"\\frac{{{size.numerator}}}{{{size.denominator}}}"


def _equal(a: Any, b: Any, gold: Quantity | None, prediction: Quantity | None) -> bool:
    if not (isinstance(a, sympy.Expr) and isinstance(b, sympy.Expr)):
        return _structures_equal(a, b)
    a, b = a.doit(), b.doit()
    if not a.free_symbols and not b.free_symbols:
        return _numbers_equal(a, b, gold, prediction)
    return _expressions_equal(a, b)
