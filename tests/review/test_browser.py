"""A reviewer at the page: reads maths and the marked step, answers with the keyboard, and `pull` brings back just that."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import pytest

from .commands import part_of, password_in, recipe, reviews_of, rows_of
from .page import Page, chromium, words

# REVIEW_PICTURES=docs makes the pictures of docs/review.md anew.
PICTURES = Path(os.environ["REVIEW_PICTURES"]).resolve() if "REVIEW_PICTURES" in os.environ else None
REWORDED = "Wait, the last step cannot be right. Let me see where it goes wrong and do it again."
EDIT = "Then $3 \\cdot 4 = 12$, <b>not</b> 13 &amp; not $& either.\n\n  Two  spaces, `code`, {{x}}, \\(y\\), é, 日本.\nThe answer is: 12"


@pytest.fixture(scope="module")
def five_rows(produced: Path, argilla_server: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Rows with maths in them, of five problems, sent to the server by the command."""
    rows = [row for row in rows_of(produced) if "\\" in row["erroneous_prefix"] and row["error_step"] > 1]
    rows = list({row["question"]: row for row in rows}.values())[:5]
    directory = part_of(produced, rows, tmp_path_factory.mktemp("browser") / "five-rows")
    recipe("review", "push", directory, "--home", argilla_server.home)
    return directory


@pytest.fixture(scope="module")
def page(five_rows: Path, argilla_server: Any):
    """The page of a reviewer whom the command invited, on the first record."""
    told = recipe("review", "invite", "maria", "--home", argilla_server.home)
    with chromium() as browser:
        page = Page(browser, argilla_server.url)
        page.sign_in("maria", password_in(told, "maria"))
        page.open(five_rows.name)
        yield page


@pytest.fixture(scope="module")
def given(page: Page, five_rows: Path) -> dict[str, dict[str, str]]:
    """What maria submitted, by id of the row: two rows as they are, one with both texts rewritten; two she did not submit."""
    given = {}
    for number, reviewed in enumerate(("as it is", "dropped", "edited", "discarded", "draft")):
        if number:
            page.settled()
        row = now_shown(page, rows_of(five_rows))
        verdict = "no" if reviewed == "dropped" else "yes"
        answers = {
            "first_wrong_step": str(row["error_step"]) if number else "none",
            "error_type": "QM",
            "prefix_right": verdict,
            "correction_right": "no",
            "reflection_names_error": verdict,
            "decision": "drop" if reviewed == "dropped" else "keep",
        }
        page.answer(answers)
        if reviewed == "edited":
            page.edit("edited_reflection", REWORDED)
            for place in (page.field("correction"), page.box("comment")):
                place.scroll_into_view_if_needed()
            page.picture(PICTURES, "review-edited")
            page.edit("edited_correction", EDIT)
            answers |= {"edited_reflection": REWORDED, "edited_correction": EDIT}
        sent = page.send({"discarded": "Backspace", "draft": "Control+s"}.get(reviewed, "Enter"))
        if sent["status"] == "submitted":
            given[row["id"]] = answers
    return given


def now_shown(page: Page, rows: list[dict[str, Any]]) -> dict[str, Any]:
    (row,) = [row for row in rows if page.box("edited_correction").inner_text() == row["correction"]]
    return row


def test_the_page_shows_maths_and_one_marked_step(page: Page, five_rows: Path):
    row = now_shown(page, rows_of(five_rows))
    page.field("steps").locator(".katex").first.wait_for()
    page.picture(PICTURES, "review-page")
    assert page.field("steps").locator(".katex-error").count() == 0
    assert words(page.read("problem")) == words(row["question"])
    assert words(page.read("correction")) == words(row["correction"])
    marked = [line for line in page.read("steps").splitlines() if "marked" in line.lower()]
    assert len(marked) == 1
    assert re.search(rf"\bStep {row['error_step']}\b", marked[0])


def test_the_guidelines_are_at_hand(page: Page):
    page.page.get_by_text("Guidelines", exact=False).first.click()
    page.page.get_by_role("heading", name="The twelve kinds of error").wait_for()
    page.picture(PICTURES, "review-guidelines")
    page.page.reload()
    page.settled()


def test_answers_come_back_as_they_were_given(given, five_rows, argilla_server):
    recipe("review", "pull", five_rows, "--home", argilla_server.home)
    lines = reviews_of(five_rows)
    assert sorted(line["id"] for line in lines) == sorted(given)
    assert len(given) == 3
    for line in lines:
        assert line["answers"] == given[line["id"]]
    assert {line["reviewer"] for line in lines} == {"maria"}
