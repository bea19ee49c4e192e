"""Every variant of the recipe: its file is read, its chain runs offline over problems in the layout of its sets, and what
makes it that variant is in its rows."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from functools import cache

import pytest
from lemma import HERE, app, build
from typer.testing import CliRunner

from lemma_steps.errors import RefusedError
from lemma_steps.llms.offline import OfflineTeacher
from lemma_steps.runner import Runner
from lemma_steps.settings import Settings
from lemma_steps.sources import Source
from lemma_steps.student_samples import StudentSamples

CONFIGS = HERE / "configs"
GPT, NEMOTRON = "openai:gpt-4o-2024-08-06", "nvidia/Llama-3.1-Nemotron-70B-Instruct-HF"
FIX, RESTART = "fix_continue", "fresh_restart"
EXPECTED = {
    # sources, teacher (what is asked in earnest), strategies, origins, whether prefixes are cut at the error
    "paper": (["gsm8k", "math"], GPT, {FIX, RESTART}, {"student", "injected"}, True),
    "lemma_hard": (["gsm8k", "math"], GPT, {FIX, RESTART}, {"student", "injected"}, True),
    "metamath": (["metamath"], NEMOTRON, {FIX, RESTART}, {"student", "injected"}, True),
    "nemotron": (["gsm8k", "math"], NEMOTRON, {FIX, RESTART}, {"student", "injected"}, True),
    "vllm": (["gsm8k", "math"], "Qwen/Qwen2.5-72B-Instruct", {FIX, RESTART}, {"student", "injected"}, True),
    "ablations/no_error_augmentation": (["gsm8k", "math"], GPT, {FIX, RESTART}, {"student"}, True),
    "ablations/no_error_augmentation_90k": (["gsm8k", "math"], GPT, {FIX, RESTART}, {"student"}, True),
    "ablations/no_fresh_restart": (["gsm8k", "math"], GPT, {FIX}, {"student", "injected"}, True),
    "ablations/no_fresh_restart_90k": (["gsm8k", "math"], GPT, {FIX}, {"student", "injected"}, True),
    "ablations/no_fix_continue": (["gsm8k", "math"], GPT, {RESTART}, {"student", "injected"}, True),
    "ablations/no_truncation": (["gsm8k", "math"], GPT, {FIX, RESTART}, {"student", "injected"}, False),
    "ablations/no_smooth": (["gsm8k", "math"], GPT, {FIX, RESTART}, {"student", "injected"}, True),
    "ablations/no_decontamination": (["gsm8k", "math"], GPT, {FIX, RESTART}, {"student", "injected"}, True),
}
VARIANTS = {name: CONFIGS / f"{name}.yaml" for name in EXPECTED}


@cache
def starter() -> list[dict[str, str]]:
    """Problems of our own of which the student has a wrong solution that the offline teacher can judge."""
    samples = StudentSamples.read("starter")
    rows = [row for row in Source("starter").rows() if len(samples.of(row["problem_id"], row["question"]) or []) > 1]
    samples.close()
    return rows[:10]


def in_layout_of(hub: str, row: dict[str, str]) -> dict[str, str]:
    """The problem as a row of one of the sets."""
    question, solution, answer = (row[name] for name in ("question", "gold_solution", "gold_answer"))
    if hub == "meta-math/MetaMathQA":
        return {"type": "GSM_Rephrased", "query": question, "response": f"{solution}\nThe answer is: {answer}"}
    if hub == "openai/gsm8k":
        return {"question": question, "answer": solution}
    return {"problem": question, "level": "Level 1", "type": "Algebra", "solution": solution}


def on_the_hub(source, config):
    """GSM8K has the first half of the problems, one part of MATH the second, MetaMath all."""
    rows, hub = starter(), source._hub["hub"]
    part = {"openai/gsm8k": rows[:5], "meta-math/MetaMathQA": rows}.get(hub, rows[5:] if config == "algebra" else [])
    return [in_layout_of(hub, row) for row in part]


@pytest.fixture(scope="module")
def made():
    """Settings of a variant, and all rows of its chain; each is run once."""
    ran = {}

    def run(name):
        if name not in ran:
            settings = Settings.read(
                VARIANTS[name], {"teacher": "offline", "student": "none", "student_samples": "starter"}
            )
            ran[name] = (settings, asyncio.run(rows_of(build(settings, OfflineTeacher()))))
        return ran[name]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Source, "_load", on_the_hub)
        yield run


async def rows_of(pipeline):
    with Runner(pipeline, admitted=16) as runner:
        rows = [row async for row in runner.rows()]
        await runner.aclose()
        return rows


def candidates(rows):
    """Rows that are somebody's error; a student's error that got no type takes no place."""
    return [row for row in rows if row["origin"] and row["rejected_by"] != "error_type_sampler"]


def per_problem(rows):
    return Counter(row["problem_id"] for row in candidates(rows))


@pytest.mark.parametrize("name", VARIANTS)
def test_every_variant_makes_rows_of_its_own_problems(made, name):
    settings, rows = made(name)
    kept = [row for row in rows if not row["rejected_by"]]
    assert kept
    assert {row["source"] for row in rows} == set(settings.problems)
    assert len({row["question"] for row in rows}) == 10
    assert all(row["verdict"] == "right" for row in kept)


def test_every_variant_is_in_the_table_and_on_the_page():
    extending = {path for path in CONFIGS.rglob("*.yaml") if "\nextends:" in path.read_text(encoding="utf-8")}
    assert extending <= set(VARIANTS.values())
    page = (HERE.parent / "docs" / "variants.md").read_text(encoding="utf-8")
    assert [name for name in VARIANTS if f"`{name}.yaml`" not in page] == []
    linked = {line.split("`")[1] for line in page.splitlines() if line.startswith("| `") and ".yaml`" in line}
    assert all((CONFIGS / name).is_file() for name in linked)


@pytest.mark.parametrize("name", EXPECTED)
def test_a_variant_is_what_its_file_says(made, name):
    sources, teacher, strategies, origins, truncated = EXPECTED[name]
    asked = Settings.read(VARIANTS[name], {})
    assert (asked.problems, asked.teacher.endswith(teacher)) == (sources, True)
    assert asked.sampling["temperature"] == asked.student_sampling["temperature"] == 0.7
    _, rows = made(name)
    kept = [row for row in rows if not row["rejected_by"]]
    assert {row["strategy"] for row in candidates(rows)} == strategies
    assert {row["origin"] for row in candidates(rows)} == origins
    assert {row["origin"] for row in kept} == origins
    cut = [row["erroneous_solution"].startswith(row["erroneous_prefix"]) for row in kept]
    shorter = [len(row["erroneous_prefix"]) < len(row["erroneous_solution"]) for row in kept]
    assert all(cut)
    assert any(shorter) == truncated
    steps = {call["step"] for row in kept for call in row["provenance"]}
    assert ("smooth" in steps) == (name != "ablations/no_smooth")


def test_what_makes_no_error_without_a_student_is_refused_without_one():
    refused = set()
    for name, path in VARIANTS.items():
        Settings.read(path, {"student_samples": "starter"}).refuse_without_errors()
        try:
            Settings.read(path, {"student": "none", "student_samples": "none"}).refuse_without_errors()
        except RefusedError:
            refused.add(name)
    assert refused == {"lemma_hard", *(f"ablations/no_error_augmentation{of}" for of in ("", "_90k"))}
    told = CliRunner().invoke(app, ["--config", str(VARIANTS["lemma_hard"]), "--dry-run"])
    assert (told.exit_code, "give --student or --student-samples" in told.stderr) == (2, True)


def test_decontamination_is_left_out_where_it_is_to_be():
    left_out = "ablations/no_decontamination"
    for name, path in VARIANTS.items():
        chain = build(Settings.read(path, {"teacher": "offline"}), OfflineTeacher()).dag
        assert ("decontaminate" in chain.G.nodes) == (name != left_out), name


def test_a_variant_of_90k_has_as_many_rows_per_problem_as_the_paper_s(made):
    of_paper = per_problem(made("paper")[1])
    assert per_problem(made("ablations/no_fresh_restart_90k")[1]) == of_paper
    assert per_problem(made("ablations/no_fresh_restart")[1]) == {id_: n // 2 for id_, n in of_paper.items()}
    small, large = (per_problem(made(f"ablations/no_error_augmentation{of}")[1]) for of in ("", "_90k"))
    assert all(large[id_] >= n for id_, n in small.items())
    few, many = (Settings.read(VARIANTS[f"ablations/no_error_augmentation{of}"], {}).steps for of in ("", "_90k"))
    assert many["sample_student"]["n_samples"] > few["sample_student"]["n_samples"]
    assert many["error_type_sampler"]["n_errors"] > few["error_type_sampler"]["n_errors"]


def test_lemma_hard_gives_failure_rate_times_20_rows_half_of_them_the_student_s(made):
    _, rows = made("lemma_hard")
    samples = StudentSamples.read("starter")
    for id_, n in per_problem(rows).items():
        of_problem = [row for row in candidates(rows) if row["problem_id"] == id_]
        drawn = len(samples.of(id_, of_problem[0]["question"]))
        rate = 1 - of_problem[0]["right_samples"] / drawn  # no sample of the starter set is unparsed here
        assert abs(n - 20 * rate) <= 1
        assert sum(row["origin"] == "student" for row in of_problem) <= n / 2 + 1
    samples.close()
    assert max(per_problem(rows).values()) > 6


def test_metamath_s_answers_are_what_its_solutions_state(made):
    _, rows = made("metamath")
    gold = {row["question"]: row["gold_answer"] for row in starter()}
    assert {row["question"]: row["gold_answer"] for row in rows} == gold


METAMATH = [
    # response, answer
    ("He pays 4*7=28.\n#### 28\nThe answer is: 28", "28"),
    ("So we get $x=\\boxed{\\frac{1}{2}}$. The answer is: \\frac{1}{2}", "\\frac{1}{2}"),
    ("To find it we add.\nThe value of x is 5.\n#### 5\nThe answer is: 5", "5"),
    ("Therefore he needs 12 more. The answer is: 12", "12"),
    ("The answer is: 3,000.", "3,000"),
]


@pytest.mark.parametrize(("response", "answer"), METAMATH)
def test_problems_of_metamath_are_read_in_its_own_layouts(monkeypatch, response, answer):
    row = {"type": "MATH_FOBAR", "query": "How much?", "original_question": "?", "response": response}
    monkeypatch.setattr(Source, "_load", lambda self, config: [row])
    [problem] = Source("metamath").rows()
    assert (problem["question"], problem["gold_answer"], problem["source"]) == ("How much?", answer, "metamath")


def test_a_run_says_what_its_settings_were_in_the_end(tmp_path):
    arguments = [
        "--config",
        VARIANTS["ablations/no_fresh_restart_90k"],
        "--teacher",
        "offline",
        "--problems",
        "starter",
    ]
    arguments += ["--student-samples", "starter", "--limit", 4, "--output", tmp_path / "out"]
    run = CliRunner().invoke(app, [*map(str, arguments)])
    assert run.exit_code == 0, run.stderr
    settings = json.loads((tmp_path / "out" / "report.json").read_text(encoding="utf-8"))["settings"]
    assert (settings["ablate"], settings["problems"], settings["teacher"]) == (
        ["fresh-restart"],
        ["starter"],
        "offline",
    )
    assert settings["sampling"] == {"temperature": 0.7, "top_p": 1.0, "max_new_tokens": 4096}
    assert settings["steps"]["error_type_sampler"] == {"n_errors": 6, "student_share": 0.5}
    assert "extends" not in settings
