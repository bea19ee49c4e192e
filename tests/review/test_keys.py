"""What docs/review.md and the guidelines say of Argilla's keys, at the page itself: where reviewers stumble."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from .commands import part_of, password_in, recipe, rows_of
from .page import WRITING, Page, chromium

SUBMIT = "[...document.querySelectorAll('button')].find(each => /Submit$/.test(each.innerText))"
PAUSE_MS = 400


@pytest.fixture(scope="module")
def browser_page(produced: Path, argilla_server: Any, tmp_path_factory: pytest.TempPathFactory):
    directory = part_of(produced, rows_of(produced)[:1], tmp_path_factory.mktemp("keys") / "one-row-of-keys")
    recipe("review", "push", directory, "--home", argilla_server.home)
    told = recipe("review", "invite", "kim", "--home", argilla_server.home)
    with chromium() as browser:
        page = Page(browser, argilla_server.url)
        page.sign_in("kim", password_in(told, "kim"))
        page.open(directory.name)
        yield page


@pytest.fixture
def page(browser_page):
    """The page with nothing answered."""
    browser_page.page.reload()
    browser_page.settled()
    return browser_page


def press(page: Page, keys: Iterable[str], pause_ms: int) -> None:
    for key in keys:
        page.page.keyboard.press(key)
        page.page.wait_for_timeout(pause_ms)
    page.page.wait_for_timeout(PAUSE_MS)


@pytest.mark.parametrize(("pause_ms", "kind"), [(PAUSE_MS, "NO"), (50, "QM")])
def test_hasty_digits_are_one_number_and_are_not_submitted(page, pause_ms, kind):
    press(page, "21", PAUSE_MS)
    press(page, "1111", pause_ms)
    assert page.page.locator(f"[id='error_type_{kind}']").is_checked()
    assert page.page.evaluate(f"{SUBMIT}.disabled") is (pause_ms < PAUSE_MS)


def test_what_no_second_digit_can_follow_may_be_followed_in_haste(page):
    press(page, "212111", 50)
    assert page.page.locator("[id='first_wrong_step_2']").is_checked()
    assert page.page.locator("[id='prefix_right_yes']").is_checked()
    assert page.page.locator("[id='error_type_CA']").is_checked()
    assert not page.page.evaluate(f"{SUBMIT}.disabled")


@pytest.mark.parametrize("elsewhere", [".record__content .content-area >> nth=0", "text=GUIDELINES"])
def test_digits_do_nothing_after_a_click_elsewhere_until_tab(page, elsewhere):
    page.page.click(elsewhere)
    press(page, "2", PAUSE_MS)
    assert not page.page.locator("input:checked").count()
    press(page, ["Tab", "2"], PAUSE_MS)
    assert page.page.locator("[id='first_wrong_step_2']").is_checked()


def test_two_tabs_lead_from_one_box_to_the_next(page):
    page.box("edited_reflection").click()
    for writes in (False, True):
        page.page.keyboard.press("Tab")
        assert page.focused() == "edited_correction"
        assert page.page.evaluate(WRITING) is writes
