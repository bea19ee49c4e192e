"""Hostile text reaches Argilla's page as text, in every field: no script runs, nothing is fetched, the page stays usable."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from .commands import part_of, password_in, recipe, rows_of
from .page import FIELDS, Page, chromium

COLUMNS = ("question", "gold_solution", "erroneous_prefix", "reflection", "correction")
RAN = "window.ran=1"
HOSTILE = {
    "script": f"</script><script>{RAN}</script><style>*{{display:none}}</style><title>x</title>",
    "handlers": f'<img src=x onerror="{RAN}"><svg onload="{RAN}"><iframe srcdoc="<script>parent.{RAN}</script>">',
    "links": f"[press](javascript:{RAN}) ![seen](http://127.0.0.1:9/seen.png) <http://127.0.0.1:9/> [r]: http://127.0.0.1:9/",
    "templates": f"{{{{x}}}} {{{{constructor.constructor('{RAN}')()}}}} ${{{RAN}}} <%= {RAN} %> $& $` $' $1 $$",
    "markdown": "# 1 * 2 * 3\n- 4 - 5\n1. six\n> 7 > 6\n    8\n| 9 | 10 |\n|---|---|\n~~11~~ `12` __13__\n---\n```\n14\n***\n&lt;b&gt; \\*",
    "maths": r"$\href{javascript:window.ran=1}{x}$ and $\includegraphics{http://127.0.0.1:9/seen.png}$ and $\htmlData{a=b}{x}$ and $\overset{5+5=11}{x} \cancel{5}$",
    "directions": "12 \u202e43 = 21\u202c \u2066\u05d0\u05d1\u2069 \u200f5\u200e \ufeff6\u200b7 \x1b[31m8\x00",
    "100 kB of LaTeX": "$" + r"\frac{1}{1+x_{2}}+" * 5000 + "1$ " + "{" * 4000 + "$x$",
}
DROPPED = {
    "first_wrong_step": "1",
    "error_type": "CA",
    "prefix_right": "yes",
    "correction_right": "no",
    "reflection_names_error": "no",
    "decision": "drop",
}


@pytest.fixture(scope="module")
def page(produced: Path, argilla_server: Any, tmp_path_factory: pytest.TempPathFactory):
    """The page of a reviewer, on the first of the rows that hold each hostile text in every column that is shown."""
    model, *_ = rows_of(produced)
    rows = [
        {**model, "id": f"{number:016x}", **{column: f"{column} {name}: {text}" for column in COLUMNS}}
        for number, (name, text) in enumerate(HOSTILE.items())
    ]
    for row in rows:
        row["output"] = row["erroneous_prefix"] + row["reflection"] + row["correction"]
        row["error_step"] = 1
    directory = part_of(produced, rows, tmp_path_factory.mktemp("hostile") / "hostile-rows")
    recipe("review", "push", directory, "--home", argilla_server.home)
    told = recipe("review", "invite", "mallory", "--home", argilla_server.home)
    with chromium() as browser:
        page = Page(browser, argilla_server.url)
        page.sign_in("mallory", password_in(told, "mallory"))
        page.open(directory.name)
        yield page


@pytest.fixture(scope="module")
def texts(page: Page) -> dict[str, dict[str, str]]:
    """Name of a hostile text to what each field shows, over all records; every record is judged on the way."""
    texts = {}
    for number in range(len(HOSTILE)):
        if number:
            page.settled()
        name = re.match(r"question (.+?):", page.read("problem")).group(1)
        texts[name] = {field: page.read(field) for field in FIELDS}
        page.answer(DROPPED)
        page.send("Enter")
    return texts


def test_every_record_was_judged(texts):
    assert texts.keys() == HOSTILE.keys()


@pytest.mark.parametrize("name", HOSTILE)
def test_every_field_shows_the_text_itself(texts, name):
    for field, column in zip(FIELDS, COLUMNS, strict=True):
        for line in filter(str.strip, f"{column} {name}: {HOSTILE[name]}".splitlines()):
            assert without_space(visible(line)) in without_space(texts[name][field]), field


def test_no_script_ran_and_nothing_was_fetched(page, texts, argilla_server):
    assert page.page.evaluate("window.ran") is None
    assert page.page.evaluate("frames.length") == 0
    hosts = {urlsplit(address).netloc for address in page.asked if address.startswith("http")}
    assert hosts <= {urlsplit(argilla_server.url).netloc, "fonts.googleapis.com"}  # the fonts are Argilla's own wish


def visible(text: str) -> str:
    """What a reviewer gets to see of characters that have no look of their own."""
    forms = {sign: f"⟨U+{ord(sign):04X}⟩" for sign in "\u202e\u202c\u2066\u2069\u200f\u200e\ufeff\u200b"}
    return text.translate(str.maketrans({**forms, "\x1b": "␛", "\x00": "␀"}))


def without_space(text: str) -> str:
    """Text as far as it can be compared: spaces mean nothing inside formulas, nor where the page breaks a line."""
    return "".join(text.split())
