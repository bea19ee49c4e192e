r"""Formulas as Argilla's page draws them whole: only what was seen to show everything is drawn, the rest is shown as source.

Argilla 2.8 hides KaTeX's HTML and shows its MathML, in which some commands lose what they hold (`\overset`, `\bmod`, some
`\tag`) or how it looks (`\cancel`). So a formula is drawn only if this module knows all its commands, each of which was
measured in Chromium (tests/review/test_drawn.py does it again). What goes missing even so: the frame of `\boxed`, the
lines of tables, and typefaces (`\mathbb{R}` looks like `R`).
"""

from __future__ import annotations

import re
from pathlib import Path

import yaml

MOST_SMALLER = 2
"""How often letters may be made smaller, as in `x^{a_b}`; each time to seven tenths of the size."""
DEEPEST = 30
"""Braces inside one another."""

_DRAWN = {
    key: frozenset(words.split())
    for key, words in yaml.safe_load(Path(__file__).with_suffix(".yaml").read_text("utf-8")).items()
}
SYMBOLS, HOLDING, _PLACING = _DRAWN["symbols"], _DRAWN["holding"], _DRAWN["placing"]
SPACES = _DRAWN["spaces"] | {r"\ "}
SMALLER = {r"\frac": 2, r"\tfrac": 2, r"\binom": 2, r"\dbinom": 2, r"\tbinom": 2, "^": 1, "_": 1}
"""What makes its arguments smaller, and how many it has."""
_KNOWN = SYMBOLS | SPACES | HOLDING | _PLACING | SMALLER.keys()
_ENVIRONMENTS = _DRAWN["environments"] | {f"{name}*" for name in _DRAWN["environments"]}
_NAME = re.compile(r"\\(?:begin|end)\s*(?:\{([^{}]*)\})?")
_DISPLAYED = re.compile(r"\\begin\s*\{(?:align|alignat|equation|gather|eqnarray)\*?\}")
_TOKEN = re.compile(r"\\(?:[A-Za-z@]+|.)|\S")
_HELD = re.compile(
    r"\\sqrt\s*\[(?![A-Za-z0-9]{1,3}\])|\\operatorname\*?(?!\*?\s*\{[A-Za-z0-9 ]+\})"
)  # more than is drawn
_OPTION = re.compile(r"\s*\[")
_COMMENT = re.compile(r"(?<!\\)(?:\\\\)*%")
_SUM = re.compile(r"\d[^\\^_{}]*+(?<=[=+*/×÷-])\Z|\d[\d\s.,*/+=×÷x-]*+(?<=\sx)\Z")  # of money: "$5 x 3 = $15"
_LATEX = re.compile(r"[\\^_=<>]")
_TEXT_IN_MATHS = re.compile(r"\\(?:text[a-z]*|mbox)\b")
_DOLLAR = re.compile(r"\\.|(\$)")
_OPEN_END = re.compile(r"(?<!\\)(?:\\\\)*\\\Z")


def rendered(source: str) -> str | None:
    """A formula, its signs included, as Argilla draws it on one line between dollar signs; None for what is to be shown
    as its source."""
    body, display = _body(source)
    if not body or (source[0] == "$" != source[1] and _no_formula(source[1:-1])):
        return None
    body = _inner_dollars(" ".join(body.split("\n")))
    if _OPEN_END.search(body):
        body += " "
    if _COMMENT.search(body) or _HELD.search(body) or not _whole(body):
        return None
    sign = "$$" if display or _DISPLAYED.search(body) else "$"
    return sign + body.replace("{eqnarray", "{align") + sign


def _whole(body: str) -> bool:
    """Whether all of it is seen: known commands and environments only, nothing too small to read."""
    if any(name[1] not in _ENVIRONMENTS for name in _NAME.finditer(body)):
        return False
    smaller = left = step = 0  # how much smaller here; arguments still to come that are smaller by `step`
    around: list[tuple[int, int, int]] = []
    most = 0
    for found in _TOKEN.finditer(body):
        token = found[0]
        if token[0] == "\\" and token not in _KNOWN:
            return False
        if token in SMALLER:
            left, step = SMALLER[token], step + 1 if left else 1
            most = max(most, smaller + step)
        elif token == "{":
            around.append((smaller, max(left - 1, 0), step))
            smaller, left = smaller + (step if left else 0), 0
        elif token == "}":
            smaller, left, step = around.pop() if around else (0, 0, 0)
        elif token in (r"\over", r"\choose"):
            most = max(most, smaller + 2)  # the whole group, with the scripts in it
        elif token == r"\sqrt" and _OPTION.match(body, found.end()):
            most = max(most, smaller + 2)  # the index
        elif left and token in (r"\begin", r"\left"):
            return False  # an argument without braces, whose end is not known here
        elif token not in HOLDING and token not in _PLACING:
            left = max(left - 1, 0)
        if most > MOST_SMALLER or len(around) > DEEPEST:
            return False
    return True


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
