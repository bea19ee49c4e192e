"""Cuts a text into the tokens of arithmetic, plain and LaTeX alike, in one pass of one regular expression."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from fractions import Fraction

MAX_TEXT = 100_000
"""Characters of a text that are looked at; nobody's solution is longer."""
MAX_DIGITS = 40
"""A longer numeral is noise (or an attack), not arithmetic."""

_GROUP = r"(?:,\\!|\{,\}|,|\\,)"
NUMERAL = rf"(?:\d{{1,3}}(?:{_GROUP}\d{{3}})+(?!\d)|\d+)(?:\.\d+)?|\.\d+"
SPELLED = {"plus": "+", "minus": "-", "times": "*", "multiplied by": "*", "divided by": "/"}
_SYMBOL = {"×": "*", "·": "*", "⋅": "*", "∗": "*", "÷": "/", "⁄": "/", "−": "-", "–": "-", "‐": "-"} | {
    r"\times": "*",
    r"\cdot": "*",
    r"\div": "/",
}
_SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789")

_PATTERN = re.compile(
    rf"""
    (?P<UNIT> \\(?:text(?:it|bf|rm)?|math(?:rm|bf|it)|mbox|hbox)\s*\{{[^{{}}\d=]{{0,200}}\}}
              | (?<![A-Za-z])(?:sq|cu|ft|oz|lbs?|yds?|hrs?|mins?|secs?|gal|pt|qt|mi)\.(?=\s*[a-z/*+=-]) )
  | (?P<DEGREE> \^\s*(?:\{{\s*\\circ\s*\}}|\\circ(?![A-Za-z])) | \\circ(?![A-Za-z]) | ° | \\degree(?![A-Za-z]) )
  | (?P<SKIP> [^\S\n]+ | ~ | \\[,;:!>\ ]
              | \\(?:left|right|[bB]igg?[lrm]?|text(?:it|bf|rm)?|math(?:rm|bf|it)|mbox|hbox|boxed|fbox|displaystyle)
                (?![A-Za-z]) )
  | (?P<ROW> \\\\(?:\[[^\]]{{0,20}}\])? | \n )
  | (?P<ELLIPSIS> \.{{3,}} | … | \\[lc]?dots(?:[bcmio])?(?![A-Za-z]) )
  | (?P<REPEAT> \d{{0,20}}\.\d{{0,20}}\\overline\{{\d{{1,20}}\}} )
  | (?P<MIXED> \d{{1,6}}[ ]\d{{1,6}}/\d{{1,6}}(?![\d.]) )
  | (?P<VULGAR> \d{{0,9}}[¼½¾⅐-⅞] )
  | (?P<NUM> {NUMERAL} )
  | (?P<POWER> [⁰¹²³⁴-⁹]+ )
  | (?P<FRAC> \\[dtc]?frac(?![A-Za-z]) )
  | (?P<BINOM> \\[dt]?binom(?![A-Za-z]) )
  | (?P<SQRT> \\sqrt(?![A-Za-z]) | √ )
  | (?P<APPROX> \\approx(?:eq)?(?![A-Za-z]) | ≈ | ≅ | \\simeq(?![A-Za-z]) )
  | (?P<FENCE> \$\$ | \\[()\[\]] )
  | (?P<BREAK> <?[=-]{{1,3}}> | [<>:≠]= | (?<![\w)}}\]])!= | [<>;?"“”•→⇒—≤≥] | --+ | \\q?quad(?![A-Za-z])
              | \\(?:begin|end)\s*\{{[^}}]{{0,20}}\}}
              | \\(?:to|(?:[Ll]ong)?(?:[Rr]ight|[Ll]eft|[Ll]eftright)arrow|implies|iff)(?![A-Za-z])
              | \\(?:leq?|geq?|neq?|lt|gt)(?![A-Za-z]) )
  | (?P<REL> ==? | (?i:\b(?:is\ equal\ to|equals)\b) )
  | (?P<STARS> \*\* )
  | (?P<OP> [-+*/^×·⋅∗÷⁄−–‐] | \\(?:times|cdot|div)(?![A-Za-z])
              | (?i:\b(?:plus|minus|times|multiplied\ by|divided\ by)\b) )
  | (?P<PCT> \\?% | (?i:\bpercent\b) )
  | (?P<DOLLAR> \\?[$] | [€£¥¢] | \bRs\.?(?=\ ?\d) )
  | (?P<LP> [(\[{{] )
  | (?P<RP> [)\]}}] )
  | (?P<BANG> ! )
  | (?P<AMP> & )
  | (?P<WALL> _(?:\{{[^{{}}]{{0,60}}\}}|\w|\\[A-Za-z]+)? | \\[A-Za-z]+ | \\. | [|@'′±∓∑∏∫∞]
              | (?<=\d)[:,](?=\d) | (?<=[\d\w}})])\s:\s )
  | (?P<STOP> [.,:] )
  | (?P<WORD> [^\W\d_]+(?:['’-][^\W\d_]+)* )
  | (?P<OTHER> . )
    """,
    re.VERBOSE | re.DOTALL,
)


@dataclass(slots=True)
class Token:
    """`kind` names what it is, `value` is a numeral's value, an operator's symbol or a word; `end` is exclusive."""

    kind: str
    begin: int
    end: int
    value: Fraction | str | None = None
    decimals: int = 0
    mate: int = -1
    """Index of the matching bracket, -1 where there is none."""
    spelled: bool = False
    """An operator written as a word ("times")."""


def numeral(text: str) -> Fraction | None:
    """The exact value of one numeral such as "1,200.50"; None for "0615" and for what has too many digits."""
    plain = re.sub(_GROUP, "", text)
    clock = len(plain) > 1 and plain[0] == "0" and plain[1] != "."  # "0615" is a time or a code
    return None if clock or len(plain) > MAX_DIGITS else Fraction(plain)


def _number(kind: str, text: str) -> Fraction | None:
    if kind == "NUM":
        return numeral(text)
    if kind == "VULGAR":
        return Fraction(text[:-1] or 0) + Fraction(unicodedata.numeric(text[-1])).limit_denominator(10)
    if kind == "MIXED":
        whole, over, under = map(int, re.split(r"[ /]", text))
        return whole + Fraction(over, under) if under else None
    head, tail = re.split(r"\\overline\{", text)
    period = tail.rstrip("}")
    shift = 10 ** len(head.partition(".")[2])
    return Fraction("0" + head + "0") + Fraction(int(period), shift * (10 ** len(period) - 1))


def _is_bare_argument(tokens: list[Token], piece: str) -> bool:
    """ "\\frac12" is one half: an argument without braces is a single digit."""
    kinds = [token.kind for token in tokens[-2:]]
    takes = kinds[-1:] in (["FRAC"], ["BINOM"], ["SQRT"])
    return piece[0] != "." and (takes or (kinds in (["FRAC", "NUM"], ["BINOM", "NUM"])))


def tokenize(text: str) -> list[Token]:
    """The raw tokens of `text` in order; white space and layout commands are left out. Linear in its length."""
    tokens: list[Token] = []
    position = 0
    while match := _PATTERN.match(text, position):
        kind, begin, position = match.lastgroup or "OTHER", match.start(), match.end()
        if kind == "SKIP":
            continue
        piece = match[0]
        if kind == "MIXED":
            over, under = map(int, piece.split(" ")[1].split("/"))
            if not 0 < over < under:  # "10 4/2" is no mixed number: read the first numeral alone
                position = begin + piece.index(" ")
                kind, piece = "NUM", piece.split(" ")[0]
        if kind == "NUM" and _is_bare_argument(tokens, piece):
            position, piece = begin + 1, piece[0]
        if kind == "UNIT":
            piece = re.sub(r"\\[a-z]+\s*|[{}.]", "", piece).strip()
            kind = "WORD" if piece == "of" else kind
        token = Token(kind, begin, position, piece)
        if kind in ("NUM", "MIXED", "VULGAR", "REPEAT"):
            token.value = _number(kind, piece)
            token.decimals = len(piece.partition(".")[2]) if kind == "NUM" else 0
            token.kind = "NUM" if kind == "NUM" else "EXACT"
        elif kind == "OP":
            token.spelled = piece.lower() in SPELLED
            token.value = piece.lower() if token.spelled else _SYMBOL.get(piece, piece)
        elif kind == "POWER":
            tokens.append(Token("OP", begin, begin, "^"))
            token.kind, token.value = "NUM", Fraction(piece.translate(_SUPERSCRIPTS)) if len(piece) < 4 else None
        tokens.append(token)
    return tokens
