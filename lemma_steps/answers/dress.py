r"""One spelling for what LaTeX and plain text can dress in many ways.

`dress` maps an answer to a canonical LaTeX string: `\dfrac12`, `\tfrac{1}{2}` and `\frac1{2}` become `\frac{1}{2}`;
spacing, sizing and maths delimiters go; `\text{ cm}` becomes `" cm"` (quoted text, so that a unit is never taken for a
variable); "or" and "and" become commas. Substitutions are linear and none evaluates anything.
"""

from __future__ import annotations

import re
from functools import lru_cache

from lemma_steps.answers import tables
from lemma_steps.answers.brackets import enclosing, matching_brace

_NAMES = "|".join(tables.FUNCTIONS)
_SUBSTITUTIONS: list[tuple[re.Pattern[str], str]] = [
    (re.compile(pattern), replacement)
    for pattern, replacement in (
        (r"<<[^<>]*>>|\*\*(?=\s|[.,;:]|$)|(?<!\S)\*\*(?=\S)|`|\\!|\\phantom(?![A-Za-z])", ""),
        (r"\\(?:left|right|[bB]igg?[lr]?|displaystyle|textstyle|limits|rm|bf|it)(?![A-Za-z])\.?", ""),
        (r"\\(?:q?quad|thinspace|enspace)(?![A-Za-z])|(?<!\\)\\[,;: ]|~|\s+", " "),
        (r"\{\s*,\s*\}", ","),
        (r"\\lbrace(?![A-Za-z])", r"\\{"),
        (r"\\rbrace(?![A-Za-z])", r"\\}"),
        (r"\\langle(?![A-Za-z])", "("),
        (r"\\rangle(?![A-Za-z])", ")"),
        (r"\\[lr]?vert(?![A-Za-z])", "|"),
        (r"\\[dtc]frac", r"\\frac"),
        (r"\\(?:mathbf|boldsymbol|mathit|mathsf|mathcal|vec|bm)\s*\{([^{}]*)\}", r"\1"),
        (r"\\(?:text|textbf|textit|textrm|textnormal|textsf|mbox|hbox|mathrm|operatorname)\s*\{([^{}]*)\}", r'"\1"'),
        (r'"\s*(?:,?\s*\b(?:and|or)\b)\s*"|,?(?<![A-Za-z\\])(?:and|or)(?![A-Za-z])', " , "),
        (r"\^\s*\{?\s*\\(?:circ|degree)\s*\}?|\\degrees?(?![A-Za-z])|\\circ(?![A-Za-z])", "°"),
        (r'\\%|(?i:\bpercent(?:age)?\b)|"%"', "%"),
        (r"\\(?:cdot|times|ast)(?![A-Za-z])", "*"),
        (r"\*\*", "^"),
        (r"\\leq(?:slant)?(?![A-Za-z])|<=", r"\\le "),
        (r"\\geq(?:slant)?(?![A-Za-z])|>=", r"\\ge "),
        (r"\\neq(?![A-Za-z])|!=", r"\\ne "),
        (r"\\lt(?![A-Za-z])", "<"),
        (r"\\gt(?![A-Za-z])", ">"),
        (r"\\(?:varnothing|phi)(?![A-Za-z])(?=\s*$)", r"\\emptyset"),
        (r"\\R(?![A-Za-z])", r"\\mathbb{R}"),
        (r"(?<![\\A-Za-z])(?:infinity|inf|oo)(?![A-Za-z])", r"\\infty "),
        (r"(?<![\\A-Za-z])(pi|theta)(?![A-Za-z])", r"\\\1 "),
        (r"\\pi(?=[A-Za-z])", r"\\pi "),
        (rf"(?<![\\A-Za-z])({_NAMES})(?=\s*[(\d\\^]|\s+[a-z]\b)", r"\\\1"),
        (r"\\frac\s*(\d)\s*(\w)", r"\\frac{\1}{\2}"),
        (r"\\frac\s*(\d)\s*\{", r"\\frac{\1}{"),
        (r"√\s*(\d+|\w)", r"\\sqrt{\1}"),
        (r"√", r"\\sqrt "),
        (r"\\sqrt\s*(\w)", r"\\sqrt{\1}"),
        (r"([\^_])\s*\{\s*(\w)\s*\}", r"\1\2"),
    )
]
_FRACTION_TAIL = re.compile(r"\\frac\s*(?=\{)")
_CALL = re.compile(r"(\\sqrt|\^)\s*\(")
_BOX = re.compile(r"\\[fb]?box(?:ed)?\s*(?=\{)")
_REPEATING = re.compile(r"(\d{1,20})\.(\d{0,20})\\(?:overline|bar)\{(\d{1,20})\}")
_EMPHASIS = re.compile(r"^[*_]+|(?<![\^\\])[*_]+$")
_SPACES = re.compile(r"(?<!\d) +| +(?!\d)")
_MONEY = re.compile(r"\$\s*-?[\d.]")


def _delimiters(text: str) -> str:
    """Maths delimiters become blanks; a lone dollar before a number is money."""
    text = re.sub(r"(?<!\\)\\[()\[\]]", " ", text)
    if text.replace("\\$", "").count("$") == 1 and _MONEY.search(text):
        return text
    return re.sub(r"(?<!\\)\$+", " ", text)


def _unbox(text: str) -> str:
    for _ in range(3):
        box = _BOX.search(text)
        end = matching_brace(text, box.end()) if box else None
        if box is None or end is None:
            break
        text = text[: box.start()] + text[box.end() + 1 : end] + text[end + 1 :]
    return text


def _fraction_tails(text: str) -> str:
    r"""`\frac{a}b` with its second argument in braces."""
    for match in reversed(list(_FRACTION_TAIL.finditer(text))):
        end = matching_brace(text, match.end())
        if end is not None and (tail := re.match(r"\s*(\w)", text[end + 1 :])):
            text = f"{text[: end + 1]}{{{tail[1]}}}{text[end + 1 + tail.end() :]}"
    return text


def _repeating(match: re.Match[str]) -> str:
    r"""`0.1\\overline{6}` as the fraction that it is."""
    whole, fixed, period = match.groups()
    scale = 10 ** len(fixed) * (10 ** len(period) - 1)
    return f"\\frac{{{int(whole + fixed + period) - int(whole + fixed)}}}{{{scale}}}"


def _calls(text: str) -> str:
    r"""`sqrt(x)` and `^(x)` with braces for their parentheses."""
    for match in reversed(list(_CALL.finditer(text))):
        level = 0
        for at in range(match.end() - 1, len(text)):
            level += (text[at] == "(") - (text[at] == ")")
            if not level:
                text = f"{text[: match.start()]}{match[1]}{{{text[match.end() : at]}}}{text[at + 1 :]}"
                break
    return text


@lru_cache(maxsize=4096)
def dress(text: str) -> str:
    """The canonical spelling of an answer."""
    text = _REPEATING.sub(_repeating, _unbox(_delimiters(text.translate(tables.CHARACTERS))))
    for pattern, replacement in _SUBSTITUTIONS:
        text = pattern.sub(replacement, text)
    text = _EMPHASIS.sub("", _calls(_fraction_tails(text)).strip().rstrip(".,;:").strip())
    while enclosing(text) == ("{", "}"):
        text = text[1:-1].strip()
    return re.sub(r" +", " ", text)


def key(dressed: str) -> str:
    """What two dressed answers share when they differ in nothing but blanks and quoting."""
    return _SPACES.sub("", dressed.replace('"', " ").strip())
