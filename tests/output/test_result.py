"""From a stream of rows to a complete folder."""

from __future__ import annotations

import asyncio
import json

import pytest

from lemma_steps.errors import RefusedError, StoppedError
from lemma_steps.label_quality.measured import store
from lemma_steps.label_quality.scores import SHARES
from lemma_steps.output import DatasetWriter, write_result
from lemma_steps.output.figures import figure_names
from tests.output.rows import STEPS, kept, rejected, stream

DATA = ("train.parquet", "train.jsonl", "rejected.parquet")


def result(folder, rows, **options):
    async def arriving():
        for row in rows:
            yield row

    return asyncio.run(write_result(arriving(), STEPS, folder, {"seed": 0}, "lemma --output out", **options))


def test_the_folder_is_complete_and_adds_up(tmp_path):
    report = result(tmp_path, stream(60), run=lambda: {"calls_repeated": 0})
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(
        [*DATA, "README.md", "report.html", "report.json", "figures"]
    )
    drawn = sorted(path.stem for path in (tmp_path / "figures").glob("*.png"))
    assert drawn == sorted(figure_names(report))
    assert {"funnel", "distribution_match", "type_by_step", "lengths", "reflections", "strategies"} <= set(drawn)
    assert json.loads((tmp_path / "report.json").read_text("utf-8")) == report
    assert report["entered"] == report["kept"] + report["rejected"] == len(stream(60))
    assert report["run"]["command"] == "lemma --output out"
    assert report["run"]["calls_repeated"] == 0
    assert report["run"]["versions"]["distilabel"]


def test_the_same_rows_give_the_same_data_and_a_report_that_differs_under_run_alone(tmp_path):
    first, second = (result(tmp_path / name, stream(40)) for name in "ab")
    for name in DATA:
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
    assert {**first, "run": 0} == {**second, "run": 0}


def test_a_run_that_keeps_nothing_says_why_and_leaves_the_evidence(tmp_path):
    rows = [rejected(n, "load_problems", "no_answer" if n else "question_empty") for n in range(3)]
    with pytest.raises(RefusedError, match=r"no row was kept of 3 that entered: no_answer \(2\), question_empty \(1\)"):
        result(tmp_path, rows)
    assert (tmp_path / "rejected.parquet").stat().st_size > 0
    with pytest.raises(RefusedError, match="an empty input"):
        result(tmp_path / "empty", [])


def test_a_disk_that_is_full_stops_the_run_in_one_line(tmp_path, monkeypatch):
    def full(writer, name, text):
        raise OSError(28, "No space left on device", str(tmp_path / name))

    monkeypatch.setattr(DatasetWriter, "write_text", full)
    with pytest.raises(StoppedError, match=r"report.json: No space left on device; free some space and run again"):
        result(tmp_path, stream(5))
    assert list(tmp_path.iterdir()) == []


def test_what_was_measured_of_a_runs_locator_is_in_its_report_and_on_its_page(tmp_path, monkeypatch):
    asked = {"teacher": "some-teacher", "template": "locate_first_error@0123456789ab"}
    call = {"step": "locate_first_error", "template": asked["template"], "model": asked["teacher"], "key": "k"}
    rows = [kept(1, provenance=[call])]
    monkeypatch.setenv("LEMMA_MEASURED", str(tmp_path / "measured"))
    before = result(tmp_path / "before", rows)
    assert before["label_quality"]["locator"] == []
    assert "label_quality.png" not in {path.name for path in (tmp_path / "before" / "figures").iterdir()}
    figure = {"value": 0.25, "low": 0.2, "high": 0.3}
    how = {"kind": "locator", **asked, "with_reference": True, "votes": 1, "checker": "off", "sampling": {}}
    scores = {
        "n": 90,
        "n_wrong": 60,
        "n_right": 30,
        **dict.fromkeys(SHARES, figure),
        "unanswered": {},
        "calibration": None,
    }
    store({**how, "seed": 0, "limit": None, "made": {}, "sets": {"processbench_gsm8k": scores}})
    after = result(tmp_path / "after", rows)
    [quoted] = after["label_quality"]["locator"]
    assert quoted["sets"]["processbench_gsm8k"]["acc_wrong"] == figure
    page = (tmp_path / "after" / "report.html").read_text("utf-8")
    assert '25.0 % <small class="under">(20.0 to 30.0)</small>' in page
    assert "ProcessBench, GSM8K" in page
    assert (tmp_path / "after" / "figures" / "label_quality.png").stat().st_size > 1000
