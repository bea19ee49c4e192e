"""The command as a user runs it: over a result, over files, with and without a model, on bad input."""

from __future__ import annotations

import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import typer
from audit_injection import main
from typer.testing import CliRunner

from lemma_steps.output.record import normalise
from tests.chat_server import completion, serving

app = typer.Typer()
app.command()(main)

GOLD = {
    "question": "A gardener plants 6 rows of 14 tulips and 30 roses. How many flowers are there?",
    "gold_solution": "There are 6 * 14 = 84 tulips.\nTogether there are 84 + 30 = 114 flowers.\n#### 114",
    "gold_answer": "114",
}
SOLUTION = " There are 6 * 14 = 74 tulips.\nTogether there are 74 + 30 = 104 flowers.\nThe answer is: 104"
ROW = {**GOLD, "erroneous_solution": SOLUTION, "declared_step": 1, "requested_type": "CA"}
LATE = {**ROW, "declared_step": 2}


def audit(*arguments):
    """Exit code, standard output and error as a user gets them."""
    run = CliRunner().invoke(app, [*map(str, arguments)])
    if run.exception and not isinstance(run.exception, SystemExit):
        raise run.exception
    return run


def written(path, rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def checks(folder):
    lines = (folder / "checks.jsonl").read_text(encoding="utf-8").splitlines()
    return [{one["check"]: one["outcome"] for one in json.loads(line)["injection_checks"]} for line in lines]


def test_a_file_of_injections(tmp_path):
    source = written(
        tmp_path / "made.jsonl", [ROW, LATE, {**ROW, "origin": "student"}, {**ROW, "erroneous_solution": None}]
    )
    run = audit(source, "--output", tmp_path / "audit", "--json", tmp_path / "figures.json")
    assert run.exit_code == 0, run.stderr
    assert checks(tmp_path / "audit") == [
        {"divergence": "pass", "answer": "pass", "single_error": "pass", "type": "pass"},
        {"divergence": "fail", "answer": "pass", "single_error": "fail", "type": "not_computable"},
    ]
    figures = json.loads((tmp_path / "figures.json").read_text(encoding="utf-8"))
    assert figures == json.loads((tmp_path / "audit" / "audit.json").read_text(encoding="utf-8"))
    assert figures["by_check"]["divergence"] | {"low": 0, "high": 0} == {
        **{"pass": 1, "fail": 1, "not_computable": 0},
        **{"share": 0.5, "low": 0, "high": 0},
    }
    assert "divergence: first failure" in run.stdout
    assert "2 injections" in run.stdout
    assert "| CA | 2 |" in (tmp_path / "audit" / "audit.md").read_text(encoding="utf-8")
    assert not list((tmp_path / "audit").glob("*.part"))


def test_a_result_counts_every_injection_once_kept_or_rejected(tmp_path):
    common = {**ROW, "problem_id": "p", "origin": "injected"}
    kept = [
        normalise({**common, "index": 0, "strategy": name, "error_step": 1})
        for name in ("fix_continue", "fresh_restart")
    ]
    lost = {**common, "rejected_by": "locate_first_error", "reason": "labels_disagree", "detail": ""}
    rejected = [
        {**lost, "index": 1, "declared_step": 2},
        {**lost, "index": 0, "strategy": "third"},
        {**lost, "index": 2, "erroneous_solution": None, "declared_step": None, "reason": "declined"},
        {**lost, "index": 3, "origin": "student", "declared_step": None, "error_step": 1},
        {**lost, "index": 4, "declared_step": None},
    ]
    for name, rows in (("train", kept), ("rejected", [normalise(row) for row in rejected])):
        pq.write_table(pa.Table.from_pylist(rows), tmp_path / f"{name}.parquet")
    run = audit(tmp_path, "--output", tmp_path / "audit")
    assert run.exit_code == 0, run.stderr
    assert [one["divergence"] for one in checks(tmp_path / "audit")] == ["pass", "fail"]


@pytest.mark.parametrize(
    ("code", "outcome"),
    [("CA", "pass"), ("OP", "fail"), (None, "not_computable")],
    ids=["agrees", "differs", "no error"],
)
def test_a_model_is_asked_for_the_type_once_and_does_not_see_the_declared_one(tmp_path, code, outcome):
    def reply(body):
        return completion(f"<reason>Step 1.</reason><error_type>{code or 'none'}</error_type>")

    source = written(tmp_path / "made.jsonl", [ROW, LATE])
    with serving(reply) as server:
        for _ in range(2):
            run = audit(source, "--output", tmp_path / "audit", "--classifier", f"vllm:{server.url}#some-model")
            assert run.exit_code == 0, run.stderr
        asked = server.requests
    assert [one["type_by_model"] for one in checks(tmp_path / "audit")] == [outcome] * 2
    assert len(asked) == 2  # the second run pays nothing
    assert {body["temperature"] for body in asked} == {0}
    shown = [message["content"] for body in asked for message in body["messages"][1:]]
    assert all("74 tulips" in text and "84 tulips" in text for text in shown)
    assert shown[0] == shown[1]  # nothing of the declared step
    figures = json.loads((tmp_path / "audit" / "audit.json").read_text(encoding="utf-8"))
    assert figures["classifier"] == "some-model"
    assert figures["by_check"]["type_by_model"][outcome] == 2


def test_a_model_that_fails_costs_its_opinion_alone(tmp_path):
    source = written(tmp_path / "made.jsonl", [ROW])
    with serving(lambda body: (400, {"error": {"message": "no"}})) as server:
        run = audit(source, "--output", tmp_path / "audit", "--classifier", f"vllm:{server.url}#some-model")
    assert run.exit_code == 0, run.stderr
    assert checks(tmp_path / "audit") == [
        {**dict.fromkeys(("divergence", "answer", "single_error", "type"), "pass"), "type_by_model": "not_computable"}
    ]
    assert "a call failed for 1 injection" in run.stdout


def test_the_same_directory_again_gives_the_same_files(tmp_path):
    source = written(tmp_path / "made.jsonl", [ROW, LATE])
    texts = []
    for _ in range(2):
        assert audit(source, "--output", tmp_path / "audit").exit_code == 0
        texts.append((tmp_path / "audit" / "checks.jsonl").read_bytes())
    assert texts[0] == texts[1]


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([{**ROW, "gold_solution": None}], "row 1: no text in gold_solution"),
        ([ROW, {**ROW, "question": 3}], "row 2: no text in question"),
        ([{**ROW, "declared_step": None}], "row 1: no number in declared_step"),
        ([{**ROW, "declared_step": "first"}], "row 1: no number in declared_step"),
        ([{**ROW, "declared_step": True}], "row 1: no number in declared_step"),
        ([{**ROW, "origin": "student"}], "no injected error"),
        ([{**ROW, "requested_type": "\x1b[31m"}], "'\\x1b[31m' is no error type"),
        ([], "the file is empty"),
    ],
)
def test_bad_rows_are_refused_before_work_begins(tmp_path, rows, said):
    run = audit(written(tmp_path / "made.jsonl", rows), "--output", tmp_path / "audit")
    assert run.exit_code == 2
    assert said in run.stderr
    assert len(run.stderr.strip().splitlines()) == 1
    assert not (tmp_path / "audit").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nowhere"], "neither a result folder nor one of"),
        (["nowhere.jsonl"], "no such file"),
        (["."], "no finished result"),
        (["made.jsonl", "--classifier", "no-such"], "unknown model"),
        (["made.jsonl", "--config", "nowhere.yaml"], "check --config"),
    ],
)
def test_bad_arguments_are_refused(tmp_path, monkeypatch, arguments, said):
    monkeypatch.chdir(tmp_path)
    written(tmp_path / "made.jsonl", [ROW])
    run = audit(*arguments)
    assert run.exit_code == 2
    assert said in run.stderr
    assert len(run.stderr.strip().splitlines()) == 1


def test_hostile_texts_are_shown_as_they_are(tmp_path):
    nasty = "[bold]x[/bold]\x1b[31m<script>"
    source = written(tmp_path / "made.jsonl", [{**LATE, "id": nasty, "problem_id": nasty, "index": 1}])
    run = audit(source, "--output", tmp_path / "audit")
    assert run.exit_code == 0, run.stderr
    assert "\x1b[31m" not in run.stdout
    assert "[bold]" in run.stdout
    assert "<script>" not in (tmp_path / "audit" / "audit.md").read_text(encoding="utf-8")
