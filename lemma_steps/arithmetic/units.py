"""Tells units of measure and words of prose from variables."""

from __future__ import annotations

from .tokens import Token
from .vocabulary import MEASURES, SHORT


def is_variable(tokens: list[Token], index: int) -> bool:
    """Is this word a variable ("2x", "3 n", "\\frac12 pq") rather than a unit or a word of prose?"""
    token, word = tokens[index], str(tokens[index].value)
    if token.kind == "UNIT":
        return len(word.strip()) == 1 and word.strip().lower() not in MEASURES
    if token.kind != "WORD":
        return False
    before = tokens[index - 1] if index else None
    glued = before is not None and before.end == token.begin and before.kind not in ("CUR", "BREAK", "OP", "LP")
    if len(word) == 1:
        after = tokens[index + 1].kind if index + 1 < len(tokens) else "BREAK"
        in_prose = before is not None and before.kind == "WORD" and after != "LP"
        article = word in "aAI" and (after == "WORD" or in_prose)
        measure = before is not None and before.kind == "NUM" and word.lower() in MEASURES
        return glued or not (article or measure or _per_time(tokens, index))
    plain = word.lower() if word.istitle() else word  # "So" is a word, "SO" is a segment
    return (glued or len(word) == 2) and plain not in SHORT


def _per_time(tokens: list[Token], index: int) -> bool:
    """Is this the last letter of "m/s" or "km/h"?"""
    if tokens[index].value not in ("s", "h") or index < 2 or tokens[index - 1].value != "/":
        return False
    return tokens[index - 2].kind in ("WORD", "UNIT") and str(tokens[index - 2].value).lower() in MEASURES


def is_rate(tokens: list[Token], index: int) -> bool:
    """Is this the slash of a unit such as "miles/hour" or "$5/hour"?"""
    if tokens[index].kind != "OP" or tokens[index].value != "/" or index + 1 >= len(tokens):
        return False
    return tokens[index + 1].kind in ("WORD", "UNIT") and not is_variable(tokens, index + 1)
