r"""Model text as Argilla's Markdown fields show it faithfully: signs as themselves, line breaks kept, formulas rendered.

Argilla 2.8 runs marked (a break for every line), KaTeX between dollar signs, and DOMPurify. What that asks for, read from
its page and checked there:

- `$...$` and `$$...$$` are formulas only on one line, after a space and before white space, a stop or the end. Where there
  is no space, an inline block gives one that takes no room. (A formula that begins a line without a space is seen too, but
  then marked loses count and cuts an entity before the next formula in two.)
- A sign written as an HTML entity means nothing to marked and costs no time; backslashes before signs and dollar signs in
  the text cost time that grows with the square of its length.
- LaTeX that KaTeX does not know is shown as its source, in red.
"""

from __future__ import annotations

import re
import unicodedata
from itertools import pairwise

from lemma_steps.segmentation.mask import formulas

LONGEST_FORMULA = 2000
"""Characters; a longer formula is shown as its source."""
MOST_LATEX = 20_000
"""Characters of all formulas of a text, each counted as at least `LEAST_COST`; what is beyond is shown as its source."""
LEAST_COST = 40
DEEPEST = 30
"""Braces inside one another."""

_FORMULA = "\ue000"
_GLUED = '<span style="display: inline-block">'
_ENVIRONMENTS = frozenset(
    f"{name}{star}"
    for star in ("", "*")
    for name in (
        *("align", "alignat", "alignedat", "aligned", "array", "cases", "darray", "dcases", "drcases", "equation"),
        *("eqnarray", "gather", "gathered", "matrix", "rcases", "smallmatrix", "split", "subarray"),
        *(f"{bracket}matrix" for bracket in "pbBvV"),
    )
)
_DISPLAYED = re.compile(r"\\(?:begin\s*\{(?:align|alignat|equation|gather|eqnarray)\*?\}|tag\b)")
# What hides, colours, moves or defines, so that nothing is kept from the reviewer; and comments.
_SOURCE_ONLY = re.compile(
    r"(?<!\\)(?:\\\\)*(?:%|\\[(\[]|\\(?:[hv]?phantom|(?:text|page)?color(?:box)?|fcolorbox|rule|[mh]?kern|[mh]skip|[mh]space"
    r"|raisebox|smash|(?:math)?[lrc]lap|[gex]?def|let|futurelet|global|long|(?:re|provide)?newcommand|providecommand"
    r"|href|url|html[A-Za-z]*|includegraphics|genfrac|above|vcenter|char|verb)(?![A-Za-z]))"
    r"|\\\\\s*\[\s*-|(?:\\!\s*){4}|@"
)
_SUM = re.compile(r"\d[^\\^_{}]*+(?<=[=+*/×÷-])\Z|\d[\d\s.,*/+=×÷x-]*+(?<=\sx)\Z")  # of money: "$5 x 3 = $15"
_LATEX = re.compile(r"[\\^_=<>]")
_TEXT_IN_MATHS = re.compile(r"\\(?:text[a-z]*|mbox)\b")
_DOLLAR = re.compile(r"\\.|(\$)")
_BRACE = re.compile(r"\\.|([{}])")
_OPEN_END = re.compile(r"(?<!\\)(?:\\\\)*\\\Z")

_ENTITY = {
    **{"&": "&amp;", "<": "&lt;", ">": "&gt;", "\\": "&bsol;", "`": "&grave;", "*": "&ast;", "_": "&lowbar;"},
    **{"[": "&lsqb;", "]": "&rsqb;", "|": "&vert;", "$": "&dollar;", "#": "&num;", "@": "&commat;", "~": "&#126;"},
    **{"-": "&#45;", "+": "&plus;", "=": "&equals;", ".": "&period;", ")": "&rpar;", ":": "&colon;"},
}
_SIGN = re.compile(r"[&<>\\`*_\[\]|$#@~]|^[-+=]|(?<=www)\.|:(?=//)", re.MULTILINE | re.IGNORECASE)
_NUMBERED = re.compile(r"^(\d+)([.)])", re.MULTILINE)
_TRAILING = re.compile(r"(?<![ \t])[ \t]++$", re.MULTILINE)
_SPACES = re.compile(r"^[ \t]+|[ \t]+(?=[ \t])|\t", re.MULTILINE)
_RARE = re.compile(r"[^\x20-\x7e\n\t]")
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_BLANK = frozenset("\u034f\u115f\u1160\u2800\u3164\uffa0")


def shown(text: str) -> str:
    """`text` as Markdown that Argilla shows as the text itself, its formulas rendered; any text, in linear time.

    Characters that nobody can see (controls, marks of direction, zero-width ones) become visible: `␀`, `⟨U+202E⟩`. Spaces at
    the end of a line are lost, and several blank lines show as one.
    """
    text = text.replace("\r\n", "\n")
    rendered: list[str] = []
    pieces: list[str] = []
    at, budget = 0, MOST_LATEX
    for begin, end in formulas(text):
        formula = _formula(text[begin:end]) if end - begin <= LONGEST_FORMULA else None
        cost = max(LEAST_COST, end - begin)
        if formula is None or cost > budget:
            continue
        budget -= cost
        pieces += _visible(text[at:begin]), _FORMULA
        rendered.append(formula)
        at = end
    pieces.append(_visible(text[at:]))
    plain = _TRAILING.sub("", "".join(pieces))
    plain = _SPACES.sub(lambda found: "\xa0" * len(found[0].expandtabs(4)), _SIGN.sub(lambda f: _ENTITY[f[0]], plain))
    return _placed(_NUMBERED.sub(lambda found: found[1] + _ENTITY[found[2]], plain), rendered)


def _placed(plain: str, rendered: list[str]) -> str:
    """`plain` with the formulas in their places, a space on both sides of each."""
    texts = plain.split(_FORMULA)
    pieces = [texts[0]]
    for formula, (before, after) in zip(rendered, pairwise(texts), strict=True):
        displayed = formula.startswith("$$")  # a block of its own, beside which spaces take no room
        begins = displayed or before.endswith((" ", "\n")) or (not before and len(pieces) == 1)
        ends = displayed or after.startswith((*" \n.,:!?",)) or (not after and len(pieces) == 2 * len(rendered) - 1)
        pieces += (
            f" {formula} " if displayed else f" {formula}" if begins and ends else f"{_GLUED} {formula} </span>",
            after,
        )
    return "".join(pieces)


def _visible(text: str) -> str:
    return text if text.isascii() and text.isprintable() else _RARE.sub(_seen, text)


def _seen(found: re.Match[str]) -> str:
    sign = found[0]
    if ord(sign) < 0x20 or sign == "\x7f":
        return chr(0x2421 if sign == "\x7f" else 0x2400 + ord(sign))
    return f"⟨U+{ord(sign):04X}⟩" if unicodedata.category(sign) in _UNSEEN or sign in _BLANK else sign


def _formula(source: str) -> str | None:
    """A formula as Argilla renders it, on one line between dollar signs; None where its source is to be shown."""
    body, display = _body(source)
    if not body or (source[0] == "$" != source[1] and _no_formula(source[1:-1])):
        return None
    if _SOURCE_ONLY.search(body) or _visible(body) != body or _depth(body) > DEEPEST:
        return None
    body = _inner_dollars(" ".join(body.split("\n")))
    if _OPEN_END.search(body):
        body += " "
    sign = "$$" if display or _DISPLAYED.search(body) else "$"
    return sign + body.replace("{eqnarray", "{align") + sign


def _no_formula(between: str) -> bool:
    """Whether that is what stands between two dollar signs that have nothing to do with each other."""
    uneven = between[0].isspace() != between[-1].isspace()
    return bool(_SUM.match(between.strip())) or (uneven and not _LATEX.search(between))


def _body(source: str) -> tuple[str, bool]:
    """What stands between the signs, empty for an environment that is no formula, and whether it is displayed."""
    if source.startswith("\\begin"):
        name = source[source.index("{") + 1 : source.index("}")]
        return (source, True) if name in _ENVIRONMENTS else ("", True)
    width = 1 if source[0] == "$" != source[1] else 2
    return source[width:-width].strip(), source.startswith(("$$", "\\["))


def _inner_dollars(body: str) -> str:
    r"""Dollar signs inside a formula: maths inside `\text{...}` where they come in pairs, else money."""
    signs = [found.start(1) for found in _DOLLAR.finditer(body) if found[1]]
    paired = len(signs) % 2 == 0 and _TEXT_IN_MATHS.search(body)
    for number, at in reversed(list(enumerate(signs))):
        body = body[:at] + ((r"\(", r"\)")[number % 2] if paired else r"\$") + body[at + 1 :]
    return body


def _depth(body: str) -> int:
    depth = deepest = 0
    for found in _BRACE.finditer(body):
        depth += {"{": 1, "}": -1}.get(found[1] or "", 0)
        deepest = max(deepest, depth)
    return deepest
