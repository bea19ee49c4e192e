"""Which parts of a text must never be cut: a copy of the text, equally long, in which they are blotted out.

Everything is decided from left to right: whether a cut at `q` is allowed depends on `text[:q]` and on whether something
that was opened there is closed later, never on more. What is opened and not closed is ordinary text. Every pass is
linear in the length of the text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from lemma_steps.segmentation.words import TEXT_ENVIRONMENTS

BLOCK = "\ue000"
"""Stands for a character of display maths, an environment, a table, a drawing, a code block or a rule."""
INLINE = "\ue001"
"""Stands for a character of inline maths, of inline code or inside brackets."""
STOP = "\ue002"
"""Stands for the last character of a formula whose own last character is a full stop, as in `$x = 5.$`."""

Span = tuple[int, int, str]

_TABLE = re.compile(r"^[ \t]*+\|[^\n]*+\n[ \t]*+\|(?=[^\n]*-)[ \t:|\r-]*+$(?:\n[ \t]*+\|[^\n]*+)*+", re.MULTILINE)
_RULE = re.compile(r"^[ \t]*+([-*_=])(?:[ \t]*+\1){2,}+[ \t\r]*+$", re.MULTILINE)
_FENCE = re.compile(r"^[ \t]*+(?:```|~~~)[^\n]*+", re.MULTILINE)
_MATHS = re.compile(r"\\(?:begin|end)\{([A-Za-z]{1,24}\*?)\}|\\\S|\$\$?|\n[^\S\n]*+\n")
_BRACKET = re.compile(r"[()（）“”「」`\n]")
_OPENER_OF = {")": "(", "）": "（", "”": "“", "」": "「", "`": "`"}
FINAL_STOP = re.compile(r"(?<!\.)\.(?:\$|\\[\])]|\\end\{\w+\*?\}|\s)+$")
_PLAIN_WORDS = re.compile(r"(?:^|\s)[a-z]{3,}\s+[a-z]{2,}\s|<<")
_MONEY = re.compile(r"\s?[-−+]?[.\d]")
_PROSE_AFTER_MONEY = re.compile(r"\s[a-z]{3,}(?:\s|$)|\n")
_COMMAND = re.compile(r"\\[A-Za-z]|[\^_]")


def mask(text: str) -> str:
    """`text` with everything that must not be cut replaced, character by character, by the signs of this module."""
    masked = re.sub(f"[{BLOCK}{INLINE}{STOP}]", "\ufffd", text)
    masked = _fill(masked, (*_drawings(masked), *_fences(masked)))
    masked = _fill(masked, ((*m.span(), BLOCK) for pattern in (_TABLE, _RULE) for m in pattern.finditer(masked)))
    masked = _fill(masked, _maths(masked))
    return _fill(masked, _brackets(masked))


def formulas(text: str) -> list[tuple[int, int]]:
    r"""Offsets `[begin, end)` of the outermost formulas, signs included: `$`, `$$`, `\( \)`, `\[ \]`, environments.

    In order; what is money, stands in a drawing or in code, or does not close is no formula.
    """
    masked = _fill(text, (*_drawings(text), *_fences(text)))
    found: list[tuple[int, int]] = []
    for begin, end, _ in sorted(_maths(masked), key=lambda span: (span[0], -span[1])):
        if not found or begin >= found[-1][1]:
            found.append((begin, end))
    return found


def _fill(text: str, spans: Iterable[Span]) -> str:
    """`text` with the spans blotted out; where spans overlap, the one that begins first gives the sign."""
    pieces: list[str] = []
    at = 0
    for begin, end, sign in sorted(spans, key=lambda span: (span[0], -span[1])):
        if end <= at:
            continue
        begin = max(begin, at)
        stopped = sign == INLINE and FINAL_STOP.search(text, max(begin, end - 40), end)
        pieces += text[at:begin], sign * (end - begin - 1), STOP if stopped else sign
        at = end
    return "".join(pieces) + text[at:]


def _drawings(text: str) -> Iterator[Span]:
    at = 0
    while (begin := text.find("[asy]", at)) >= 0 and (close := text.find("[/asy]", begin)) >= 0:
        at = close + len("[/asy]")
        yield text.rfind("[asy]", begin, close), at, BLOCK


def _fences(text: str) -> Iterator[Span]:
    lines = _FENCE.finditer(text)
    for opening, closing in zip(lines, lines, strict=False):
        yield opening.start(), closing.end(), BLOCK


def _maths(text: str) -> Iterator[Span]:
    """Formulas and environments. Only brackets of one kind close each other; a blank line ends inline maths."""
    opened: dict[str, int] = {}
    environments: list[tuple[str, int]] = []
    depth: dict[str, int] = {}
    for token in _MATHS.finditer(text):
        sign, name, begin, end = token[0], token[1], token.start(), token.end()
        if sign.startswith("\\begin") and name:
            environments.append((name, begin))
            depth[name] = depth.get(name, 0) + 1
        elif name and depth.get(name):
            while True:
                inner, start = environments.pop()
                depth[inner] -= 1
                if inner == name:
                    break
            if name not in TEXT_ENVIRONMENTS:
                yield start, end, BLOCK
        elif sign in ("\\[", "\\("):
            opened[sign] = begin
        elif sign in ("\\]", "\\)"):
            opening = "\\[" if sign == "\\]" else "\\("
            if opening in opened:
                yield opened.pop(opening), end, BLOCK if sign == "\\]" else INLINE
        elif sign.isspace():
            for inline in ("$", "$$", "\\("):
                opened.pop(inline, None)
        elif sign == "$$" and "$" not in opened:
            if "$$" in opened:
                yield opened.pop("$$"), end, BLOCK
            else:
                opened["$$"] = begin
        elif sign[0] == "$" and "$$" not in opened:
            for at in range(begin, end):
                if "$" in opened and _closes(text, opened["$"], at):
                    yield opened.pop("$"), at + 1, INLINE
                elif _opens(text, at):
                    opened["$"] = at
                else:
                    opened.pop("$", None)


def _opens(text: str, at: int) -> bool:
    """Whether the `$` at `at` may open a formula; the one of "15$ and" or "15 $." is money."""
    before, after = text[max(0, at - 2) : at].rstrip()[-1:], text[at + 1 : at + 2]
    return bool(after) and not (before.isdigit() and (after.isspace() or after in ",.;:!?)"))


def _closes(text: str, begin: int, at: int) -> bool:
    """Whether the `$` at `at` closes the one at `begin`, so that between them stands a formula and not prose."""
    before, after = text[at - 1 : at], text[at + 1 : at + 2]
    if after.isdigit() or (before.isspace() and after.isalnum()):
        return False
    inside = text[begin + 1 : at]
    if _COMMAND.search(inside):
        return "\\text" in inside or "\\mbox" in inside or not _PLAIN_WORDS.search(inside)
    return not (_PROSE_AFTER_MONEY if _MONEY.match(inside) else _PLAIN_WORDS).search(inside)


def _brackets(text: str) -> Iterator[Span]:
    """What stands inside brackets, quotation marks or backticks of one line; its last stop stays visible."""
    stack: list[tuple[str, int]] = []
    for token in _BRACKET.finditer(text):
        sign, at = token[0], token.start()
        if sign == "\n":
            stack.clear()
        elif stack and stack[-1][0] == _OPENER_OF.get(sign):
            _, begin = stack.pop()
            end = at - 1 if text[at - 1] in ".!?。！？" + STOP else at
            if begin + 1 < end:
                yield begin + 1, end, INLINE
        elif sign not in _OPENER_OF or sign == "`":
            stack.append((sign, at))
