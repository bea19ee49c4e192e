r"""Model text as Argilla's Markdown fields show it faithfully: signs as themselves, line breaks kept, formulas rendered.

Argilla 2.8 runs marked (a break for every line), KaTeX between dollar signs, and DOMPurify. What that asks for, read from
its page and checked there:

- `$...$` and `$$...$$` are formulas only on one line, after a space and before white space, a stop or the end. Where there
  is no space, an inline block gives one that takes no room. (A formula that begins a line without a space is seen too, but
  then marked loses count and cuts an entity before the next formula in two.)
- A sign written as an HTML entity means nothing to marked and costs no time; backslashes before signs and dollar signs in
  the text cost time that grows with the square of its length.
- What of a formula is seen is not what KaTeX knows: `latex` decides what is drawn, the rest is shown as its source. A formula
  is not broken into lines, and the field cuts off what is wider.
"""

from __future__ import annotations

import re
import unicodedata
from itertools import pairwise

from lemma_steps.review.latex import rendered
from lemma_steps.segmentation.mask import formulas

LONGEST_FORMULA = 2000
"""Characters; a longer formula is shown as its source."""
MOST_LATEX = 20_000
"""Characters of all formulas of a text, each counted as at least `LEAST_COST`; what is beyond is shown as its source."""
LEAST_COST = 40

_FORMULA = "\ue000"
WIDE = 45
"""Characters of a formula that may be wider than the field, which would cut it off, so that it gets a scroll bar."""
_GLUED = '<span style="display: inline-block">'
_SCROLLED = (
    '<span style="display: inline-block; max-width: 100%; overflow-x: auto; vertical-align: middle; padding: 8px 0">'
)
_SCROLLED_BLOCK = '<span style="display: block; overflow-x: auto; padding: 8px 0">'
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
    drawn: list[str] = []
    pieces: list[str] = []
    at, budget = 0, MOST_LATEX
    for begin, end in formulas(text):
        formula = _formula(text[begin:end])
        cost = max(LEAST_COST, end - begin)
        if formula is None or cost > budget:
            continue
        budget -= cost
        pieces += _visible(text[at:begin]), _FORMULA
        drawn.append(formula)
        at = end
    pieces.append(_visible(text[at:]))
    plain = _TRAILING.sub("", "".join(pieces))
    plain = _SPACES.sub(lambda found: "\xa0" * len(found[0].expandtabs(4)), _SIGN.sub(lambda f: _ENTITY[f[0]], plain))
    return _placed(_NUMBERED.sub(lambda found: found[1] + _ENTITY[found[2]], plain), drawn)


def _placed(plain: str, drawn: list[str]) -> str:
    """`plain` with the formulas in their places, a space on both sides of each."""
    texts = plain.split(_FORMULA)
    pieces = [texts[0]]
    for formula, (before, after) in zip(drawn, pairwise(texts), strict=True):
        displayed = formula.startswith("$$")  # a block of its own, beside which spaces take no room
        begins = displayed or before.endswith((" ", "\n")) or (not before and len(pieces) == 1)
        ends = displayed or after.startswith((*" \n.,:!?",)) or (not after and len(pieces) == 2 * len(drawn) - 1)
        if len(formula) > WIDE:
            placed = f"{_SCROLLED_BLOCK if displayed else _SCROLLED} {formula} </span>"
        elif begins and ends:
            placed = f" {formula} " if displayed else f" {formula}"
        else:
            placed = f"{_GLUED} {formula} </span>"
        pieces += placed, after
    return "".join(pieces)


def _visible(text: str) -> str:
    return text if text.isascii() and text.isprintable() else _RARE.sub(_seen, text)


def _seen(found: re.Match[str]) -> str:
    sign = found[0]
    if ord(sign) < 0x20 or sign == "\x7f":
        return chr(0x2421 if sign == "\x7f" else 0x2400 + ord(sign))
    return f"⟨U+{ord(sign):04X}⟩" if unicodedata.category(sign) in _UNSEEN or sign in _BLANK else sign


def _formula(source: str) -> str | None:
    """The formula to be drawn, or None: too long, not to be drawn whole, or with signs that nobody can see."""
    unseen = _visible(source) != source
    return None if unseen or len(source) > LONGEST_FORMULA else rendered(source)
