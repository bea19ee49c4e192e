"""The command that records a local student, with a model that only repeats its seed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import typer.testing

from lemma_steps.llms.open_weights import OpenWeights
from recipes import record_student


class Echo:
    """A server that answers with its seed and counts its calls."""

    def __init__(self) -> None:
        self.requests: list[dict[str, Any]] = []

    def handle_chat_completions(self, request: dict[str, Any]) -> dict[str, Any]:
        self.requests.append(request)
        return {"choices": [{"message": {"content": f" {request['seed']}"}, "finish_reason": "stop"}]}


@pytest.fixture
def record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Runs the command over two problems; returns the model's requests of this run and the lines of the file."""
    (tmp_path / "model.Q4.gguf").touch()
    (tmp_path / "problems.jsonl").write_text('{"question": "One?"}\n\n{"problem": "Two?"}\n', encoding="utf-8")

    def run(*options: str) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        model, app, output = Echo(), typer.Typer(), tmp_path / "samples.jsonl"
        monkeypatch.setattr(record_student, "open_model", lambda gguf: model)
        app.command()(record_student.main)
        files = ["--gguf", f"{tmp_path}/model.Q4.gguf", "--problems", f"{tmp_path}/problems.jsonl"]
        result = typer.testing.CliRunner().invoke(app, [*files, "--output", str(output), *options])
        assert result.exit_code == 0, result.output
        return model.requests, [json.loads(line) for line in output.read_text(encoding="utf-8").splitlines()]

    return run


@pytest.mark.parametrize(
    ("gguf", "refusal"),
    [
        ("nowhere/model.gguf", "nowhere/model.gguf: no such file"),
        ("Llama-9", "no such model; use one of SmolLM2-135M-Instruct"),
        ("Gemma-3-270M", "a base model has no chat template"),
    ],
)
def test_a_model_that_cannot_be_recorded_is_refused(gguf: str, refusal: str, tmp_path: Path) -> None:
    app, output = typer.Typer(), tmp_path / "samples.jsonl"
    app.command()(record_student.main)
    result = typer.testing.CliRunner().invoke(app, ["--gguf", gguf, "--output", str(output)])
    assert result.exit_code == 2
    assert refusal in result.stderr
    assert not list(tmp_path.iterdir())


def test_an_embedded_model_goes_by_its_name(record: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(OpenWeights, "file", lambda self: tmp_path / f"{self.name}.Q8.gguf")
    requests, samples = record("--gguf", "SmolLM2-135M-Instruct", "--samples", "1")
    assert len(requests) == 2
    assert {sample["student"] for sample in samples} == {"SmolLM2-135M-Instruct-Q8"}


def test_records_every_problem_and_says_how(record: Any) -> None:
    requests, samples = record("--samples", "3")
    assert [(sample["question"], sample["sample"]) for sample in samples] == [
        (q, n) for q in ("One?", "Two?") for n in range(3)
    ]
    assert [sample["solution"] for sample in samples] == [f" {sample['sampling']['seed']}" for sample in samples]
    assert len({sample["sampling"]["seed"] for sample in samples}) == 6
    assert {sample["student"] for sample in samples} == {"model-Q4"}
    [message] = requests[0]["messages"]
    assert message["content"] == "### Instruction:\nOne?\n\n### Response: Let's think step by step."
    assert all(requests[0][key] == value for key, value in samples[0]["sampling"].items() if key != "prompt")


def test_keeps_what_is_there(record: Any) -> None:
    _, before = record("--samples", "2")
    requests, after = record("--samples", "3")
    assert len(requests) == 2
    assert [sample for sample in after if sample["sample"] < 2] == before


def test_another_student_is_recorded_afresh(record: Any) -> None:
    record()
    requests, samples = record("--student", "other")
    assert len(requests) == len(samples) == 8


def test_goes_on_after_a_kill_in_the_middle_of_a_line(record: Any, tmp_path: Path) -> None:
    _, samples = record()
    text = (tmp_path / "samples.jsonl").read_text(encoding="utf-8")
    (tmp_path / "samples.jsonl").unlink()
    (tmp_path / "samples.jsonl.part").write_text(text[: len(text) // 2 + 5], encoding="utf-8")
    requests, again = record()
    assert again == samples
    assert 0 < len(requests) < len(samples)
