"""Any text reaches Argilla's page as it is: signs stand for themselves, formulas are drawn, what cannot be seen is shown."""

from __future__ import annotations

import html
import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lemma_steps.review.markdown import LONGEST_FORMULA, MOST_LATEX, shown

# The rule by which the page sees a formula, and the places at which it looks for one (argilla-server 2.8.0).
SEEN = re.compile(r"(?:^|(?<= ))(\${1,2})(?!\$)((?:\\.|[^\\\n])*?(?:\\.|[^\\\n$]))\1(?=[\s?!.,:]|$)")
ENTITY = re.compile(r"&(?:[a-z]+|#\d+);")
OURS = re.compile(r'<span style="display: [^"]*">|</span>')
SIGNS = re.compile(r"[<>\\`*_\[\]|#@~$&]|^(?:[-+=]|\d+[.)])|^[ \t]{2,}|www\.|://", re.MULTILINE)


def parts(markdown: str) -> tuple[str, list[str]]:
    """What marked reads as text, and the formulas that it sees, as an independent reader finds them."""
    formulas = [found[2].strip() for found in SEEN.finditer(markdown)]
    return ENTITY.sub("e", OURS.sub("", SEEN.sub("F", markdown))), formulas


@pytest.mark.parametrize(
    ("text", "formulas"),
    [
        ("$x^2$ and $y$", ["x^2", "y"]),
        (r"so \(x_1\), \( y \) and \[z\]", ["x_1", "y", "z"]),
        ("\\[\nx = 1\n\\]", ["x = 1"]),
        ("$$x$$", ["x"]),
        ("from $3x$ and $5$, $5 \\times x$, $0 < x$", ["3x", "5", r"5 \times x", "0 < x"]),
        ("$$\nx\n$$", ["x"]),
        ("($x$), n$y$$z$-axis; **$a$**", ["x", "y", "z", "a"]),
        ("it costs $5, so $x = 5$ and $y$", ["x = 5", "y"]),
        (r"\begin{align*}a &= 1 \\ b &= 2\end{align*}", [r"\begin{align*}a &= 1 \\ b &= 2\end{align*}"]),
        (r"\begin{eqnarray}a &=& 1\end{eqnarray}", [r"\begin{align}a &=& 1\end{align}"]),
        (r"$\begin{pmatrix}1 \\[2pt] 2\end{pmatrix}$", [r"\begin{pmatrix}1 \\[2pt] 2\end{pmatrix}"]),
        (r"\(165 \times 12 = $1,980\)", [r"165 \times 12 = \$1,980"]),
        (r"\[x \text{ if $y$ is even}\]", [r"x \text{ if \(y\) is even}"]),
        (r"$a\ $ b", [r"a\ ".strip()]),
        (r"$50\%$", [r"50\%"]),
        # money
        ("$5 and $10", []),
        (r"a \$5 bill", []),
        ("$3+$4=$7", []),
        ("$5 * 3 = $15, and $1,200.50 in all", []),
        ("He has $20, she has 30$", []),
        ("$5, $5 or 5 $, and $& $` $' {{x}} ${y}", []),
        ("$ x $ and $x= 1 $", ["x", "x= 1"]),
        ("$8 x $7 = $56; $6 x $2", []),
        ("$144 = $<<200-56=144>>144", []),
        # nothing that hides, moves or defines; no comments
        *((f"${latex}$", []) for latex in (r"\phantom{9}5", r"\color{white}5", r"\rule{9em}{9em}", r"\def\a{5}\a")),
        *((f"${latex}$", []) for latex in (r"5 % 6", r"1\hspace{-1em}2", r"\href{a}{b}", r"\htmlId{a}{b}")),
        # nothing that is drawn only in part, or too small to read
        *(
            (f"${latex}$", [])
            for latex in (r"\overset{5+5}{=}", r"\mathop{5}", r"a \bmod b", r"\cancel{5}6", r"\unheard{5}")
        ),
        *(
            (f"${latex}$", [])
            for latex in ("x^{a^{b^c}}", r"\frac{1}{2^{3^4}}", r"x^\frac{a^b}{c}", r"x^\left(a^{b^c}\right)")
        ),
        *(
            (f"${latex}$", [])
            for latex in (r"\tiny 5", r"\sqrt[a^{b}]{x}", r"x^{\sqrt [3]{y}}", r"\begin{smallmatrix}5\end{smallmatrix}")
        ),
        *(
            (f"${latex}$", [latex])
            for latex in ("x^{a^b}", r"\frac{1}{2^3}", r"\dfrac{\frac12}{3^4}", r"\sqrt[3]{x}", r"\frac\pi2 + 1^2")
        ),
        # what does not close, drawings, code, tables
        ("$x = 1", []),
        (r"\( x \]", []),
        ("$x\n\ny$", []),
        ('[asy] label("$x$", A); [/asy]', []),
        ("```\n$x$\n```", []),
        (r"\begin{tabular}{c}$x$\end{tabular}", []),
        ("$" + "x" * LONGEST_FORMULA + "$", []),
        ("$" + "{" * 40 + "x" + "}" * 40 + "$", []),
    ],
)
def test_formulas_and_money(text, formulas):
    assert parts(shown(text))[1] == formulas


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("a\x00b\x1b[0m\x7f", "a␀b␛[0m␡"),
        ("\u202e21\u202c \u200b\u2066\ufeff\xad", "⟨U+202E⟩21⟨U+202C⟩ ⟨U+200B⟩⟨U+2066⟩⟨U+FEFF⟩⟨U+00AD⟩"),
        ("a\rb\u2028c\ue000d\ud800e", "a␍b⟨U+2028⟩c⟨U+E000⟩d⟨U+D800⟩e"),
        ("\u3164\u2800", "⟨U+3164⟩⟨U+2800⟩"),
        ("$x\u202ey$", "$x⟨U+202E⟩y$"),
        ("a\r\nb", "a\nb"),
        ("é, 日本, ∑, א, 😀", "é, 日本, ∑, א, 😀"),
    ],
)
def test_what_nobody_can_see_is_shown(text, seen):
    assert html.unescape(shown(text)) == seen


def test_line_breaks_and_spaces_stay():
    assert html.unescape(shown("a\n  b  c\n\n\td \n")) == "a\n\xa0\xa0b\xa0 c\n\n\xa0\xa0\xa0\xa0d\n"


@given(st.text() | st.text(alphabet="$\\()[]{}ab5=.,*_`<>&#|~!-+:/@1 \n\t") | st.text(alphabet="$ a5.\n\\"))
def test_no_sign_of_any_text_means_anything(text):
    markdown = shown(text)
    outside, _ = parts(markdown)
    assert not SIGNS.search(outside)
    assert "\n\xa0$" not in markdown
    assert squeezed(html.unescape(OURS.sub("", markdown))) == squeezed(seen(text))


DRAWN = {"$x$": "x", r"\(y_1\)": "y_1", r"\[z\]": "z", r"\begin{cases}a\end{cases}": r"\begin{cases}a\end{cases}"}


@given(st.lists(st.sampled_from([*DRAWN, "word", "(", ")", "-", ". ", "*", "\n", " ", "   ", "\n\n", "<b>"])))
def test_formulas_are_drawn_whatever_stands_beside_them(pieces):
    outside, formulas = parts(shown("".join(pieces)))
    assert not SIGNS.search(outside)
    assert formulas == [DRAWN[piece] for piece in pieces if piece in DRAWN]


def seen(text: str) -> str:
    """`text` with what cannot be seen made visible, by the function under test on each character alone."""
    return "".join(
        html.unescape(shown(sign)) if not sign.isascii() or not sign.isprintable() else sign for sign in text
    )


def squeezed(text: str) -> str:
    """The text without white space and without the signs that open and close formulas, which change."""
    return re.sub(r"\\?\$|\\[()\[\]]|[\s\xa0␍]", "", text).replace("eqnarray", "align")


SIGNS_APART = r"$ { $x$ a$x$b \( \(x\) \begin{align} [asy] * \ & $$ |a| \frac{ $1= \\ \!"
LONG = ["```\n", "$" + "{" * 900 + "$ ", "$1 " + "x" * 1900 + "=$", " " * 20_000 + "x"]


@pytest.mark.parametrize("hostile", [*SIGNS_APART.split(), "$5 ", "\t", " ", "1. ", "\u202e", *LONG])
def test_the_time_grows_with_the_length_only(hostile):
    begin = time.process_time()
    markdown = shown(hostile * (200_000 // len(hostile)))
    assert time.process_time() - begin < 2
    assert sum(map(len, parts(markdown[:50_000])[1])) <= MOST_LATEX
