"""Python-like expressions, read by sympy without what makes its parser dangerous.

`sympy.parse_expr` evaluates its text as Python, with every builtin function in reach. Here no text gets to it that has
a string, an attribute, a keyword other than `and`, `or` and `not`, or an operator outside arithmetic; every name stands
for a constant, for one of a few functions, or becomes a symbol; and there are no builtins. Cost is bounded by the
process (`worker.py`).
"""

from __future__ import annotations

import keyword
import re
import tokenize
from io import StringIO
from typing import Any

import sympy
from sympy.parsing import sympy_parser as parser

_NAMES = """
E I pi oo zoo nan GoldenRatio EulerGamma
sqrt cbrt root exp log ln sin cos tan sec csc cot asin acos atan asec acsc acot atan2 sinh cosh tanh sech csch coth
asinh acosh atanh Abs sign floor ceiling Max Min factorial factorial2 binomial gcd lcm re im arg conjugate
Symbol Function Integer Float Rational
"""
_GLOBALS: dict[str, Any] = {name: getattr(sympy, name) for name in _NAMES.split()} | {
    "abs": abs,
    "max": max,
    "min": min,
}
_OPERATORS = frozenset([*"+-*/%^()[]{},!<>|&~", "**", "//", "<<", ">>", "<=", ">=", "==", "!="])
_KINDS = {
    tokenize.NAME,
    tokenize.NUMBER,
    tokenize.OP,
    tokenize.ERRORTOKEN,
    tokenize.COMMENT,
    tokenize.NEWLINE,
    tokenize.NL,
    tokenize.ENDMARKER,
}
_CHOOSING = {"and", "or", "not"}
"""Keywords that run nothing: `(1,2)or(1,2)` is its first tuple."""
_QUOTED = re.compile(r"""(["'])([^"'\\]*)\1""")


def _is_safe(text: str) -> bool:
    for token in tokenize.generate_tokens(StringIO(text.strip()).readline):
        word = token.string.strip()
        if token.type not in _KINDS:
            return False
        if token.type == tokenize.NAME:
            if (keyword.iskeyword(word) and word not in _CHOOSING) or "__" in word or word.startswith("_"):
                return False
        elif token.type in {tokenize.OP, tokenize.ERRORTOKEN} and word and word not in _OPERATORS:
            return False
    return True


def parse(text: str, *, lenient: bool = False) -> Any:
    """What `text` means as a Python-like expression; quoted text is itself.

    Args:
        lenient: read as sympy reads a string where it expects an expression: `^` is a power, decimals are exact.

    Raises:
        ValueError: it holds what no arithmetic needs.
        Exception: of any kind, where it does not parse.
    """
    if quoted := _QUOTED.fullmatch(text.strip()):
        return quoted[2]
    if not _is_safe(text):
        raise ValueError("not plain arithmetic")
    extra = (parser.rationalize, parser.convert_xor) if lenient else ()
    names = {**_GLOBALS, "__builtins__": {}}
    return parser.parse_expr(text, transformations=(*parser.standard_transformations, *extra), global_dict=names)
