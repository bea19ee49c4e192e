"""The recipe for servers of one's own: its two models, and what its document says of them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from lemma import build, models

from lemma_steps.settings import Settings

ROOT = Path(__file__).parents[1]
CONFIG = ROOT / "recipes" / "configs" / "vllm.yaml"
DOCUMENT = (ROOT / "docs" / "vllm.md").read_text(encoding="utf-8")
STARTED = dict(re.findall(r"vllm serve (\S+) .*--port (\d+)", DOCUMENT))


def test_the_recipe_asks_the_servers_that_the_document_starts():
    teacher, student = models(Settings.read(CONFIG, {}))
    assert (teacher.api, student.api) == ("chat", "completions")
    asked = {llm.model: llm.url for llm in (teacher, student)}
    assert asked == {model: f"http://localhost:{port}/v1" for model, port in STARTED.items()}


@pytest.mark.parametrize("student", ["none", "vllm:http://localhost:8000/v1#Qwen/Qwen2.5-72B-Instruct"])
def test_the_recipe_builds_with_another_student(student):
    settings = Settings.read(CONFIG, {"student": student, "problems": ["starter"]})
    pipeline = build(settings, *models(settings))
    assert {"sample_student", "smooth"} <= set(pipeline.dag.G.nodes)
