"""The command as a user runs it: recorded samples, several models, temperatures, a second run."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml
from analyze_errors import main
from lemma import app as lemma
from typer.testing import CliRunner, Result

from lemma_steps.error_analysis.analysis import Analysis
from lemma_steps.error_analysis.analysis_text import markdown, screens
from lemma_steps.error_analysis.error_counts import ErrorCounts
from lemma_steps.error_analysis.result import accuracy_in_words
from tests.chat_server import Reply, completion, serving
from tests.error_analysis.layouts import LAYOUTS, own, write_lines
from tests.error_analysis.test_analysis import row

CONFIGS = Path(__file__).parents[2] / "recipes" / "configs"


def analyze(*arguments: object) -> Result:
    app = typer.Typer()
    app.command()(main)
    run = CliRunner().invoke(app, [*map(str, arguments)])
    if run.exception and not isinstance(run.exception, SystemExit):
        raise run.exception
    return run


def files_in(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file() and path.name[0] != "."}


def report_of(folder: Path) -> dict[str, Any]:
    return json.loads((folder / "report.json").read_text())


@pytest.fixture(scope="module")
def compared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two models on the same problems, one with a name that nobody should have."""
    folder = tmp_path_factory.mktemp("compared")
    files = [write(folder) for write in (LAYOUTS[0], LAYOUTS[1])]
    output = folder / "out"
    run = analyze(f"base={files[0]}", f"**[x](y)**|\x1b[2J$={files[1]}", "--source", "gsm8k", "--output", output)
    assert run.exit_code == 0, run.output
    assert "\x1b[2J" not in run.output
    return output


def test_everything_is_written_and_nothing_else(compared: Path) -> None:
    assert files_in(compared) == {
        *("classified.jsonl", "report.json", "report.md", "pipeline.yaml", "requests.sqlite"),
        *("figures/types_gsm8k.png", "figures/comparison_gsm8k.png"),
        *("distributions/base_gsm8k.json", "distributions/x-y-2J_gsm8k.json"),
    }
    for name in report_of(compared)["figures"]:
        assert (compared / "figures" / name).read_bytes().startswith(b"\x89PNG")


def test_the_report_says_how_little_was_classified_and_how_right_the_classifier_is(compared: Path) -> None:
    report = report_of(compared)
    assert [one["answers"]["wrong"]["count"] for one in report["series"]] == [2, 2]
    assert [one["types"][0]["error_type"] for one in report["series"]] == ["CA", "CA"]
    assert any("1 of 2 wrong samples" in said for said in report["warnings"])
    assert re.search(r"types are right: \d+ % \[\d+ to \d+\] of 702 on EIC, GSM8K", report["remarks"][0])
    page = (compared / "report.md").read_text()
    assert all(said.split(":")[-1].split("(")[0].strip() in page for said in report["warnings"][:1])
    assert "[x](y)" not in page
    assert "\x1b" not in page


def test_a_classifier_that_nobody_scored_is_not_measured() -> None:
    assert accuracy_in_words([]) == "not measured (recipes/score_locator.py measures it)"


def test_the_distribution_is_taken_by_the_recipe_as_it_is(compared: Path, tmp_path: Path) -> None:
    distribution = compared / "distributions" / "base_gsm8k.json"
    made = CliRunner().invoke(
        lemma, ["--limit", "3", "--distribution", str(distribution), "--output", str(tmp_path / "out")]
    )
    assert made.exit_code == 0, made.output
    read = ErrorCounts.read(distribution)
    assert (read.counts, read.untyped, read.source) == ({"CA": 1}, 1, "gsm8k")


def test_the_classified_samples_of_one_model_are_read_by_the_self_correction_recipe(tmp_path: Path) -> None:
    file = own(tmp_path)
    assert analyze(file, file, "--output", tmp_path / "out").exit_code == 0
    assert "4 samples stood there twice" in report_of(tmp_path / "out")["remarks"][-1]
    read = ErrorCounts.read(tmp_path / "out" / "classified.jsonl")
    assert (read.model, read.counts, read.untyped) == ("student", {"CA": 1}, 1)


def test_a_solution_cut_at_the_limit_has_no_verdict_and_no_type(tmp_path: Path) -> None:
    """Half a solution says nothing of the other half; a number in it is no answer."""
    said = {"question": "1 + 1?", "gold_answer": "2", "student": "m", "solution": "1 + 1 = 3\nThe answer is: 3"}
    ends = [("1 + 1?", "stop"), ("1 + 1?", "length"), ("2 + 2?", "length")]
    rows = [{**said, "question": q, "sample": n, "finish_reason": end} for n, (q, end) in enumerate(ends)]
    (tmp_path / "cut.jsonl").write_text("".join(json.dumps(line) + "\n" for line in rows))
    run = analyze(tmp_path / "cut.jsonl", "--output", tmp_path / "out")
    [series] = report_of(tmp_path / "out")["series"]
    assert {name: share["count"] for name, share in series["answers"].items() if share["count"]} == {
        **{"wrong": 1, "lost": 2}
    }
    assert series["lost"] == {"reply_truncated": 1}
    assert len((tmp_path / "out" / "classified.jsonl").read_text().splitlines()) == 1
    assert "lost: " in run.output


def test_a_note_is_of_something_that_is_shown(compared: Path, tmp_path: Path) -> None:
    page = (compared / "report.md").read_text()
    assert "paper: " in page
    assert "lost: " not in page
    assert "paper: " not in analyze(own(tmp_path), "--output", tmp_path / "out").output


def reply(body: dict[str, Any]) -> Reply:
    """A student who talks nonsense from 1.0 on and is cut at 1.3, and a teacher who says so."""
    text = "".join(message["content"] for message in body["messages"])
    if "<steps>" in text:
        code = "NO" if "blue blue" in text.rpartition("<steps>")[2] else "CA"
        return completion(f"<reason>Because.</reason><error_type>{code}</error_type>")
    if body["temperature"] == 1.3:
        return completion("and so on", "length")
    hot = body["temperature"] >= 1.0
    return completion("blue blue\nThe answer is: 0.123" if hot else "2 + 2 = 5\nThe answer is: 0.321")


def test_the_study_of_temperatures_samples_at_each_and_pays_once(tmp_path: Path) -> None:
    with serving(reply) as server:
        model = f"vllm:{server.url}#m"
        common = ("--config", CONFIGS / "temperature.yaml", "--student", model, "--teacher", model, "--limit", 2)
        assert analyze(*common, "--output", tmp_path / "out").exit_code == 0
        asked = [body for body in server.requests if "<steps>" not in str(body["messages"])]
        paid = [body for body in server.requests if body.get("temperature") != 1.3]
        written = (tmp_path / "out" / "classified.jsonl").read_bytes()
        server.requests.clear()
        assert analyze(*common, "--output", tmp_path / "out").exit_code == 0
        again = [body for body in server.requests if body.get("temperature") != 1.3]
    temperatures = yaml.safe_load((CONFIGS / "temperature.yaml").read_text())["temperatures"]
    assert sorted({body["temperature"] for body in asked}) == temperatures
    assert len(paid) > 10
    assert not again, "only what was cut is asked for again"
    assert (tmp_path / "out" / "classified.jsonl").read_bytes() == written
    series = report_of(tmp_path / "out")["series"]
    told = [(one["temperature"], one["samples"], [row["error_type"] for row in one["types"]]) for one in series]
    assert told == [(0.0, 2, ["CA"]), (0.3, 8, ["CA"]), (0.7, 8, ["CA"]), (1.0, 8, ["NO"]), (1.3, 8, [])]
    assert [one["answers"]["lost"]["count"] for one in series] == [0, 0, 0, 0, 8]
    assert any(name.startswith("temperature_") for name in report_of(tmp_path / "out")["figures"])


REFUSED = [
    ((), "nothing to analyse"),
    (("none.jsonl",), "no such file"),
    (("starter", "--student", "embedded:x"), "recorded or asked for"),
    (("--config", CONFIGS / "temperature.yaml"), "name one with --student"),
    (("starter", "--budget-usd", "0"), "above 0"),
    (("starter", "--teacher", "nobody"), "unknown model"),
]


@pytest.mark.parametrize(("arguments", "said"), REFUSED, ids=[said for _, said in REFUSED])
def test_what_cannot_be_analysed_is_refused_in_a_line(tmp_path: Path, arguments: tuple[object, ...], said: str) -> None:
    run = analyze(*arguments, "--output", tmp_path / "out")
    assert run.exit_code == 2
    assert said in run.stderr
    assert len(run.stderr.strip().splitlines()) == 1
    assert not (tmp_path / "out" / "report.json").exists()


def test_names_are_shown_as_they_are() -> None:
    analysis = Analysis()
    hostile = "[bold]a|b\x1b[31m<img src=x>"
    assert list(analysis.add(row("a", "CA", student=hostile, source=hostile)))
    page = markdown(analysis, [hostile], {}, [])
    assert "<img" not in page.replace("\\<", "")
    assert "a|b" not in page.replace("\\|", "")
    assert screens(analysis)[0].columns[1].header.plain.startswith("[bold]a|b?[31m")  # type: ignore[union-attr]


def test_recorded_flags_of_openais_samples_are_found_again(tmp_path: Path, lemma_data: Path) -> None:
    file = lemma_data / "gsm8k_student_solutions.jsonl.gz"
    run = analyze(file, "--source", "gsm8k", "--limit", 40, "--output", tmp_path / "out")
    assert run.exit_code == 0, run.output
    import gzip

    with gzip.open(file, "rt", encoding="utf-8") as lines:
        records = [json.loads(line) for line, _ in zip(lines, range(40), strict=False)]
    models = ("6b_finetuning", "6b_verification", "175b_finetuning", "175b_verification")
    flags = [sum(not record[model]["is_correct"] for record in records) for model in models]
    assert [one["wrong"] for one in report_of(tmp_path / "out")["series"]] == flags


def test_the_published_layout_is_read_from_a_real_file(tmp_path: Path, lemma_data: Path) -> None:
    records = write_lines(tmp_path / "empty.jsonl", [])
    assert analyze(records, "--output", tmp_path / "no").exit_code == 2
    file = lemma_data / "math_sampled_100x8.jsonl.gz"
    assert analyze(file, "--source", "math", "--limit", 3, "--output", tmp_path / "out").exit_code == 0
    [series] = report_of(tmp_path / "out")["series"]
    assert (series["problems"], series["samples"]) == (3, 24)
