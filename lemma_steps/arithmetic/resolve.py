"""Decides, from its neighbours, what an ambiguous token means: `$`, `x`, `**`, a line end, a bracket without a mate."""

from __future__ import annotations

from .tokens import SPELLED, Token

MAX_DEPTH = 24
"""Brackets nested deeper than this are not arithmetic that anybody wrote."""

_PAIRS = {")": "(", "]": "[", "}": "{"}
_OPERAND_END = {"NUM", "EXACT", "RP", "PCT", "BANG"}
_OPERAND_BEGIN = {"NUM", "EXACT", "LP", "FRAC", "SQRT", "BINOM", "DOLLAR", "FENCE"}
_JOINT = {"OP", "REL", "APPROX"}
_RELATIONS = {"REL", "APPROX"}
_NONE = Token("BREAK", -1, -1)


def _times(before: Token, token: Token, after: Token) -> bool:
    """Is this letter x a multiplication sign? "5 x 3" and "5 bags x $3" yes; "5x + 3" and "2x(1)" no."""
    spaced = before.end < token.begin and token.end < after.begin
    if before.kind in _OPERAND_END:
        return after.kind in _OPERAND_BEGIN and (spaced or after.kind != "LP")
    return before.kind in ("WORD", "UNIT", "DOLLAR", "FENCE") and after.kind in _OPERAND_BEGIN and spaced


def _bullet(token: Token) -> bool:
    """May this operator, at the start of a line, be a list's bullet?"""
    return token.end - token.begin == 1 and token.value in ("-", "*", "+")


def _is_thousand(token: Token) -> bool:
    return token.end - token.begin == 3 and not token.decimals


def _meaning(before: Token, token: Token, after: Token) -> str | None:
    """The kind that `token` really has here; None where it means nothing and is left out."""
    kind = token.kind
    if kind == "OP" and token.spelled:
        return "OP" if before.kind in _OPERAND_END and after.kind in _OPERAND_BEGIN else "WORD"
    if kind in _RELATIONS and before.kind == "REL":
        return None
    if kind == "WORD" and token.value in ("x", "X", "*") and _times(before, token, after):
        return "OP"
    if kind in ("DOLLAR", "FENCE"):
        if after.value == "-" and after.begin == token.end and before.kind not in _JOINT:
            return "BREAK"
        if kind == "DOLLAR" and after.kind in ("NUM", "EXACT") and after.begin <= token.end + 1:
            return "CUR"
        if before.kind in _JOINT and kind == "DOLLAR" and after.kind in ("NUM", "EXACT"):
            return "CUR"
        return None if before.kind in _JOINT or after.kind in _JOINT else "BREAK"
    if kind == "STARS":
        if before.kind in _JOINT:
            return None
        return "OP" if before.kind in _OPERAND_END and after.kind in _OPERAND_BEGIN else "BREAK"
    if kind == "ROW":
        goes_on = before.kind in _JOINT or after.kind in _RELATIONS or (after.kind == "OP" and not _bullet(after))
        wrapped = token.value == "\n" and before.kind == "WALL"
        return None if goes_on or wrapped or before.kind == "ROW" else "BREAK"
    if kind == "AMP":
        return None if before.kind in _JOINT or after.kind in _JOINT or before.kind in ("ROW", "BREAK") else "WALL"
    if kind in ("STOP", "OTHER"):
        ratio = token.value == ":" and before.end < token.begin and token.end < after.begin
        split = before.kind in _JOINT or (
            token.value == "," and before.kind == after.kind == "NUM" and _is_thousand(after)
        )  # ". 61" after an operator, "17, 100"
        return "WALL" if split or ratio else "BREAK"
    if kind == "ELLIPSIS":
        return "MORE" if before.kind == "NUM" and before.decimals and before.end == token.begin else "WALL"
    return kind


def resolve(raw: list[Token]) -> list[Token]:
    """The tokens that the parser reads, changed in place; bullets become breaks. Linear in their number."""
    tokens: list[Token] = []
    before, line_start = _NONE, True
    for index, token in enumerate(raw):
        after = raw[index + 1] if index + 1 < len(raw) else _NONE
        if token.kind == "ROW" and after.kind == "AMP" and index + 2 < len(raw):
            after = raw[index + 2]
        kind = _meaning(before, token, after)
        if line_start and kind == "OP" and _bullet(token) and token.end < after.begin:
            kind = "WALL" if token.value == "+" else "BREAK"
        line_start = token.kind == "ROW"
        if kind is None:
            before = token if line_start else before
            continue
        if kind == "OP" and token.kind != "OP":
            token.value = "*" if token.kind == "WORD" else "^"
        elif kind == "OP" and token.spelled:
            token.value = SPELLED[str(token.value)]
        elif kind in _RELATIONS:
            token.value = "=" if kind == "REL" else "≈"
        token.kind = "REL" if kind == "APPROX" else kind
        tokens.append(token)
        before = token
    _match_brackets(tokens)
    return tokens


def _match_brackets(tokens: list[Token]) -> None:
    """Give each bracket its mate. One without a mate, too deep, or around a relation or a break, is a mere break."""
    stack: list[int] = []
    for index, token in enumerate(tokens):
        if token.kind == "LP":
            stack.append(index)
        elif token.kind == "RP" and stack and tokens[stack[-1]].value == _PAIRS[str(token.value)]:
            if len(stack) <= MAX_DEPTH:
                tokens[stack[-1]].mate, token.mate = index, stack[-1]
            stack.pop()
        elif token.kind in ("REL", "BREAK"):
            stack.clear()
    for index, token in enumerate(tokens):
        if token.kind in ("LP", "RP") and token.mate < 0:  # next to an operator it hides an operand: max(3, 4) - 1
            beside = index - 1 if token.kind == "LP" else index + 1
            operand = 0 <= beside < len(tokens) and tokens[beside].kind == "OP"
            token.kind = "WALL" if operand else "BREAK"
