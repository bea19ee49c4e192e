r"""LaTeX that sympy's own parser does not read: matrices, lists, ratios, spacing.

The published code ends with an old latex2sympy of its own, generated for one antlr version and not on the package index.
`latex2sympy2_extended`, its successor, stands in: same rules for expressions, but more of them, more signs, and a start
rule that wants the whole text. The old start rule is a relation or a list of relations without an end of text: it takes
what it can and leaves the rest unread, which counts only where the rules got stuck before they were complete.
So `_Old` starts the successor's rules by hand, and `_Lexer` gives them no sign that the old grammar has not.
"""

from __future__ import annotations

import re
from typing import Any

import sympy
from antlr4 import CommonTokenStream, InputStream, Token
from latex2sympy2_extended import latex2sympy2 as successor
from latex2sympy2_extended.antlr_parser import PSLexer, PSParser

from lemma_steps.answers.brackets import matching_brace

_AS_WRITTEN = successor.ConversionConfig(
    interpret_as_mixed_fractions=False, interpret_contains_as_eq=False, lowercase_symbols=False
)
_SPACES = re.compile(r"\\displaystyle|\\q?quad|~|\\,|\$")
_PERMUTATIONS = re.compile(r"\(([a-zA-Z0-9+\-*/\\ ]+?)\)_{([a-zA-Z0-9+\-*/\\ ]+?)}")
_NUMBERS = re.compile(r"\d*(?:,\d{3})*\.\d+|\d+(?:,\d{3})*")
_ACCENTS = re.compile(
    r"\\(?:acute|bar|overline|breve|(?:wide)?check|d?dot|grave|hat|(?:wide)?tilde|vec|overrightarrow|bm|boldsymbol|text(?:it)?"
    r"|math(?:bb|bin|bf|cal|clap|close|ellipsis|frak|inner|it|normal|op|open|ord|punct|rel|ring|rlap|rm|scr|sf|sterling|tt))\s*\{"
)
_UNKNOWN_NAMES = (
    "L_PAREN_VISUAL R_PAREN_VISUAL PHANTOM_CMD BOXED_CMD L_ANGLE R_ANGLE CMD_ARRAY_START CMD_ARRAY_END APPROX UNION "
    "INTERSECTION SET_MINUS PLUS_MINUS SUPSET SUBSET NOTIN"
)
_UNKNOWN = frozenset(getattr(PSLexer, name) for name in _UNKNOWN_NAMES.split())
_UNKNOWN_SPELLINGS = re.compile(
    r"\^\{?(\\circ|\\degree|°).*|\\(cfrac|lt|gt)|.*(?<!\\)%|\\\{\\\}|\\lbrace\\rbrace|[^\0-\x7f]+"
)
_OTHER_KIND = {r"\pi": PSLexer.SYMBOL, r"\emptyset": PSLexer.OTHER_SYMBOL_CMD} | dict.fromkeys(
    (r"\gamma", r"\Gamma"), PSLexer.GREEK_CMD
)
_STOP = PSLexer.NOTIN
"""A kind of token that no rule for relations takes."""
_CLOSING = {
    PSLexer.L_BRACKET: PSLexer.R_BRACKET,
    PSLexer.L_BRACE: PSLexer.R_BRACE,
    PSLexer.L_BRACE_VISUAL: PSLexer.R_BRACE_VISUAL,
}
_SEPARATORS = {PSLexer.COMMA, PSLexer.SEMICOLON}
_RELATIONS = {
    "LT": sympy.StrictLessThan,
    "LTE": sympy.LessThan,
    "GT": sympy.StrictGreaterThan,
    "GTE": sympy.GreaterThan,
    "EQUAL": sympy.Eq,
    "UNEQUAL": sympy.Ne,
}


class _Lexer(PSLexer):
    """The successor's tokens as the old grammar has them; an error where it has none."""

    _last = None

    def skip(self) -> None:
        if self.text.strip():
            raise ValueError(f"unknown space {self.text}")
        super().skip()

    def nextToken(self) -> Any:
        token = super().nextToken()
        accent = token.type == self.ACCENT and not token.text.startswith("\\bar{")
        if accent or token.type in _UNKNOWN or _UNKNOWN_SPELLINGS.fullmatch(token.text):
            raise ValueError(f"unknown sign {token.text}")
        subscript_of_a_number = token.type == self.UNDERSCORE and self._last == self.NUMBER
        stuck = subscript_of_a_number or token.type == self.E_NOTATION_E
        token.type = self._last = _STOP if stuck else _OTHER_KIND.get(token.text.strip(), token.type)
        return token


class _Old(successor._Latex2Sympy):
    """The successor with the old start rule and the old meaning of numbers, equations and neighbours."""

    _after_differential = False

    def create_parser(self, latex_str: str) -> Any:
        listener = self.MathErrorListener(latex_str)
        lexer = _Lexer(InputStream(latex_str))
        parser = PSParser(CommonTokenStream(lexer))
        for recogniser in (lexer, parser):
            recogniser.removeErrorListeners()
            recogniser.addErrorListener(listener)
        return parser

    def parse(self, latex_str: str) -> Any:
        text = self._prepared(latex_str)
        parser = self.create_parser(text)
        opening = parser.getCurrentToken().type
        try:
            found = self._relations(parser)
        except Exception:
            if opening not in _CLOSING:
                raise
            parser = self.create_parser(text)
            parser.getTokenStream().consume()
            found = self._relations(parser)
            if len(found) == 1 or parser.getCurrentToken().type != _CLOSING[opening]:
                raise
            parser.getTokenStream().consume()
        values = [self.convert_relation(relation) for relation in found]
        return values if len(values) > 1 else values[0]

    def _relations(self, parser: Any) -> list[Any]:
        """As many relations as follow one another with the same separator.

        The old start rule looks ahead to tell one relation from a list. Where a sign past the end was looked at, it
        found one that could go on and did not: an error. In a list such a sign only ends the list.
        """
        found = [parser.relation()]
        separator, seen = parser.getCurrentToken().type, parser.getTokenStream()
        if separator not in _SEPARATORS and seen.index < len(seen.tokens) - 1:
            raise ValueError("broken off")
        while separator in _SEPARATORS and parser.getCurrentToken().type == separator:
            parser.getTokenStream().consume()
            found.append(parser.relation())
        return found

    def _prepared(self, text: str) -> str:
        """Spellings that the two lexers cut differently: thousands, `<=`, accents."""
        text = _NUMBERS.sub(lambda found: found[0].replace(",", "") + " " * ("," in found[0]), text)
        text = re.sub(r"([<>])=(?!>)", r"\1 =", text)
        done = ""
        while accent := _ACCENTS.search(text):
            end = matching_brace(text, accent.end() - 1)
            done += text[: accent.start()] + self._accent(accent[0], text[accent.end() : end] if end else "")
            text = text[end + 1 if end else accent.end() :]
        return done + text

    def _accent(self, command: str, content: str) -> str:
        """One token that stands for an accent over an expression; what is no expression stops every rule."""
        try:
            parser = self.create_parser(self._prepared(content))
            parser.expr()
            whole = parser.getCurrentToken().type == Token.EOF
        except Exception:
            whole = False
        name = (command + "".join(content.split())).encode().hex()
        return f"\\bar{{{name}}}" if whole else r"\frac)"

    def parse_number(self, text: str) -> Any:
        return sympy.Rational(text)

    def convert_atom(self, atom: Any) -> Any:
        self._after_differential = self._after_differential or bool(atom.DIFFERENTIAL())
        return sympy.pi if atom.getText() == r"\pi" else super().convert_atom(atom)

    def convert_atom_expr(self, atom_expr: Any) -> Any:
        """A letter. The old code reads none after a differential: it overwrites its table of known letters."""
        if self._after_differential:
            raise TypeError("a letter after a differential")
        return super().convert_atom_expr(atom_expr).xreplace({sympy.EulerGamma: sympy.Symbol("gamma")})

    def convert_frac(self, frac: Any) -> Any:
        value = super().convert_frac(frac)
        return self._ratio(*map(self.convert_expr, frac.expr())) if isinstance(value, sympy.Rational) else value

    def convert_mp(self, mp: Any) -> Any:
        value = super().convert_mp(mp)
        sides = mp.mp() if hasattr(mp, "mp") else mp.mp_nofunc()
        is_ratio = isinstance(value, sympy.Rational) and (mp.DIV() or mp.CMD_DIV() or mp.COLON())
        return self._ratio(*map(self.convert_mp, sides)) if is_ratio else value

    def _ratio(self, upper: Any, lower: Any) -> Any:
        """As written: in a list, two thirds and four sixths differ."""
        return sympy.Mul(upper, sympy.Pow(lower, -1, evaluate=False), evaluate=False)

    def convert_postfix_list(self, arr: list[Any], i: int = 0) -> Any:
        """Neighbours are factors, never a mixed fraction."""
        first = self.convert_postfix(arr[i])
        if i == len(arr) - 1 or not isinstance(first, sympy.Expr | sympy.MatrixBase):
            return first
        rest = self.convert_postfix_list(arr, i + 1)
        return (self.mat_mul_flat if first.is_Matrix or rest.is_Matrix else self.mul_flat)(first, rest)

    def convert_relation(self, rel: Any) -> Any:
        if rel.expr():
            return self.convert_expr(rel.expr())
        left, right = (self.convert_relation(side) for side in rel.relation())
        if rel.ASSIGNMENT():
            return right if left.is_Symbol else self._solved(left, right)
        relation = next(made for name, made in _RELATIONS.items() if getattr(rel, name)())
        return relation(left, right, evaluate=False)

    def _solved(self, left: Any, right: Any) -> Any:
        difference = left - right
        names = difference.atoms(sympy.Symbol)
        solutions = [sympy.Eq(name, value, evaluate=False) for name in names for value in sympy.solve(difference, name)]
        return solutions if names else sympy.Eq(left, right, evaluate=False)


def parse(text: str) -> Any:
    """The expression, matrix or relation that `text` begins with; a list of them where it begins with a list.

    Raises:
        Exception: of any kind, where it does not parse.
    """
    text = text.replace(r"\mathrm{T}", "T").replace(r"\mathrm{d}", "d").replace(r"{\rm d}", "d")
    text = _SPACES.sub(" ", _PERMUTATIONS.sub(r"\\frac{(\1)!}{((\1)-(\2))!}", text))
    return _Old(config=_AS_WRITTEN).parse(text)
