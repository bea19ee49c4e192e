"""The figures: one for everything there is to show, drawn from any names, the same twice."""

from __future__ import annotations

import json

import pytest

from lemma_steps.labelled import registry
from lemma_steps.output import Summary, normalise
from lemma_steps.output.figures import draw_figures, figure_names
from lemma_steps.output.figures.canvas import LONGEST_NAME, name
from lemma_steps.output.figures.label_quality import locators
from tests.output.rows import STEPS, kept, rejected, stream

HOSTILE = ["$\\frac{$", "_hidden", "\x00\x1b[2J\u202e\ud800", "数" * 200, "<b>&amp;", "", "a\nb\t%s {0}"]
QUALITY = {"value": 0.5, "low": 0.4, "high": None}


def report_of(rows, **more):
    summary = Summary(STEPS)
    for row in rows:
        summary.add(normalise(row))
    return {**summary.report(settings={}, run={}), **more}


def size(data):
    return tuple(int.from_bytes(data[at : at + 4], "big") for at in (16, 20))


def test_every_figure_is_drawn_and_the_same_twice():
    report = report_of(stream(40))
    figures = dict(draw_figures(report))
    assert list(figures) == [f"{name}.png" for name in figure_names(report)]
    assert all(data.startswith(b"\x89PNG") and b"matplotlib" not in data for data in figures.values())
    assert all(900 < size(data)[0] < 1000 for data in figures.values())
    assert dict(draw_figures(json.loads(json.dumps(report)))) == figures


@pytest.mark.parametrize("text", HOSTILE)
def test_any_name_can_be_drawn(text):
    names = dict.fromkeys(("origin", "strategy", "error_type", "requested_type", "reflection"), text)
    bad = {**rejected(2, "smooth", text or "x", text), **names, "id": "b"}
    call = {"step": text, "template": text, "model": text, "tokens_in": 10**9, "tokens_out": 0, "calls": 1}
    figures = {"n": 3, "acc_wrong": QUALITY, "acc_right": {**QUALITY, "value": None}}
    measured = {"teacher": text, "votes": text, "sets": {text: figures}}
    report = report_of([{**kept(1), **names}, bad], calls=[call], label_quality={"locator": [measured]})
    assert {"label_quality.png", "calls.png"} <= dict(draw_figures(report)).keys()


def test_the_figure_of_the_labels_names_every_set_that_the_page_shows():
    found = [{"teacher": "t", "votes": v, "sets": {key: {"n": 3} for key in registry()}} for v in (1, 3)]
    assert [label for label, _ in locators({"label_quality": {"locator": found}})] == [
        by.title for by in registry().values()
    ]
    assert all(name(by.title) == by.title for by in registry().values())


@pytest.mark.parametrize("rows", [[], [rejected(1, "load_problems", "no_answer")]], ids=["none", "bad"])
def test_nothing_is_drawn_of_nothing(rows):
    assert [file for file, _ in draw_figures(report_of(rows))] == ["funnel.png"]


def test_many_kinds_make_no_endless_figure():
    rows = [{**kept(number), "origin": f"o{number}", "error_type": f"T{number}"} for number in range(80)]
    assert all(size(data)[1] < 3000 for _, data in draw_figures(report_of(rows)))


@pytest.mark.parametrize("text", HOSTILE)
def test_a_label_is_one_short_visible_line(text):
    shown = name(text)
    assert len(shown) <= LONGEST_NAME
    assert not shown.startswith("_")
    assert shown == "" or shown.isprintable()
