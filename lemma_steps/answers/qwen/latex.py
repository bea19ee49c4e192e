r"""LaTeX that sympy's own parser does not read: matrices, lists, ratios, spacing.

The published code ends with an old latex2sympy of its own, generated for one antlr version and not on the package index.
`latex2sympy2_extended`, its successor, stands in. It reads more (intervals, sets, units, boxes), and each of those
would call answers equal that the published code does not, so they count as not readable here.
"""

from __future__ import annotations

import re
from typing import Any

import sympy
from latex2sympy2_extended.latex2sympy2 import ConversionConfig, latex2sympy

from lemma_steps.answers.brackets import enclosing, split_top

_AS_WRITTEN = ConversionConfig(
    interpret_as_mixed_fractions=False, interpret_contains_as_eq=False, lowercase_symbols=False
)
_SPACES = re.compile(r"\\displaystyle|\\q?quad|~|\\,|\$")
_PERMUTATIONS = re.compile(r"\(([a-zA-Z0-9+\-*/\\ ]+?)\)_{([a-zA-Z0-9+\-*/\\ ]+?)}")
_LISTS = {("[", "]"), ("{", "}"), ("\\{", "\\}")}


def _expression(text: str) -> Any:
    value = latex2sympy(text, normalization_config=None, conversion_config=_AS_WRITTEN)
    if not isinstance(value, sympy.Expr | sympy.MatrixBase | sympy.core.relational.Relational):
        raise ValueError("read by the successor only")
    return value.xreplace({decimal: sympy.Rational(str(decimal)) for decimal in value.atoms(sympy.Float)})


def parse(text: str) -> Any:
    """The expression, matrix or relation that `text` writes; a list of them where it lists several.

    Raises:
        Exception: of any kind, where it does not parse.
    """
    text = text.replace(r"\mathrm{T}", "T").replace(r"\mathrm{d}", "d").replace(r"{\rm d}", "d")
    text = _SPACES.sub(" ", _PERMUTATIONS.sub(r"\\frac{(\1)!}{((\1)-(\2))!}", text))
    content = text[len(ends[0]) : -len(ends[1])] if (ends := enclosing(text)) in _LISTS and ends else text
    for separator in ",;":
        if len(parts := split_top(content, frozenset(separator))) > 1:
            return [_expression(part) for part in parts]
    return _expression(text)
