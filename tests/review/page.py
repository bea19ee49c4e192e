"""Argilla's annotation page as a reviewer with a keyboard uses it: what the tests press, and what they read there."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

FIELDS = ("problem", "gold_solution", "steps", "reflection", "correction")
CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
QUIET = ("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync")
OFFLINE = ("--disable-background-networking", "--disable-component-update")

# What a person reads: the text as laid out, with each rendered formula as the LaTeX that it was made from (which stands
# at the end of its MathML, as Argilla leaves it).
READ = """field => {
    const drawn = [...field.querySelectorAll('.katex')].map(formula => {
        const mark = formula.parentElement.classList.contains('katex-display') ? '$$' : '$';
        const source = formula.querySelector('math').lastChild.textContent;
        const text = document.createTextNode(mark + source + mark);
        formula.replaceWith(text);
        return [text, formula];
    });
    const read = field.innerText;
    drawn.forEach(([text, formula]) => text.replaceWith(formula));
    return read;
}"""
# Asks the page's own reader of Markdown, in a field of the record, for each text: its text with the source of each formula
# in its place, its tags, the time, what KaTeX refused, and of each formula what is really drawn (characters that have a
# place on the page), the size of the smallest letter in px, and whether all of it can be reached.
DRAW = """texts => {
    let require;
    const probe = `probe ${performance.now()}`;
    const key = Object.keys(window).find(name => name.startsWith('webpackJsonp'));
    window[key].push([[probe], {[probe]: (module, exports, given) => { require = given; }}, [[probe]]]);
    const parts = Object.values(require.c).map(module => module.exports && module.exports.default).filter(Boolean);
    const found = parts.map(part => part.options || part).find(part => part.computed && part.computed.markdownToHtml);
    const field = document.querySelector('.record__content .markdown-render');
    const range = document.createRange();
    const measured = formula => {
        let text = '', smallest = Infinity;
        const walker = document.createTreeWalker(formula, NodeFilter.SHOW_TEXT);
        for (let node; node = walker.nextNode();) {
            range.selectNodeContents(node);
            const style = getComputedStyle(node.parentElement);
            const accent = /\\p{M}/u.test(node.textContent);  // drawn over its neighbour, without a width
            const placed = [...range.getClientRects()].some(box => box.height > 1 && (box.width > 1 || accent));
            if (!placed || style.visibility !== 'visible' || style.opacity !== '1') continue;
            text += node.textContent;
            if (node.textContent.trim()) smallest = Math.min(smallest, parseFloat(style.fontSize));
        }
        const math = formula.querySelector('math');
        const scrolls = formula.closest('[style*="overflow-x: auto"]');
        const fits = math.scrollWidth <= field.clientWidth + 1;
        return [math.lastChild.textContent, text, smallest, fits || Boolean(scrolls && scrolls.clientWidth <= field.clientWidth)];
    };
    return texts.map(markdown => {
        const begin = performance.now(), drawn = document.createElement('div');
        drawn.innerHTML = found.computed.markdownToHtml.call({markdown});
        const ms = performance.now() - begin;
        field.append(drawn);
        const formulas = [...drawn.querySelectorAll('.katex')].map(measured);
        const refused = [...drawn.querySelectorAll('.katex-error')].map(each => each.title);
        drawn.querySelectorAll('.katex').forEach(each => each.replaceWith(each.querySelector('math').lastChild.textContent));
        const tags = [...new Set([...drawn.querySelectorAll('*')].map(each => each.tagName))];
        drawn.remove();
        return {text: drawn.textContent, tags, ms, refused, formulas};
    });
}"""
FOCUSED = "() => document.activeElement.closest('[aria-label^=\"Question: \"]')?.getAttribute('aria-label').slice(10)"
WRITING = "() => document.activeElement.isContentEditable"


@contextmanager
def chromium() -> Iterator[Any]:
    """A running browser that asks nobody anything; the test skips where there is none."""
    sync = pytest.importorskip("playwright.sync_api", reason="needs playwright: uv run --extra review --group browser")
    path = next(filter(None, map(shutil.which, CHROMIUM)), None)
    if path is None:
        pytest.skip("no Chromium on this machine (Debian: apt-get install chromium)")
    with sync.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=[*QUIET, *OFFLINE])
        yield browser
        browser.close()


class Page:
    """One reviewer at one server. `asked` holds the addresses that the page asked for anything, whoever answered."""

    def __init__(self, browser: Any, url: str) -> None:
        # In English whatever the machine speaks, and as wide as a laptop.
        self.page = browser.new_context(viewport={"width": 1440, "height": 1000}, locale="en-GB").new_page()
        self.page.set_default_timeout(30_000)
        self.url, self.asked = url, []
        self.page.on("request", lambda request: self.asked.append(request.url))

    def sign_in(self, username: str, password: str) -> None:
        self.page.goto(f"{self.url}/sign-in", wait_until="domcontentloaded")
        self.page.locator("input[type=text]").fill(username)
        self.page.locator("input[type=password]").fill(password)
        self.page.keyboard.press("Enter")
        self.page.wait_for_url(lambda url: "sign-in" not in url)

    def open(self, dataset: str) -> None:
        """Click the dataset's card on the first page, and wait for its first record."""
        self.page.get_by_text(dataset, exact=True).first.click()
        self.settled()

    def settled(self) -> None:
        """Wait until the record is drawn and the page has put the focus on the first question."""
        self.page.wait_for_selector(".record__content .content-area")
        self.page.wait_for_function(f"({FOCUSED})() === 'first_wrong_step'")

    def field(self, name: str) -> Any:
        return self.page.locator(".record__content .content-area").nth(FIELDS.index(name))

    def read(self, name: str) -> str:
        return self.field(name).evaluate(READ).strip()

    def drawn(self, markdown: list[str]) -> list[dict[str, Any]]:
        """What the page makes of Markdown, and how much of its formulas is to be seen (`DRAW`)."""
        return [
            one
            for begin in range(0, len(markdown), 200)
            for one in self.page.evaluate(DRAW, markdown[begin : begin + 200])
        ]

    def focused(self) -> str | None:
        """Name of the question that has the focus."""
        return self.page.evaluate(FOCUSED)

    def answer(self, answers: Mapping[str, str]) -> None:
        """Type the keys that the page shows beside these labels, question by question, in the order of the page."""
        left = set(answers)
        while (question := self.focused()) in left:
            label = self.page.locator(f"[id='{question}_{answers[question]}']")
            for digit in label.get_attribute("data-keyboard"):
                self.page.keyboard.press(digit)
            self.page.wait_for_function(f"({FOCUSED})() !== '{question}'")
            assert label.is_checked()
            left.remove(question)
        assert not left, f"the keys led to {question}, not to {left}"

    def box(self, question: str) -> Any:
        return self.page.locator(f"[aria-label='Question: {question}'] [contenteditable]")

    def edit(self, question: str, text: str) -> None:
        """Go into a text box by Tab, replace what is there, and leave the box by Escape."""
        for _ in range(20):
            if self.focused() == question and self.page.evaluate(WRITING):
                break
            self.page.keyboard.press("Tab")
        self.page.keyboard.press("Control+a")
        self.page.keyboard.insert_text(text)
        self.page.keyboard.press("Escape")

    def send(self, key: str) -> dict[str, Any]:
        """Press Enter to submit, Backspace to discard, Control+s to keep a draft; returns what the page sent."""
        with self.page.expect_response(lambda answer: "/responses" in answer.url) as sent:
            self.page.keyboard.press(key)
        assert sent.value.ok, sent.value.status
        return sent.value.request.post_data_json

    def picture(self, folder: Path | None, name: str) -> None:
        """Save what is to be seen, for docs/; nothing without a folder."""
        if folder is not None:
            self.page.wait_for_timeout(1000)  # panels slide
            self.page.screenshot(path=folder / f"{name}.png")


def words(text: str) -> str:
    """The text without its line breaks and indents, which the page lays out its own way."""
    return " ".join(text.split())
