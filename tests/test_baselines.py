"""The baselines' command as a user runs it: what each method keeps, what it rejects and why, and what card and report say."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from baselines import HERE, METHODS, build

from lemma_steps.baseline_settings import WITH_TEACHER, BaselineSettings
from lemma_steps.llms.rehearsal import RehearsalLLM
from lemma_steps.steps import decontaminate
from tests.baseline_runs import EVALUATED, HALF, PEARS, PROBLEMS, STAMPS, Index, baselines, made, written
from tests.chat_server import completions, serving
from tests.hub_server import TOKEN, HubServer

ROOT = Path(__file__).parent.parent


@pytest.fixture(autouse=True)
def one_evaluated_question(monkeypatch):
    monkeypatch.setattr(decontaminate, "shipped_index", Index)


@pytest.fixture
def problems(tmp_path):
    return written(tmp_path / "problems.jsonl", PROBLEMS)


def outcome(kept, rejected, *columns):
    """Reason, or `kept`, by these columns of a row."""
    key = lambda row: tuple(row[name] for name in columns)  # noqa: E731
    return {**{key(row): "kept" for row in kept}, **{key(row): row["reason"] for row in rejected}}


def test_sft_is_the_gold_solutions(tmp_path, problems):
    more = [{"question": "Only an answer?", "answer": "9"}, {"question": "No answer?", "answer": ""}, PROBLEMS[0]]
    written(problems, PROBLEMS + more)
    kept, rejected, report = made(tmp_path / "out", "sft", "--problems", problems)
    assert [row["output"] for row in kept] == [
        " She has 3*12=36 pears.\nThen 36-5=31 are left.\nThe answer is: 31",
        " He pays 4*7=28 coins.\nThe answer is: 28",
        " It is $\\frac{1}{2}\\cdot\\frac13=\\boxed{\\frac{1}{6}}$.\nThe answer is: \\frac{1}{6}",
    ]
    assert {row["question"]: row["reason"] for row in rejected} == {
        EVALUATED: "contaminated",
        "Only an answer?": "no_solution",
        "No answer?": "no_gold_answer",
        PEARS: "duplicate_problem",
    }
    assert all(row["detail"] for row in rejected if row["reason"] != "no_solution")
    assert (report["problems"], report["student"], report["teacher"]) == (6, {}, {})


def test_decontamination_can_be_left_out_and_is_said_to_be(tmp_path, problems):
    kept, _, _ = made(tmp_path / "out", "sft", "--problems", problems, "--ablate", "decontamination")
    assert EVALUATED in {row["question"] for row in kept}
    assert "decontamination was switched off" in (tmp_path / "out" / "README.md").read_text(encoding="utf-8")


SAMPLES = [
    # of PEARS: number, solution, what becomes of it
    (0, "3*12=36 and 36-5=31. The answer is: 31", "kept"),
    (1, "First 3*12=36, so after eating 36-5=31. The answer is: 31", "same_equations"),
    (2, "12+12+12=36, then 36-5=31.\nThe answer is: 31", "kept"),
    (3, "36-5=31 because 3*12=36. The answer is: 31", "kept"),
    (4, "3*12=<<3*12=36>>36 and 36-4=<<36-4=32>>32. The answer is: 32", "answer_wrong"),
    (5, "I do not know.", "answer_unparsed"),
    (6, "Three dozen less five.\n#### 31", "kept"),
    (7, "Three dozen less five.\n#### 31", "same_equations"),
    (8, "3*12=36. Then \\(36-5=\\boxed{31}\\) are left", "same_equations"),
    (9, "A dozen is 12, so 12*3=36 and 36-5=31, thus \\(31 are left. The answer is: 31", "unbalanced_math"),
]


def test_rft_is_every_right_way_once(tmp_path, problems):
    samples = [{"question": PEARS, "sample": n, "solution": s, "student": "small"} for n, s, _ in SAMPLES]
    path = written(tmp_path / "samples.jsonl", samples)
    kept, rejected, report = made(tmp_path / "out", "rft", "--problems", problems, "--student-samples", path)
    of_pears = outcome(*([r for r in rows if r["question"] == PEARS] for rows in (kept, rejected)), "index")
    assert {number: of_pears[number,] for number, _, _ in SAMPLES} == {n: expected for n, _, expected in SAMPLES}
    assert Counter(row["reason"] for row in rejected if row["question"] != PEARS) == {
        "no_samples": 2,
        "contaminated": 1,
    }
    assert {row["student"] for row in kept} == {"small"}
    assert report["right_samples"] == 8
    assert (report["problems"], report["candidates"]) == (4, len(SAMPLES))
    assert next(row for row in kept if row["index"] == 6)["output"].endswith("less five.\nThe answer is: 31")
    explodes = next(step for step in report["funnel"] if step["step"] == "right_samples")
    assert (explodes["rows_in"], explodes["rows_out"]) == (3, 5)


LONG = (
    "Ben wants four stamps, and the clerk at the {} asks seven coins for every one of them. So he lays seven coins on the "
    "table for the first, seven more for the second, seven more for the third and seven more for the last, which makes "
    "4 * 7 = 28 coins in all that he has to count out of his purse before he may go home. The answer is: 28"
)
SOLUTIONS = [
    # question, solution, what becomes of it where the gold answers are known
    (PEARS, "3 * 12 = 36 pears, 36 - 5 = 31 left.\n#### 31\nThe answer is: 31", "kept"),
    (STAMPS, "4 * 7 = 28 coins. The answer is: 28", "kept"),
    (PEARS, "She eats 5 of 36, so 31. The answer is: 31", "kept"),
    (HALF, "Half of $\\frac13$ is $\\boxed{\\frac16}$", "kept"),
    (PEARS, "3 * 12 = 36 pears, 36 - 5 = 31 left. The answer is: 31", "exact_duplicate"),
    (PEARS, "3 * 12 = 36 pears, 36 - 6 = 30 left. The answer is: 30", "answer_wrong"),
    (EVALUATED, "2 + 2 = 4. The answer is: 4", "contaminated"),
    ("A question of another set?", "It is 5. The answer is: 5", "no_gold_answer"),
    (STAMPS, LONG.format("counter"), "kept"),
    (STAMPS, LONG.format("window"), "near_duplicate"),
    (STAMPS, "Nobody can say.", "answer_unparsed"),
    (STAMPS, "", "no_solution"),
    (" ", "It is 5. The answer is: 5", "no_question"),
    (f"  {PEARS.replace(' ', '  ')}", "Twelve thrice is 36 and five fewer is 31. The answer is: 31", "kept"),
]
SETS = {
    "metamath": ("query", "response"),
    "dart-math-uniform": ("query", "response"),
    "dart-math-hard": ("query", "response"),
    "published": ("instruction", "output"),
}


def of_solutions(path, method, solutions=SOLUTIONS, wrapper="{}"):
    question, solution = SETS[method]
    return written(path, [{question: wrapper.format(q), "input": "", solution: s} for q, s, _ in solutions])


WRAPPED = "### Instruction:\n{}\n\n### Response: Let's think step by step."


@pytest.mark.parametrize(("method", "wrapper"), [*((name, "{}") for name in SETS), ("published", WRAPPED)])
def test_a_set_of_solutions_is_checked_against_the_problems_it_was_made_from(tmp_path, problems, method, wrapper):
    path = of_solutions(tmp_path / "set.jsonl", method, wrapper=wrapper)
    kept, rejected, _ = made(tmp_path / "out", method, "--problems", path, "--gold", problems, "--limit", 100)
    expected = Counter(reason for _, _, reason in SOLUTIONS)
    assert Counter(row["reason"] for row in rejected) + Counter({"kept": len(kept)}) == expected
    assert [row["index"] for row in kept if row["question"].split() == PEARS.split()] == [0, 1, 4]
    assert {row["gold_answer"] for row in kept} == {"31", "28", "\\frac{1}{6}"}
    assert all(row["verdict"] in (None, "wrong", "unparsed") for row in rejected if row["rejected_by"] != "deduplicate")


GOLD_OF_PLUS = [{"question": "Plus?", "answer": "#### 4"}]
NO_GOLD = {"published": {"method": "lemma_published", "problems": ["x"], "gold": []}}  # JSON is YAML


def test_without_problem_sets_the_answer_is_the_one_that_the_solution_states(tmp_path):
    solutions = [
        ("Plus?", "2 + 2 = 4\n#### 4\nThe answer is: 4", "kept"),
        ("Plus?", "Two and two. The answer is: 4", "kept"),
        ("Boxed?", "So \\boxed{7}. The answer is: 8", "answer_wrong"),
        ("Nothing?", "Nobody can say.", "no_gold_answer"),
    ]
    path = of_solutions(tmp_path / "set.jsonl", "metamath", solutions)
    kept, rejected, _ = made(tmp_path / "out", "metamath", "--problems", path)
    assert [row["gold_answer"] for row in kept] == ["4", "4"]
    assert Counter(row["reason"] for row in rejected) == Counter(r for _, _, r in solutions if r != "kept")
    assert all(row["gold_solution"] is None for row in kept)
    said = "proves no more than that it ends on that answer"
    assert said in (tmp_path / "out" / "README.md").read_text("utf-8")
    made(tmp_path / "checked", "metamath", "--problems", path, "--gold", written(tmp_path / "gold.jsonl", GOLD_OF_PLUS))
    assert said not in (tmp_path / "checked" / "README.md").read_text("utf-8")


def test_reflections_and_false_equations_of_the_published_set_are_counted(tmp_path, problems):
    solutions = [
        (PEARS, "3*12=38. Wait, twelve thrice again: 3*12=36. So 36-5=31. The answer is: 31", "kept"),
        (STAMPS, "4*7=28. The answer is: 28", "kept"),
    ]
    path = of_solutions(tmp_path / "set.jsonl", "published", solutions)
    _, _, report = made(tmp_path / "out", "published", "--problems", path, "--gold", problems)
    assert report["text_checks"] == {
        "rows": 2,
        "reflecting": 1,
        "checkable_equations": 4,
        "false_equations": 1,
        "rows_with_false_equations": 1,
    }


def test_rft_asks_a_student_once(tmp_path, problems):
    texts = ["3*12=36, 36-5=31. The answer is: 31", "It is 3. The answer is: 3", "36-5=31. The answer is: 31"]

    def reply(body):
        return completions((texts * body.get("n", 1))[: body.get("n", 1)])

    config = tmp_path / "config.yaml"
    config.write_text("rft: {method: rft, problems: [], steps: {sample_student: {n_samples: 3}}}", encoding="utf-8")
    with serving(reply) as server:
        arguments = ["rft", "--config", config, "--problems", problems, "--student", f"vllm:{server.url}#base"]
        kept, rejected, report = made(tmp_path / "out", *arguments)
        asked = len(server.requests)
        again = made(tmp_path / "out", *arguments)
    assert asked
    assert len(server.requests) == asked
    assert again[:2] == (kept, rejected)
    assert [(row["question"], row["index"]) for row in kept] == [(PEARS, 0), (PEARS, 2)]
    assert {row["student"] for row in kept} == {"base"}
    assert all([call["step"] for call in row["provenance"]] == ["sample_student"] for row in kept)
    assert report["calls"][0]["calls"] == 9
    assert report["reasons"] == {"answer_wrong": 7, "contaminated": 1}


@pytest.mark.parametrize("method", METHODS)
def test_the_chain_is_one_that_stock_distilabel_takes_too(method):
    settings = BaselineSettings.read(HERE / "configs" / "baselines.yaml", {}, section=method)
    teacher = RehearsalLLM(model="m") if settings.method in WITH_TEACHER else None
    build(settings, teacher).dag.validate()


def test_the_same_command_writes_the_same_bytes(tmp_path, problems):
    for name in ("one", "two"):
        made(tmp_path / name, "sft", "--problems", problems)
    for name in ("train.parquet", "train.jsonl", "rejected.parquet", "pipeline.yaml"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


@pytest.mark.parametrize("method", [name for name in METHODS if not name.startswith(WITH_TEACHER)])
def test_card_and_report_say_nothing_of_errors_that_nobody_labelled(tmp_path, problems, method):
    arguments = ["--problems", problems]
    if method == "rft":
        sample = {"question": PEARS, "sample": 0, "solution": SAMPLES[0][1], "student": "small"}
        arguments += ["--student-samples", written(tmp_path / "samples.jsonl", [sample])]
    elif method in SETS:
        arguments = ["--problems", of_solutions(tmp_path / "set.jsonl", method), "--gold", problems]
    made(tmp_path / "out", method, *arguments)
    card, page = ((tmp_path / "out" / name).read_text(encoding="utf-8") for name in ("README.md", "report.html"))
    for text in (card, page):
        for word in (
            "Teacher:",
            "teacher none",
            "Error types",
            "error type |",
            "Reflections begin",
            "first wrong step</",
        ):
            assert word not in text
        assert "answer" in text
    assert not re.search(r"made from .* by the LEMMA\s+method", card)
    assert "have no labelled error" in card
    assert "error-corrective" not in card.split("## Cite")[0]
    assert "error-corrective" not in page
    assert page.count("<div") == page.count("</div>")
    assert page.count("<section") == page.count("</section>")


REFUSED = [
    (["published", "--problems", "{set}", "--config", "{file}"], [NO_GOLD], "name problem sets with --gold"),
    # arguments with {problems}, {set} and {file}, the content of {file}, what is said
    (["sft", "--problems", "{file}"], [{"frage": "?", "answer": "1"}], "needs question or problem"),
    (["sft", "--problems", "{file}"], [], "the file is empty"),
    (["sft", "--problems", "missing.jsonl"], [], "no such file"),
    (["metamath", "--problems", "{file}"], [{"question": "?", "response": "1"}], "columns question, response; needs"),
    (
        ["published", "--problems", "{file}"],
        [{"instruction": "?", "response": "1"}],
        "columns instruction, response; needs",
    ),
    (["rft", "--problems", "{problems}"], [], "give --student or --student-samples"),
    (["rft", "--problems", "{problems}", "--student", "offline"], [], "the rule-based teacher is no student"),
    (["sft", "--problems", "{problems}", "--student-samples", "starter"], [], "leave out the student"),
    (
        ["sft", "--problems", "{problems}", "--teacher", "offline"],
        [],
        "leave out the teacher, who is of gptaug and isc",
    ),
    (["sft", "--problems", "{problems}", "--dry-run"], [], "asks no model; leave out --dry-run"),
    *(
        (["isc", "--problems", "{problems}", "--teacher", teacher], [], "give --student")
        for teacher in ("offline", "x:y")
    ),
    *(
        ([*method, "--problems", "{problems}", "--teacher", "offline"], [], "solves nothing by itself; name a model")
        for method in (["gptaug"], ["refaug"], ["refaug-90k"], ["isc", "--student-samples", "starter"])
    ),
    (["gptaug", "--problems", "{problems}", "--teacher", "none"], [], "gptaug: give --teacher"),
    (["gptaug", "--problems", "{problems}", "--teacher", "gpt-4o"], [], "unknown model"),
    (["gptaug", "--problems", "{problems}", "--student", "vllm:http://localhost:9/v1#m"], [], "leave out the student"),
    (["sft", "--problems", "{problems}", "--gold", "{problems}"], [], "leave out --gold"),
    (["sft", "--problems", "{problems}", "--ablate", "smooth"], [], "--ablate"),
    (["sft", "--problems", "{problems}", "--config", "{file}"], ["[]"], "a recipe is a mapping"),
    (["rft", "--problems", "{problems}", "--student-samples", "{file}"], [{"question": PEARS}], "not a student sample"),
    (
        ["rft", "--problems", "{problems}", "--student-samples", "{file}"],
        [{"question": PEARS, "sample": 0, "solution": "It is 3.", "student": "s"}],
        "no row was kept of 4 that entered: no_samples (2), answer_wrong (1), contaminated (1)",
    ),
    (
        ["published", "--problems", "{set}", "--gold", "{file}"],
        [{"question": "Another?", "answer": "#### 1"}],
        "no row was kept",
    ),
    (["dart-math-hard", "--problems", "{set}", "--gold", "{file}"], [{"question": "?"}], "needs question or problem"),
]


@pytest.mark.parametrize(("arguments", "content", "said"), REFUSED)
def test_bad_input_is_refused_in_one_line(tmp_path, problems, arguments, content, said):
    solutions = of_solutions(tmp_path / "set.jsonl", "published" if arguments[0] == "published" else "metamath")
    places = {"problems": problems, "set": solutions, "file": written(tmp_path / "file.jsonl", content)}
    run = baselines(*(argument.format(**places) for argument in arguments), "--output", tmp_path / "out")
    assert run.exit_code == 2
    assert said in run.stderr
    assert [line for line in run.stderr.splitlines() if line.startswith("error: ")] == run.stderr.splitlines()[-1:]
    assert not (tmp_path / "out" / "train.parquet").exists() or "no row was kept" in said


def test_malformed_rows_refuse_their_file_unless_told(tmp_path, problems):
    path = written(
        tmp_path / "set.jsonl", [{"query": PEARS, "response": 1e999}, {"query": STAMPS, "response": "#### 28"}]
    )
    run = baselines("metamath", "--problems", path, "--output", tmp_path / "out")
    assert run.exit_code == 2
    assert "row 1" in run.stderr
    kept, rejected, _ = made(tmp_path / "out", "metamath", "--problems", path, "--reject-bad-rows")
    assert len(kept) == 1
    assert [row["reason"] for row in rejected] == ["not_a_number"]


def test_a_set_is_loaded_from_the_hub(tmp_path, problems):
    rows = [{"query": question, "response": solution} for question, solution, _ in SOLUTIONS[:4]]
    file = tmp_path / "set.parquet"
    pq.write_table(pa.Table.from_pylist(rows), file)
    with HubServer() as hub:
        hub.private["me/dart"] = False
        hub.branches["me/dart", "main"] = [("1" * 40, {"train.parquet": file.read_bytes()})]
        environment = {**os.environ, "HF_ENDPOINT": hub.url, "HF_TOKEN": TOKEN, "HF_HOME": str(tmp_path / "hf")}
        command = [sys.executable, ROOT / "recipes" / "baselines.py", "dart-math-hard", "--problems", "me/dart"]
        command += ["--gold", problems, "--output", tmp_path / "out"]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)
        hub.shutdown()
    assert done.returncode == 0, done.stderr
    report = json.loads((tmp_path / "out" / "report.json").read_text(encoding="utf-8"))
    assert (report["kept"], report["sources"][0]["source"]) == (4, "me/dart")
