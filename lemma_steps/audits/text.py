"""Audits of the characters of an output: damage by escapes, maths that does not close, length."""

from __future__ import annotations

import re

from lemma_steps.audits.records import Failure, Limits, Row, excerpt

_DRAWING = re.compile(r"\[asy\].*?\[/asy\]", re.DOTALL)
# JSON and Python turn `\frac`, `\times`, `\neq` into form feed + "rac", tab + "imes", newline + "eq".
_DAMAGE = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]"
    r"|\r(?!\n)"
    r"|\t(?:imes|ext(?:bf|it|rm|tt|sf)?|heta|herefore|riangle|frac|binom|ilde|op|an\b(?=[\s\\({^]*[\dA-Za-z\\]\b)|au\b|o\b)(?![a-z])"
    r"|\n(?:eq|eg|abla|otin|leq|geq|mid)(?![a-z])"
    r"|[\u200b\u2028\u2029\u202a-\u202e\u2060\u2066-\u2069\ufeff\ufffd\ud800-\udfff]"
)
_TOKEN = re.compile(r"\w+|[^\w\s]")
_PAIRED = re.compile(r"\\begin\s*\{([^{}]*)\}|\\end\s*\{([^{}]*)\}|\\[\[\]()]|\\.|[{}]", re.DOTALL)
_CLOSES = {r"\]": r"\[", r"\)": r"\(", "}": "{"}
_DOLLAR = re.compile(r"\\.|(\$\$?)|\n[ \t]*\n", re.DOTALL)
_TEXT_IN_MATHS = re.compile(r"\\(?:text\w*|mbox|mathrm|operatorname)\s*\{[^{}]*\}|\\[A-Za-z]+")
_PROSE = re.compile(r"(?<![\w\\])[a-z]{3,}(?!\w)")
_MONEY_BEFORE = re.compile(r"\d ?\Z")
_MONEY_AFTER = re.compile(r" ?-?(?:\d[\d,]*+(?:\.\d++)?|\.\d++)(?!\s*(?:\\[A-Za-z]|[\^_]))|\s*\Z|\s*\n")


def control_characters(row: Row, limits: Limits) -> Failure | None:
    """No control characters and none of what escapes make of LaTeX; tabs are allowed where they indent."""
    output = _DRAWING.sub("", row["output"])
    if found := _DAMAGE.search(output):
        return Failure("control_characters", f"{excerpt(output, found.start(), found.end())}")
    return None


def unbalanced_math(row: Row, limits: Limits) -> Failure | None:
    r"""`$`, `$$`, `\( \)`, `\[ \]`, braces and environments close in order. Money (`$5`, `5$`) is not maths."""
    output = _DRAWING.sub("", row["output"])
    at = _unpaired(output)
    if at is None:
        at = _open_dollar(output)
    return None if at is None else Failure("unbalanced_math", f"nothing pairs with {excerpt(output, at, at + 1)}")


def _unpaired(text: str) -> int | None:
    """Offset of the first bracket, brace or environment without its counterpart."""
    opened: list[tuple[str, int]] = []
    for found in _PAIRED.finditer(text):
        token = found[0]
        if found[1] is not None or token in _CLOSES.values():
            opened.append((token if found[1] is None else f"begin {found[1]}", found.start()))
        elif found[2] is not None or token in _CLOSES:
            partner = _CLOSES[token] if found[2] is None else f"begin {found[2]}"
            if not opened or opened.pop()[0] != partner:
                return found.start()
    return opened[0][1] if opened else None


def _open_dollar(text: str) -> int | None:
    """Offset of the first `$` or `$$` that opens maths, does not close before the paragraph ends, and is not money."""
    signs = [(found[1] or "", found.start()) for found in _DOLLAR.finditer(text) if found[1] or found[0][0] == "\n"]
    signs.append(("", len(text)))
    position = 0
    while position < len(signs):
        sign, at = signs[position]
        position += 1
        if not sign:
            continue
        following, end = signs[position]
        money = _MONEY_AFTER.match(text, at + len(sign)) or _MONEY_BEFORE.search(text[max(0, at - 2) : at])
        prose = money and _PROSE.search(_TEXT_IN_MATHS.sub("", text[at + len(sign) : end]))
        if sign == "$$" and (closing := _next_display(signs, position)):
            position = closing + 1
        elif sign == "$" and following == "$$" and not prose:
            signs[position] = ("$", end + 1)  # `$x$$y$`: one formula ends, the next begins
        elif following == sign and not prose:
            position += 1
        elif not money:
            return at
    return None


def _next_display(signs: list[tuple[str, int]], position: int) -> int | None:
    """Where in `signs` the display that opened before `position` closes."""
    return next((k for k in range(position, len(signs)) if signs[k][0] == "$$"), None)


def too_long(row: Row, limits: Limits) -> Failure | None:
    """The output fits the training window."""
    count = estimated_tokens(row["output"])
    return (
        Failure("too_long", f"about {count} tokens, at most {limits.max_tokens}") if count > limits.max_tokens else None
    )


def estimated_tokens(text: str) -> int:
    """Tokens without a tokenizer: words and signs one by one, or a quarter of the characters where that is more."""
    return max(sum(1 for _ in _TOKEN.finditer(text)), len(text) // 4)
