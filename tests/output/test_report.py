"""`report.html`: complete, self-contained, and deaf to what the rows try to tell it."""

from __future__ import annotations

import re
from collections import Counter
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lemma_steps.output import Summary, normalise, render_report
from lemma_steps.output.charts import bar, columns
from lemma_steps.output.report import visible
from lemma_steps.taxonomy import TAXONOMY
from tests.output.rows import STEPS, kept, rejected, stream

HOSTILE = (
    """</div></section></style><script>alert(1)</script><img src=x onerror=alert(1)>"'{{ 7*7 }}{% raw %}<!-- &lt;"""
)
TEXTS = ("question", "explanation", "source", "teacher", "student", "error_type", "id", "strategy")


class Page(HTMLParser):
    """Elements, attributes and text of a page as a browser would see them."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: Counter[str] = Counter()
        self.attributes: list[tuple[str, str | None]] = []
        self.shown: list[str] = []
        self.feed(page)
        self.text = "".join(self.shown)

    def handle_starttag(self, tag, attrs):
        self.tags[tag] += 1
        self.attributes += attrs

    def handle_data(self, data):
        self.shown.append(data)


def page(rows, **run):
    summary = Summary(STEPS)
    for row in rows:
        summary.add(normalise(row))
    report = summary.report(settings={"teacher": "offline", "seed": 0}, run={"command": "lemma --output out", **run})
    return render_report(report, summary.examples)


def with_text(text):
    wrong = text + "They hold 46."
    output = f" First. {wrong}{text}{text}"
    columns = dict.fromkeys(TEXTS, text) | {"erroneous_prefix": f" First. {wrong}", "reflection": text}
    columns |= {"correction": text, "output": output, "error_begin": 8, "error_end": 8 + len(wrong)}
    bad = rejected(2, "decontaminate", "contaminated", text, source=text) | {"question": text}
    return [{**kept(1), **columns}, bad, {**kept(3), "output": text, "rejected_by": "smooth", "reason": text}]


def test_the_page_needs_no_network_and_runs_nothing():
    source = page(stream(60))
    tags = Page(source)
    assert not {"script", "link", "img", "iframe", "object"} & set(tags.tags)
    links = [value for name, value in tags.attributes if name in ("src", "href")]
    assert all(re.fullmatch(r"#[a-z0-9-]+|figures/[a-z_]+\.png", link) for link in links)
    assert not [name for name, _ in tags.attributes if name.startswith("on")]
    assert "url(" not in source
    assert "@import" not in source
    assert "default-src 'none'" in source


def test_every_number_of_the_funnel_is_shown():
    rows = stream(60)
    text = Page(page(rows)).text
    lost = sum("rejected_by" in row for row in rows)
    for step in STEPS:
        assert step in text
    assert f"entered {len(rows)} = kept {len(rows) - lost} + rejected {lost}" in text
    for words in (
        "contaminated",
        "declined",
        "gsm8k_test row 12",
        "first wrong step",
        "lemma --output out",
        "estimate",
    ):
        assert words.lower() in text.lower()
    assert TAXONOMY["CO"].name in text  # named as absent


@pytest.mark.parametrize("text", [HOSTILE, "\u202egnorw \u2066", "\x00\x0b\x1b[31m\ud800", "x" * 100_000, ""])
def test_hostile_text_stays_text(text):
    benign, hostile = Page(page(with_text("plain"))), Page(page(with_text(text)))
    extra = hostile.tags - benign.tags
    assert not extra, extra
    if text == HOSTILE:
        assert HOSTILE in hostile.text
    assert not re.search("[\x00\x0b\x1b\ud800]", hostile.text)


@settings(deadline=None, max_examples=40)
@given(st.text("<>&\"'/!-{}%a =;\n", max_size=60))
def test_no_text_makes_an_element(text):
    assert not Page(page(with_text(text))).tags - Page(page(with_text("plain"))).tags


def test_a_question_of_a_megabyte_is_cut_and_said_to_be():
    source = page([kept(1, question="q" * 1_000_000)])
    assert len(source) < 100_000
    assert "(997,000 more characters)" in source


@pytest.mark.parametrize(
    "rows", [[], [rejected(1, "load_problems", "no_answer")], [kept(1)]], ids=["none", "bad", "one"]
)
def test_runs_with_little_in_them_have_a_page_too(rows):
    assert f"kept of {len(rows)} that entered" in Page(page(rows)).text


def test_the_page_is_for_phones_paper_and_the_dark():
    source = page(stream(10))
    for needed in ('name="viewport"', "@media print", "prefers-color-scheme: dark", "max-width: 42rem"):
        assert needed in source


def test_the_parts_of_an_example_carry_their_colours():
    source = page([kept(1)])
    order = [source.index(f'class="part {kind}"') for kind in ("before", "wrong", "reflection", "correction")]
    assert order == sorted(order)


def test_the_same_run_gives_the_same_page():
    assert page(stream(30)) == page(stream(30))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\x00b", "a␀b"),
        ("\x7f", "␡"),
        ("a\tb\n", "a\tb\n"),
        (3, "3"),
        ("x" * 3001, "x" * 3000 + " … (1 more characters)"),
    ],
)
def test_what_is_invisible_is_made_visible(text, shown):
    assert visible(text) == shown


def test_charts():
    drawn = bar([("kept", 1), ("lost", 3)], of=4)
    assert 'width="25.000%"' in drawn
    assert 'x="25.000%" width="75.000%"' in drawn
    assert "Infinity" not in bar([("kept", 0)], of=0)
    many = columns([(str(n), n) for n in range(40)], "rows")
    assert many.count("<rect") == 40
    assert many.count('class="label"') == 8
    assert "&lt;b&gt;" in columns([("<b>", 1)], "rows")


@pytest.mark.parametrize("records", [0, 3])
def test_a_review_is_shown_where_there_was_one_and_adds_no_element(records):
    figures = {"n": 3, "agree": 2, "share": 0.667, "low": 0.2, "high": 0.9, "kappa": None, "kappa_low": None}
    question = {"name": "decision", "title": HOSTILE, "records": 3, "between": None}
    review = {"records": records, "answers": 3, "reviewers": 1, "choices": {HOSTILE: 3}, "population": 9}
    review["questions"] = [question | {"with_labels": {**figures, "kappa_high": None, "note": None}}]
    review["over"] = {"choices": [HOSTILE], "why": f"1 of 2 drawn {HOSTILE}"}
    review["changes"] = {"dropped": 1, "refused": {HOSTILE: 2}}
    summary = Summary(STEPS)
    for row in stream(20):
        summary.add(normalise(row))
    report = summary.report(settings={}, run={"command": "x"})
    before = Page(render_report(report, summary.examples))
    page = Page(render_report(report | {"review": review}, summary.examples))
    assert page.tags["script"] == page.tags["img"] == 0
    assert ("66.7 % (20.0 to 90.0)" in page.text) == bool(records)
    assert ("(1 of 2 drawn" in page.text) == bool(records)
    assert ("dropped 1, changes refused 2" in page.text) == bool(records)
    assert (page.tags == before.tags) == (not records)


def test_every_line_of_the_contents_leads_somewhere_and_every_section_is_listed():
    tags = Page(page(stream(60)))
    ids = [value for name, value in tags.attributes if name == "id"]
    links = [value[1:] for name, value in tags.attributes if name == "href" and value.startswith("#")]
    assert set(links) <= set(ids)
    assert len(ids) == len(set(ids))
    assert {"funnel", "made-of", "types", "places", "quality", "lengths", "reflections", "strategies"} <= set(links)
    assert {"duplicates", "contamination", "cost", "kept", "rejected", "again"} <= set(links)


def test_a_reason_in_the_funnel_leads_to_its_example():
    source = page(stream(60))
    for anchor, reason in re.findall(r'href="#(rejected-\d+)"><code>(\w+)', source):
        assert re.search(rf'id="{anchor}"[^>]*>\s*<summary><code>{reason}</code>', source)
    assert source.count('href="#rejected-') == 4


def test_a_rejected_row_is_shown_as_far_as_it_got():
    wrong = rejected(1, "inject_error", "x", erroneous_solution="It is 2+2=5.", origin="injected", id="a")
    whole = {**kept(2), "rejected_by": "answer_filter", "reason": "wrong"}
    source = page([wrong, whole])
    parts = re.findall(r'class="part (\w+)"', source)
    assert parts == ["solution", "before", "wrong", "reflection", "correction"]


def test_what_nobody_measured_is_called_so_and_what_was_measured_has_its_interval():
    rows = [kept(1, provenance=[])]
    assert "Not measured: nobody reviewed these rows" in Page(page(rows)).text
    summary = Summary(STEPS)
    summary.add(normalise(kept(1)))
    report = summary.report(settings={}, run={"command": "x"})
    asked = [{"teacher": HOSTILE, "template": "locate_first_error@0"}]
    unmeasured = Page(render_report({**report, "label_quality": {"asked": {"locator": asked}}}, summary.examples))
    assert f"Not measured: {HOSTILE[:80]} …" in " ".join(unmeasured.text.split())
    share = {"value": 0.5, "low": 0.4, "high": 0.6}
    found = {"teacher": "t", "with_reference": False, "votes": 3, "sets": {HOSTILE: {"n": 90, "acc_wrong": share}}}
    measured = Page(render_report({**report, "label_quality": {"asked": {}, "locator": [found]}}, summary.examples))
    assert "50.0 % (40.0 to 60.0)" in measured.text
    assert "without reference, votes 3" in measured.text
    assert measured.tags["script"] == unmeasured.tags["script"] == 0


def test_without_a_student_the_mix_is_not_called_the_students():
    text = " ".join(Page(page([kept(number) for number in range(30)])).text.split())
    assert "as in the paper's figures for LLaMA3-8B" in text
    assert "the student’s" not in text[text.index("Error types Are") : text.index("How far apart")].replace(
        "that the student makes", ""
    )


def test_a_run_without_injections_says_so():
    own = [kept(number, origin="student", requested_type=None) for number in range(3)]
    assert "No error was injected." in page(own)
    assert "No error was injected." not in page([*own, kept(4)])


def test_measurements_asked_otherwise_than_the_run_are_folded_away():
    share = {"value": 0.5, "low": 0.4, "high": 0.6}
    figures = {"n": 90, "n_wrong": 60, "n_right": 30, "right_if_answered": share}
    found = [
        {"teacher": "t", "votes": votes, "as_in_run": votes == 3, "sets": {"eic_gsm8k": figures}} for votes in (3, 5, 9)
    ]
    summary = Summary(STEPS)
    summary.add(normalise(kept(1)))
    report = summary.report(settings={}, run={"command": "x"}) | {"label_quality": {"asked": {}, "locator": found}}
    shown, folded = render_report(report, summary.examples).split("Asked in other ways: 2 more measurements")
    assert "votes 3" in shown
    assert "votes 5" not in shown
    assert folded.count("not as in this run") == 2
    assert all(
        words in shown for words in ("EIC, GSM8K", "GPT-4, which made the errors", "60 + 30", "right if answered")
    )


@pytest.mark.parametrize("method", ["sft", "rft", "gptaug", "isc", "refaug", "new_method"])
def test_other_methods_have_the_sections_that_make_sense(method):
    columns = dict.fromkeys(
        ("origin", "strategy", "error_type", "requested_type", "error_step", "error_begin", "error_end")
    )
    summary = Summary(STEPS)
    for number in range(5):
        row = {**kept(number), **columns, "method": method, "erroneous_prefix": "", "reflection": ""}
        summary.add(normalise({**row, "correction": row["output"]}))
    report = summary.report(settings={"method": method}, run={"command": "x"})
    tags = Page(render_report(report, summary.examples))
    ids = {value for name, value in tags.attributes if name == "id"}
    assert {"funnel", "made-of", "lengths", "duplicates", "cost", "kept"} <= ids
    assert not {"types", "places", "strategies"} & ids
    assert "turn back on their own work" in tags.text
