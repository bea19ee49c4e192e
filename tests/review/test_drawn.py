"""The page draws every text and loses nothing: each formula that is drawn shows all its letters, digits and signs."""

from __future__ import annotations

import gzip
import json
import os
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lemma_steps.review.latex import HOLDING, SMALLER, SYMBOLS
from lemma_steps.review.markdown import WIDE, shown

from .commands import part_of, password_in, recipe, rows_of
from .page import Page, chromium
from .test_markdown import seen, squeezed

NASTY = [
    "# 1 * 2 * 3\n- 4 - 5\n1. six\n> 7 > 6\n    8\n| 9 | 10 |\n|---|---|\n~~11~~ `12` __13__\n---\n```\n14\n***\n&lt;b&gt; \\*",
    "a\n===\nb\n---\nc\n* * *\n+ d\n2) e\n<!-- f -->\n<b>g</b> <a href='x'>h</a> [i](j) ![k](l) [m]: n\n[m]",
    "</script><script>window.ran=1</script> $& $` $' {{x}} ${y} <img src=x onerror=window.ran=1>",
    "www.example.org, https://example.org, ftp://example.org, <http://a.b>, a.b@example.org",
    "A dot (a *dot*) $x$, and ($y_1$)! *$z$* $u$$v$-axis [$w$](x) 5$a$5 `$b$`",
    "$|x|$ | y\n$-$|-\n1 | 2",
    r"$50\%$ of \$5, $5 or 5 $, $5 and $10, $3+$4=$7; \(a\)\[b\]c \\ \* \_ \$",
    "a  $x$  b\n $y$\n  $z$\n\n$u$ \n",
    "12 \u05d0\u05d1 21",
    "$x<y>z$ and $a&b$ and $</p>$ and $\\text{<b>x</b>}$",
    "1\\. x\n\\- y\n\\# z\n\\\\(x\\\\)",
]

STRUCTURE = re.compile(
    r"\\begin\s*\{(?:d?array|alignat\*?|alignedat\*?)\}\s*\{[^}]*\}"  # with its columns
    r"|\\(?:begin|end)\s*\{\w+\*?\}|\\\\\s*\[[^\]]*\]|\\(?:left|right|[bB]igg?[lr]?)\s*\."
)
INDEX = re.compile(r"\\sqrt\s*\[([^\]]*)\]")
TOKEN = re.compile(r"\\(?:operatorname\*|[A-Za-z]+|.)|[\s{}^_&~]")
WORD = re.compile(
    r"\\(?:arc)?(?:sin|cos|tan|cot|sec|csc|log|ln|gcd|det|max|min|deg|arg|lim|exp|dim)\Z|\\(?:sinh|cosh|tanh)\Z"
)
DRAWN = {
    r"\bmod": "mod",
    r"\pmod": "(mod)",
    r"\mod": "mod",
    r"\binom": "()",
    r"\dbinom": "()",
    r"\tbinom": "()",
    r"\choose": "()",
}
SAME = str.maketrans("−∗′’‘∣", "-*''`|")


def signs(source: str) -> Counter[str]:
    """ASCII letters, digits and signs that a formula must show at least, read off its source."""

    def told(found: re.Match[str]) -> str:
        token = found[0]
        return DRAWN.get(token, token[1:] if WORD.match(token) or token[1:] in tuple("{}$%#&_") else "")

    return ascii_of(TOKEN.sub(told, INDEX.sub(r"\1", STRUCTURE.sub("", source))))


def ascii_of(text: str) -> Counter[str]:
    return Counter(sign for sign in text.translate(SAME) if "!" <= sign <= "~")


def assert_whole(page: Page, formulas: list[str]) -> None:
    """Every formula is drawn, and nothing of it is missing, tiny or cut off."""
    amiss = [
        (source, visible, smallest, within)
        for formula, one in zip(formulas, page.drawn(formulas), strict=True)
        for source, visible, smallest, within in one["formulas"] or [(formula, *one["refused"], 0, False)]
        if one["refused"] or signs(source) - ascii_of(visible) or smallest < 8 or not within
    ]
    assert not amiss


@pytest.fixture(scope="module")
def page(produced: Path, argilla_server: Any, tmp_path_factory: pytest.TempPathFactory):
    """The page of a reviewer, on some record."""
    directory = part_of(produced, rows_of(produced)[:1], tmp_path_factory.mktemp("drawn") / "one-drawn-row")
    recipe("review", "push", directory, "--home", argilla_server.home)
    told = recipe("review", "invite", "vera", "--home", argilla_server.home)
    with chromium() as browser:
        page = Page(browser, argilla_server.url)
        page.sign_in("vera", password_in(told, "vera"))
        page.open(directory.name)
        yield page


@pytest.mark.parametrize(
    "latex",
    [
        *(
            r"\overset{5}{6}",
            r"\underset{5}{6}",
            r"\stackrel{5}{=}",
            r"\mathop{5}\limits_7",
            r"a \bmod b",
            r"\swarrow5\mathop{6}",
        ),
        *(r"\begin{align*}\tag{5} x &= 6\end{align*}", r"x^{x^{x^{7}}}"),
    ],
)
def test_what_the_page_loses_is_seen_to_be_lost(page, latex):
    """The measure itself: these would be drawn with something missing or tiny, and are shown as source."""
    with pytest.raises(AssertionError):
        assert_whole(page, [f"$${latex}$$"])
    assert "$$" not in shown(f"$${latex}$$")


def test_a_wide_formula_is_cut_off_unless_it_scrolls(page):
    wide = "$" + "+".join(f"x_{number}" for number in range(200)) + "$"
    for sign in ("", "$"):
        with pytest.raises(AssertionError):
            assert_whole(page, [sign + wide + sign])
        assert_whole(page, [shown(sign + wide + sign)])
    assert_whole(page, [shown("$" + "=" * (WIDE - 2) + "$")])


def test_every_sign_is_drawn(page):
    formulas = [f"$5 {name} 6$" for name in sorted(SYMBOLS)]
    assert all(shown(formula) == f" {formula}".strip() or formula in shown(formula) for formula in formulas)
    for formula, one in zip(formulas, page.drawn(formulas), strict=True):
        [[_, visible, _, _]] = one["formulas"]
        between = re.fullmatch(r"5(.+)6", "".join(visible.split()))
        assert between, formula
        assert "\\" not in between[1] or formula == r"$5 \backslash 6$"


HELD = (
    r"{7}{8}",
    r"{7x}{8y}^2",
    r"{\frac{7}{8}}{x_9}",
    r"{5^7}{8\sqrt{x}}",
    r"{\text{five}}{\left(7\right)}",
    r"{\pi 7}{6 \le 8}",
)
AROUND = ("$%s$", "$$5 + %s = 6$$", r"$\dfrac{%s}{3}$", r"$$\begin{align*}1 &= %s \\ 2 &= 5\end{align*}$$")


@pytest.mark.parametrize("held", [*HELD, "78", "_7^8", "{7}_{8}", r"\text{five}{7}", r"\frac{7}{8}{9}"])
def test_every_command_draws_what_it_holds(page, held):
    names = [*HOLDING, *SMALLER, *PLACED, *(SYMBOLS if held == "_7^8" else ())]
    formulas = [around % (name + held) for name in sorted(names) for around in AROUND]
    drawn = [formula for formula in formulas if "$" in shown(formula)]
    drawn = [
        formula for formula, one in zip(drawn, page.drawn([*map(shown, drawn)]), strict=True) if not one["refused"]
    ]
    assert len(drawn) > len(formulas) // 3  # the others are shown as source, by us or by KaTeX in red
    assert_whole(page, [*map(shown, drawn)])


PLACED = (
    *(
        r"\not",
        r"\sum\limits",
        r"\lim\limits",
        r"\sum\nolimits",
        r"\operatorname*{five}",
        r"\underbrace{5x}",
        r"\overbrace{5}",
    ),
    *(
        r"\left.",
        r"\left(5\right)",
        r"\left\{5\middle|6\right.",
        r"5\allowbreak",
        r"5\nonumber",
        r"\sqrt[3]",
        r"\big(",
        r"\Bigl|",
    ),
    *(
        r"{5 \over 6}",
        r"{5 \choose 6}",
        r"\begin{array}{c|c}5\\\hline6\end{array}",
        r"\begin{cases}5\\[2pt]6\end{cases}",
    ),
)


def test_the_page_shows_every_text(page, produced):
    """Nasty texts, all texts of 200 produced rows, and gold solutions of MATH where LEMMA_DATA names a folder with them."""
    texts = [*NASTY, *(row[name] for row in rows_of(produced)[:200] for name in COLUMNS)]
    texts += gold(Path(os.environ.get("LEMMA_DATA", "")) / "math_train.jsonl.gz")
    count = 0
    for text, one in zip(texts, page.drawn([shown(text) for text in texts]), strict=True):
        assert squeezed(one["text"]) == squeezed(seen(text))
        assert set(one["tags"]) <= {"P", "BR", "SPAN"}, text
        assert one["ms"] < 2000
        for source, visible, smallest, within in one["formulas"]:
            assert not signs(source) - ascii_of(visible), (source, visible)
            assert smallest >= 8, source
            assert within, source
            count += 1
    assert count > 100
    hostile = ["a$x$" * 25_000, "\\$5 *a* " * 12_000, "$" + "x_{" * 600 + "$ " * 3000, "$x$ " * 25_000]
    assert max(one["ms"] for one in page.drawn([shown(text) for text in hostile])) < 10_000


COLUMNS = ("question", "gold_solution", "erroneous_prefix", "reflection", "correction")


def gold(path: Path) -> Iterator[str]:
    if not path.is_file():
        return
    with gzip.open(path, "rt", encoding="utf-8", newline="\n") as file:
        for number, line in enumerate(file):
            if number % 25 == 0:
                yield json.loads(line)["solution"]
