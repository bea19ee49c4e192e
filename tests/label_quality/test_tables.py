"""Tables and figures of a study: every figure with its interval, nothing of a model's name acting on page or terminal."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from lemma_steps.label_quality.pictures import draw
from lemma_steps.label_quality.prediction import Prediction
from lemma_steps.label_quality.published import published
from lemma_steps.label_quality.scores import mean_f1, score
from lemma_steps.label_quality.settings import ScoreSettings
from lemma_steps.label_quality.study import Study
from lemma_steps.label_quality.table import Table, percent
from lemma_steps.label_quality.tables import MEASURES, tables
from lemma_steps.label_quality.type_scores import TypePrediction
from lemma_steps.labelled import registry

HOSTILE = "[red]m|\x1b[31m$x_1$<b>"


def predictions(n, label, step, agreement=0.5):
    return [Prediction(f"{k}", f"{k}", label, step(k), None, agreement) for k in range(n)]


@pytest.fixture(scope="module")
def report():
    study = Study(ScoreSettings(teacher="offline", votes=2), [], {"command": "c", "date": "d", "version": "v"}, HOSTILE)
    rows = predictions(20, 1, lambda k: 1 + k % 2) + predictions(10, None, lambda k: None if k % 3 else 1, 1.0)
    sets = {name: rows for name in registry() if name.startswith("processbench")} | {"eic_gsm8k": rows}
    study.located = {(True, "off"): {"eic_gsm8k": rows}, (False, "off"): sets, (False, "vote"): sets}
    study.checked = {"eic_gsm8k": rows}
    study.typed = {"eic_gsm8k": [TypePrediction(f"{k}", f"{k}", "CA", "OP" if k % 2 else "none") for k in range(9)]}
    return study.report(study.measurements())


def test_a_terminal_of_100_columns_is_wide_enough(report):
    shown = io.StringIO()
    console = Console(file=shown, width=100)
    for table in tables(report):
        console.print(table.screen())
    text = shown.getvalue()
    assert max(map(len, text.splitlines())) <= 100
    assert "…" in text
    assert "\x1b" not in text
    assert "[red]m|" in text
    for heading in ("Agreement of the votes", "check alone", "Error types", "Beside published figures", "The sets"):
        assert heading in text


def test_markdown_shows_a_name_as_it_is(report):
    page = "\n".join(table.markdown() for table in tables(report))
    assert "\x1b" not in page
    assert r"\[red\]m\|" in page
    assert "<b>" not in page.replace(r"\<b\>", "")
    rows = [line for line in page.splitlines() if line.startswith("|")]
    assert all(line.endswith("|") for line in rows)


def test_every_published_figure_of_a_set_that_was_scored_stands_beside_ours(report):
    [beside] = [table for table in tables(report) if table.title == "Beside published figures"]
    processbench = [
        "ProcessBench, GSM8K",
        "ProcessBench, MATH",
        "ProcessBench, OlympiadBench",
        "ProcessBench, Omni-MATH",
    ]
    assert [row[0] for row in beside.rows] == [*[*processbench, "ProcessBench, mean"] * 2, "EIC, GSM8K", "EIC, GSM8K"]
    assert "o1-mini 93.2" in beside.rows[0][3]
    assert "GPT-4 (1106-preview) 51.6" in beside.rows[-1][3]
    assert beside.rows[-1][2].startswith("0.0 [")
    assert "2412.06559" in beside.notes[1]


@pytest.mark.parametrize(("votes", "columns"), [(1, 3), (2, 6)])
def test_of_one_vote_both_says_of_the_check_are_one_column(report, votes, columns):
    [one] = [one for one in report["differences"] if one["to"]["checker"] == "vote"]
    both = [one, {**one, "to": {**one["to"], "checker": "earliest"}}]
    settings = {**report["settings"], "votes": votes}
    [table] = [one for one in tables({**report, "differences": both, "settings": settings}) if "say of" in one.title]
    assert len(table.headings) == 2 + columns
    assert ("one more vote" in " ".join(table.notes)) == (votes > 1)


def test_one_answer_and_the_majority_of_eight_are_kept_apart():
    """The paper's Table 3 has open models by a majority of eight; greedy answers of them are in its Table 9."""
    greedy, majority = (one for one in published() if one.measure == "f1")
    assert "one greedy answer" in greedy.differs
    assert "majority of eight" in majority.differs
    assert set(majority.figures) < set(greedy.figures)
    for model, figures in majority.figures.items():
        assert all(figures[name] > greedy.figures[model][name] for name in figures)
    for figures in (*greedy.figures.values(), *majority.figures.values()):
        four = [figure for name, figure in figures.items() if name != "ProcessBench"]
        assert figures["ProcessBench"] == pytest.approx(sum(four) / 4, abs=0.1)


def test_published_figures_name_their_source_and_sets_that_exist():
    averages = {by.average for by in registry().values()}
    for one in published():
        assert one.source
        assert one.differs
        assert one.measure in MEASURES
        for figures in one.figures.values():
            assert figures.keys() <= registry().keys() | averages
            assert all(0 < figure < 100 for figure in figures.values())
        for average in averages & {name for figures in one.figures.values() for name in figures}:
            members = [name for name, by in registry().items() if by.average == average]
            for figures in one.figures.values():
                assert sum(figures[name] for name in members) / len(members) == pytest.approx(
                    figures[average], abs=0.06
                )


def test_what_never_varies_still_has_an_interval():
    never = score(predictions(10, 1, lambda _: 2) + predictions(5, None, lambda _: 1), "x")
    for part in ("acc_wrong", "acc_right", "f1"):
        assert never[part]["value"] == never[part]["low"] == 0
        assert 0.2 < never[part]["high"] < 0.5
    always = score(predictions(10, 1, lambda _: 1) + predictions(5, None, lambda _: None), "x")
    assert all(always[part]["low"] < always[part]["value"] == 1 for part in ("acc_wrong", "acc_right", "f1"))
    mean = mean_f1([("x", predictions(10, 1, lambda _: 2) + predictions(5, None, lambda _: 1))] * 2)
    assert mean["high"] == never["f1"]["high"]


@pytest.mark.parametrize(
    ("figure", "shown"),
    [
        ({"value": 0.8434, "low": 0.8, "high": 1.0}, "84.3 [80.0, 100]"),
        ({"value": None, "low": None, "high": None}, "–"),
        (None, "–"),
    ],
)
def test_a_figure_in_percent(figure, shown):
    assert percent(figure) == shown


def test_a_difference_has_its_sign():
    assert percent({"value": 0.05, "low": -0.01, "high": 0.1}, sign=True) == "+5.0 [-1.0, +10.0]"


def test_pictures_are_drawn_where_there_is_something_to_draw(report, tmp_path):
    assert draw(report, tmp_path) == ["locator.png", "agreement.png", "types.png"]
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in tmp_path.iterdir())
    nothing = {**report, "locator": [], "agreement": [], "classifier": []}
    assert draw(nothing, tmp_path) == []


def test_a_table_needs_no_notes():
    assert Table("T", ("", "n"), [["a", "1"]]).markdown() == "## T\n\n|  | n |\n| --- | ---: |\n| a | 1 |\n\n"
