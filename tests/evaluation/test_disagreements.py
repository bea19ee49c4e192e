"""The command that lists what the graders disagree on."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import typer.testing

from lemma_steps.evaluation.results.disagreements import compare, verdict
from lemma_steps.evaluation.runs.run import Run
from recipes import disagreements
from tests.evaluation.recorded_run import STAMP, Rows, scored, write_run


def verdicts(*pairs: tuple[float, ...], names: tuple[str, ...] = ("math_verify", "qwen_match")) -> Rows:
    return [{**dict(zip(names, pair, strict=True)), "unparsed": 0.0, "timed_out": 0.0} for pair in pairs]


MIXED = verdicts((1, 1), (1, 0), (0, 1), (0, 0), (0, 1))
MATHCHAT = verdicts((1, 1, 0), (0, 0, 0), (1, 0, 1), names=("math_verify", "qwen_match", "refaug_match"))


@pytest.fixture
def command(tmp_path: Path) -> Any:
    """Runs the command; returns how it ended and the records of the file."""

    def run(*arguments: object) -> tuple[typer.testing.Result, list[dict[str, Any]]]:
        app, output = typer.Typer(), tmp_path / "report" / "disagreements.jsonl"
        app.command()(disagreements.main)
        ended = typer.testing.CliRunner().invoke(app, [*map(str, arguments), "--output", str(output)])
        return ended, [json.loads(line) for line in output.open(encoding="utf-8")] if output.is_file() else []

    return run


def test_every_disagreement_is_written_and_no_other(command: Any, tmp_path: Path) -> None:
    write_run(tmp_path / "runs", {"lemma_gsm8k": MIXED, "lemma_mathchat_ec": MATHCHAT, "lemma_svamp": scored(1, 3)})
    ended, records = command(tmp_path / "runs")
    assert ended.exit_code == 0, ended.output
    assert [(record["task"], record["doc_id"], record["differ"]) for record in records] == [
        ("lemma_gsm8k", 1, ["qwen_match"]),
        ("lemma_gsm8k", 2, ["qwen_match"]),
        ("lemma_gsm8k", 4, ["qwen_match"]),
        ("lemma_mathchat_ec", 0, ["refaug_match"]),
        ("lemma_mathchat_ec", 2, ["qwen_match"]),
    ]
    assert records[0]["replies"] == [" The answer is: 7"]
    assert records[0]["doc"]["answer"] == "7"
    assert records[0]["scores"] == {"math_verify": 1, "qwen_match": 0, "unparsed": 0.0, "timed_out": 0.0}
    counts = {
        line.split()[0]: line.split()[1:] for line in ended.output.splitlines() if line.strip().startswith("lemma_")
    }
    assert counts["lemma_gsm8k"] == ["5", "2", "1", "–", "–"]
    assert counts["lemma_mathchat_ec"] == ["3", "0", "1", "0", "1"]
    assert counts["lemma_svamp"] == ["3", "0", "0", "–", "–"]
    assert "5 rows with a disagreement" in ended.output


def test_one_task_can_be_asked_for(command: Any, tmp_path: Path) -> None:
    write_run(tmp_path / "runs", {"lemma_gsm8k": MIXED, "lemma_mathchat_ec": MATHCHAT})
    _, records = command(tmp_path / "runs", "--task", "lemma_mathchat_ec")
    assert {record["task"] for record in records} == {"lemma_mathchat_ec"}
    refused, _ = command(tmp_path / "runs", "--task", "lemma_math")
    assert refused.exit_code == 2
    assert "lemma_math was not run; use one of lemma_gsm8k, lemma_mathchat_ec" in refused.stderr


@pytest.mark.parametrize(("show", "shown"), [(0, 0), (2, 2), (50, 3)])
def test_the_screen_shows_some_and_says_how_many_more(command: Any, tmp_path: Path, show: int, shown: int) -> None:
    write_run(tmp_path / "runs", {"lemma_gsm8k": MIXED})
    ended, records = command(tmp_path / "runs", "--show", show)
    assert ended.output.count("The answer is: 7") == shown
    assert (f"{3 - shown:,} more are not shown" in ended.output) == (shown < 3)
    assert len(records) == 3


def test_replies_are_only_text(command: Any, tmp_path: Path) -> None:
    reply = "[red]\x1b[31m\x1b]0;title\x07" + "x" * 300 + " \r\n [/] \x1b[2J The answer is: [bold]7"
    place = write_run(tmp_path / "runs", {"lemma_gsm8k": MIXED})
    file = place / f"samples_lemma_gsm8k_{STAMP}.jsonl"
    samples = [json.loads(line) for line in file.open(encoding="utf-8")]
    for sample in samples:
        sample["filtered_resps"] = [[reply]]
        sample["doc"]["answer"] = "[bold]7\x1b[0m"
    file.write_text("".join(json.dumps(sample) + "\n" for sample in samples), encoding="utf-8")
    ended, records = command(tmp_path / "runs")
    assert ended.exit_code == 0, ended.output
    assert "\x1b" not in ended.output
    assert "\x07" not in ended.output
    assert "[bold]7" in ended.output
    assert records[0]["replies"] == [reply]


def test_a_place_that_cannot_be_written_is_refused(command: Any, tmp_path: Path) -> None:
    write_run(tmp_path / "runs", {"lemma_gsm8k": MIXED})
    (tmp_path / "report").write_text("a file", encoding="utf-8")
    ended, _ = command(tmp_path / "runs")
    assert ended.exit_code == 2
    assert "cannot be written" in ended.stderr


def test_a_torn_file_leaves_no_list_that_looks_whole(command: Any, tmp_path: Path) -> None:
    place = write_run(tmp_path / "runs", {"lemma_gsm8k": MIXED})
    with (place / f"samples_lemma_gsm8k_{STAMP}.jsonl").open("a", encoding="utf-8") as file:
        file.write('{"doc": {')
    ended, records = command(tmp_path / "runs")
    assert (ended.exit_code, records) == (2, [])
    assert "line 6: damaged" in ended.stderr


@pytest.mark.parametrize(
    ("tasks", "log", "told"),
    [({"gsm8k": [{"acc": 1.0}]}, True, "no task with two graders"), ({"lemma_gsm8k": MIXED}, False, "--log_samples")],
)
def test_a_run_with_nothing_to_compare_is_refused(
    command: Any, tmp_path: Path, tasks: dict[str, Rows], log: bool, told: str
) -> None:
    write_run(tmp_path / "runs", tasks, log_samples=log)
    ended, records = command(tmp_path / "runs")
    assert (ended.exit_code, records) == (2, [])
    assert told in ended.stderr


def test_of_many_samples_the_shares_are_compared(tmp_path: Path) -> None:
    place = write_run(tmp_path, {"lemma_gsm8k_maj32": verdicts((0.5, 0.25), (0.5, 0.5))})
    file = place / f"samples_lemma_gsm8k_maj32_{STAMP}.jsonl"
    file.write_text(
        file.read_text(encoding="utf-8").replace('[[" The answer is: 7"]]', '[["one", "two"]]'), encoding="utf-8"
    )
    first, second = compare(Run.read(tmp_path), "lemma_gsm8k_maj32")
    assert second is None
    assert first is not None
    assert (first["replies"], verdict(first, "math_verify"), verdict(first, "qwen_match")) == (
        ["one", "two"],
        "50 %",
        "25 %",
    )


@pytest.mark.parametrize(
    ("scores", "said"),
    [
        ({"math_verify": 1.0}, "right"),
        ({"math_verify": 0.0, "unparsed": 0.0}, "wrong"),
        ({"math_verify": 0.0, "unparsed": 1.0}, "unparsed"),
        ({"math_verify": 0.0, "timed_out": 1.0}, "timed out"),
        ({"math_verify": 0.0, "unparsed": 0.5}, "wrong"),
        ({"math_verify": 0.5, "unparsed": 0.5}, "50 %"),
        ({}, ""),
    ],
)
def test_the_main_grader_says_why_it_is_not_right(scores: dict[str, float], said: str) -> None:
    assert verdict({"scores": scores}, "math_verify") == said
