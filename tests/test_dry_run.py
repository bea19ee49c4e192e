"""What a dry run says: counts that can be worked out by hand, dollars that follow from them, and nothing else happens."""

from __future__ import annotations

import asyncio
import json
import math
import re
import socket
from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lemma import app, build
from typer.testing import CliRunner

from lemma_steps.dry_run import LONGER, dollars, dry_run, spread, stand_in
from lemma_steps.errors import RefusedError
from lemma_steps.llms.engine.prices import Prices
from lemma_steps.llms.engine.usage import Usage
from lemma_steps.llms.offline import OfflineTeacher
from lemma_steps.runner import Runner
from lemma_steps.settings import Settings

CONFIGS = Path(__file__).parent.parent / "recipes" / "configs"
TEACHER = "openai:gpt-4o-2024-08-06"
STUDENT = "vllm:http://localhost:9/v1#my-org/my-student"


def problems(path, number, repeated=0):
    """A file of problems in which the last `repeated` ones occurred before."""
    rows = [
        {
            "question": f"A farmer has {n} rows of {n + 7} trees and fells {n + 1} of them. How many trees are left?",
            "answer": f"There are {n} * {n + 7} = {n * (n + 7)} trees.\nThen {n * (n + 7)} - {n + 1} = "
            f"{n * (n + 7) - n - 1} trees are left.\n#### {n * (n + 7) - n - 1}",
        }
        for n in [*range(20, 20 + number - repeated), *range(20, 20 + repeated)]
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return str(path)


@pytest.fixture
def run(tmp_path, monkeypatch):
    """A dry run over a file of `number` problems; no key is set, the network is refused, nothing may be written."""
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)

    def refuse(*_):
        raise AssertionError("a dry run opened a connection")

    def dry(number=6, sample=50, repeated=0, prices=None, **settings):
        file = problems(tmp_path / "trees.jsonl", number, repeated)
        before = sorted(tmp_path.rglob("*"))
        given = {"problems": [file], "teacher": TEACHER, **settings}
        with monkeypatch.context() as patch:
            patch.chdir(tmp_path)
            patch.setattr(socket.socket, "connect", refuse)
            estimate = dry_run(build, Settings.read(CONFIGS / "paper.yaml", given), sample, prices)
        assert sorted(tmp_path.rglob("*")) == before
        return estimate

    return dry


def calls(estimate):
    return {step.step: step.calls for step in estimate.steps}


@pytest.mark.parametrize(
    ("settings", "per_problem"),
    [
        ({}, {"inject_error": 3, "locate_first_error": 3, "fix_continue": 3, "fresh_restart": 3, "smooth": 6}),
        (
            {"student": STUDENT},
            {
                "sample_student": 4,
                "classify_errors": 4,
                "inject_error": 1,
                "locate_first_error": 3,
                "fix_continue": 3,
                "fresh_restart": 3,
                "smooth": 6,
            },
        ),
        (
            {"ablate": ["smooth", "fix-continue"]},
            {"inject_error": 3, "locate_first_error": 3, "fresh_restart": 3},
        ),
        (
            {"steps": {"locate_first_error": {"votes": 5}, "error_type_sampler": {"n_errors": 2}}},
            {"inject_error": 2, "locate_first_error": 10, "fix_continue": 2, "fresh_restart": 2, "smooth": 4},
        ),
        (
            {"student": STUDENT, "ablate": ["error-augmentation"], "steps": {"sample_student": {"n_samples": 2}}},
            {
                "sample_student": 2,
                "classify_errors": 2,
                "locate_first_error": 2,
                "fix_continue": 2,
                "fresh_restart": 2,
                "smooth": 4,
            },
        ),
        (
            {"teacher": "offline"},
            {"inject_error": 3, "fix_continue": 3, "fresh_restart": 3, "smooth": 6},
        ),
    ],
    ids=["no student", "student", "ablations", "votes", "student errors only", "offline"],
)
def test_calls_are_those_of_the_chain(run, settings, per_problem):
    assert calls(run(6, **settings)) == {step: 6 * number for step, number in per_problem.items()}


def test_a_sample_is_scaled_to_all_problems(run):
    whole, part = run(45, sample=45), run(45, sample=5)
    assert calls(part) == calls(whole)
    assert (whole.sampled, part.sampled) == ({"trees": 45}, {"trees": 6})
    for one, other in zip(whole.steps, part.steps, strict=True):
        assert other.tokens_in == pytest.approx(one.tokens_in, rel=0.05)
        assert other.tokens_out == pytest.approx(one.tokens_out, rel=0.05)


def test_each_source_is_scaled_by_its_own_size(tmp_path):
    for name, number in (("few", 3), ("many", 64)):
        problems(tmp_path / f"{name}.jsonl", number)
    given = {"problems": [str(tmp_path / "few.jsonl"), str(tmp_path / "many.jsonl")], "teacher": TEACHER}
    estimate = dry_run(build, Settings.read(CONFIGS / "paper.yaml", given), sample=4)
    assert estimate.problems == {"few": 3, "many": 64}
    assert estimate.sampled == {"few": 3, "many": 4}
    assert calls(estimate)["inject_error"] == 3 * (3 + 64)


def test_problems_that_are_rejected_at_once_cost_nothing(run):
    assert calls(run(20, sample=20, repeated=5))["inject_error"] == 3 * 15


def test_the_same_run_has_the_same_estimate(run):
    one, other = (str(run(40, sample=5, student=STUDENT)) for _ in range(2))
    assert one == other


def test_dollars_follow_from_tokens(run):
    estimate, prices = run(), Prices.read()
    for step in estimate.steps:
        assert 0 < step.tokens_fixed < step.tokens_in
        usages = {
            "usd": Usage(step.tokens_in, 0, step.tokens_out),
            "usd_cached": Usage(step.tokens_in, step.tokens_fixed, step.tokens_out),
            "usd_longer": Usage(step.tokens_in, 0, LONGER * step.tokens_out),
        }
        for figure, usage in usages.items():
            assert getattr(step, figure) == pytest.approx(prices.usd(step.model, usage))
        assert step.usd_batch == pytest.approx(step.usd / 2)
    assert estimate.total("usd") == pytest.approx(sum(step.usd for step in estimate.steps))
    assert f"{estimate.total('usd'):,.2f}"[:-1] in str(estimate)


def test_an_unknown_price_is_said_and_never_zero(run, tmp_path):
    unknown = run(student=STUDENT)
    assert unknown.steps[0].usd is None
    assert unknown.total("usd") is None
    teacher = sum(step.usd for step in unknown.steps[1:])
    assert f"{dollars(teacher)} + unknown" in str(unknown)
    assert "No price is known for my-org/my-student" in str(unknown)

    file = tmp_path / "prices.yaml"
    file.write_text("- {model: my-org/my-student, input: 0, output: 0}")
    free = run(student=STUDENT, prices=Prices.read(file))
    assert free.total("usd") == pytest.approx(teacher)
    assert "unknown" not in str(free).partition("=====")[0]


def test_prices_of_the_settings_are_read(tmp_path):
    file = tmp_path / "prices.yaml"
    file.write_text("- {model: gpt-4o-2024-08-06, input: 1000000, output: 0}")
    given = {"problems": [problems(tmp_path / "trees.jsonl", 2)], "teacher": TEACHER, "prices": str(file)}
    estimate = dry_run(build, Settings.read(CONFIGS / "paper.yaml", given))
    assert estimate.total("usd") == estimate.total("tokens_in")


def test_every_step_shows_its_first_prompt_and_its_figures(run):
    estimate = run(student=STUDENT)
    text = str(estimate)
    for step in estimate.steps:
        assert f"===== first prompt of {step.step}, to {step.model}" in text
        assert f"{step.calls:,}" in text
    assert "### Response: Let's think step by step." in text
    assert text.count("# Task: ") == 6
    assert "A farmer has 20 rows of 27 trees" in text
    assert "farmer has 21" not in text


def test_nothing_to_ask(run):
    text = str(run(3, student="none", ablate=["error-augmentation"]))
    assert "No step would ask a model" in text


def test_a_real_run_asks_no_more():
    """The offline teacher's own run stays within the estimate; a student error without a type becomes an injection."""
    settings = Settings.read(CONFIGS / "offline.yaml", {"limit": 8})
    estimate = calls(dry_run(build, settings))

    async def rows():
        with Runner(build(settings, OfflineTeacher())) as runner:
            return [row async for row in runner.rows()]

    made = {
        (row["problem_id"], call["step"], call["key"])
        for row in asyncio.run(rows())
        for call in row.get("provenance") or []
    }
    asked = Counter(step for _, step, _ in made)
    assert asked["inject_error"] <= 8 * settings.steps["error_type_sampler"]["n_errors"]
    assert asked["classify_errors"] == estimate["classify_errors"] > 0
    assert all(number <= estimate[step] for step, number in asked.items() if step != "inject_error")


@given(
    sizes=st.lists(st.integers(min_value=1, max_value=300), min_size=1, max_size=4),
    sample=st.integers(min_value=1, max_value=40),
)
def test_the_sample_is_spread_evenly_over_each_source(sizes, sample):
    rows = [{"source": str(source), "n": n} for source, size in enumerate(sizes) for n in range(size)]
    counted, kept = spread(iter(rows), sample)
    assert counted == Counter(row["source"] for row in rows)
    for source, size in counted.items():
        numbers = [row["n"] for row in kept[source]]
        gaps = {b - a for a, b in pairwise(numbers)}
        assert min(size, sample) <= len(numbers) < 2 * sample or (size == len(numbers) == 1)
        assert numbers[0] == 0
        assert len(gaps) <= 1
        assert size - numbers[-1] <= math.ceil(size / len(numbers)) + max(gaps, default=0)


@pytest.mark.parametrize(
    ("spec", "model", "by_construction"),
    [
        ("offline", "offline-teacher", True),
        ("openai:gpt-4o", "gpt-4o", False),
        ("openai:ft:gpt-4o:org::1", "ft:gpt-4o:org::1", False),
        ("vllm:http://localhost:8000/v1#org/model", "org/model", False),
    ],
)
def test_a_stand_in_has_the_name_that_prices_know(monkeypatch, spec, model, by_construction):
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    made = stand_in(spec, "--teacher")
    assert (made.model_name, made.labels_by_construction) == (model, by_construction)


@pytest.mark.parametrize("spec", ["", "gpt-4o", "openai:", "vllm:localhost", "vllm:http://localhost:8000/v1"])
def test_what_a_run_refuses_a_dry_run_refuses(spec):
    with pytest.raises(RefusedError, match="--teacher"):
        stand_in(spec, "--teacher")


def test_the_offline_teacher_is_no_student():
    with pytest.raises(RefusedError, match="no student"):
        stand_in("offline", "--student")


def command(*arguments):
    return CliRunner().invoke(app, ["--config", str(CONFIGS / "paper.yaml"), "--dry-run", *map(str, arguments)])


def test_the_command_prints_the_estimate_and_leaves_nothing(tmp_path, monkeypatch):
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    file = problems(tmp_path / "trees.jsonl", 4)
    ran = command("--problems", file, "--output", tmp_path / "out", "--budget-usd", 1)
    assert ran.exit_code == 0, ran.output
    assert "inject_error" in ran.stdout
    assert "===== first prompt of smooth" in ran.stdout
    assert not (tmp_path / "out").exists()


def test_a_part_is_estimated_as_a_part(tmp_path):
    file = problems(tmp_path / "trees.jsonl", 5)
    parts = [command("--problems", file, "--shard", f"{part}/2").stdout for part in (1, 2)]
    found = sorted(int(re.search(r"^inject_error +(\d+)", text, re.MULTILINE)[1]) for text in parts)
    assert sum(found) == 15
    assert found[0] > 0


@pytest.mark.parametrize(
    "arguments", [["--problems", "missing.jsonl"], ["--teacher", "no-such-form"], ["--prices", "missing.yaml"]]
)
def test_what_is_refused_is_refused_in_one_line(tmp_path, arguments):
    file = problems(tmp_path / "trees.jsonl", 2)
    ran = command(*([] if "--problems" in arguments else ["--problems", file]), *arguments)
    assert ran.exit_code == 2
    assert ran.stderr.startswith("error: ")
    assert ran.stderr.strip().count("\n") == 0


@pytest.mark.parametrize(
    ("usd", "text"),
    [
        (None, "unknown"),
        (0, "$0.00"),
        (1e-6, "under $0.0001"),
        (0.01234, "$0.0123"),
        (1, "$1.00"),
        (1618.816, "$1,618.82"),
    ],
)
def test_amounts(usd, text):
    assert dollars(usd) == text
