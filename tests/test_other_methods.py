"""GPTAug, ISC and RefAug as a user runs them: what a teacher and a student of a few lines say, and what becomes of it."""

from __future__ import annotations

import json
import threading
from collections import Counter, defaultdict

import pytest
import yaml

from lemma_steps import prompts
from lemma_steps.llms.rehearsal import split_inference
from lemma_steps.steps import AppendReflection, InitialAnswers, JoinVerification, decontaminate
from lemma_steps.steps.layouts import layout
from tests.baseline_runs import EVALUATED, HALF, PEARS, PROBLEMS, STAMPS, Index, baselines, made, written
from tests.chat_server import completions, serving
from tests.scripted_llm import advance
from tests.scripted_llm import made as step_made

GOLD = {PEARS: "31", STAMPS: "28", HALF: "\\frac{1}{6}"}


@pytest.fixture(autouse=True)
def one_evaluated_question(monkeypatch):
    monkeypatch.setattr(decontaminate, "shipped_index", Index)


@pytest.fixture
def problems(tmp_path):
    return written(tmp_path / "problems.jsonl", PROBLEMS)


class Models:
    """Replies to every prompt of a task and a question in turn, from the first again after the last."""

    def __init__(self, replies):
        self.replies, self.said, self.lock = replies, defaultdict(int), threading.Lock()

    def __call__(self, body):
        messages = body["messages"]
        if len(messages) == 1:
            task, question = "student", split_inference(messages[0]["content"])[1]
        else:
            task, row = prompts.read_row(messages)
            question = row["question"]
        texts = self.replies[task, question]
        with self.lock:
            number, self.said[task, question] = self.said[task, question], self.said[task, question] + 1
        return completions([texts[(number + n) % len(texts)] for n in range(body.get("n", 1))])


def solution(text):
    return f"<solution>\n{text}\n</solution>"


def thought(alternative, follow_up="With b boxes there are 12 * b - 5 pears."):
    return f"<alternative>{alternative}</alternative>\n<follow_up>{follow_up}</follow_up>"


def config(path, method, **steps):
    path.write_text(yaml.safe_dump({method: {"method": method, "problems": ["x"], "steps": steps}}), encoding="utf-8")
    return path


def run(tmp_path, problems, method, replies, *more, again=0, **steps):
    """Kept rows, rejected rows and report; a second run asks `again` times, for what failed."""
    with serving(Models(replies)) as server:
        arguments = [method, "--config", config(tmp_path / "config.yaml", method, **steps), "--problems", problems]
        arguments += ["--teacher", f"vllm:{server.url}#big", *(word.format(url=server.url) for word in more)]
        result = made(tmp_path / "out", *arguments)
        asked = len(server.requests)
        assert made(tmp_path / "out", *arguments)[:2] == result[:2]
        assert len(server.requests) == asked + again
    return result


def test_gptaug_is_the_teacher_s_right_solutions(tmp_path, problems):
    replies = {
        ("solve", PEARS): [
            solution("3 * 12 = 36 and 36 - 5 = 31.\nThe answer is: 31"),
            solution("12 + 12 + 12 = 36, less 5 is 31.\nThe answer is: 31"),
            solution("3 * 12 = 36 and 36 - 4 = 32.\nThe answer is: 32"),
            "<decline>unsolved: no idea</decline>",
        ],
        ("solve", STAMPS): [solution("4 * 7 = <<4*7=28>>28.\nThe answer is: 28")],
        ("solve", HALF): [solution("$\\frac12 \\cdot \\frac13 = \\frac16$.\nThe answer is: $\\frac16$")],
    }
    kept, rejected, report = run(tmp_path, problems, "gptaug", replies, allot_solutions={"solutions": 4})
    assert Counter(row["question"] for row in kept) == {PEARS: 2, STAMPS: 1, HALF: 1}
    assert Counter(row["reason"] for row in rejected) == {
        "answer_wrong": 1,
        "declined": 1,
        "exact_duplicate": 6,
        "contaminated": 1,
    }
    assert {row["teacher"] for row in kept} == {"big"}
    assert {row["student"] for row in kept} == {None}
    for row in kept:
        [call] = row["provenance"]
        assert (call["step"], call["template"]) == ("solve_problem", prompts.template_id("solve"))
    assert report["calls"][0]["calls"] == 12
    assert next(row for row in kept if row["question"] == STAMPS)["output"] == " 4 * 7 = 28.\nThe answer is: 28"
    assert report["settings"]["teacher"].startswith("vllm:")


ANSWERS = [
    # the student on PEARS, whether a row of it is kept, what stands of it in the row
    ("3 * 12 = 36, 36 - 5 = 31. The answer is: 31", "kept", " 3 * 12 = 36, 36 - 5 = 31. The answer is: 31"),
    (
        "3 * 12 = <<3*12=36>>36, 36 - 4 = 32.\n#### 32",
        "kept",
        " 3 * 12 = 36, 36 - 4 = 32.\nThe answer is: 32",
    ),
    ("So it is \\boxed{30}", "kept", " So it is \\boxed{30}\nThe answer is: 30"),
    ("There are 3 boxes of 12 pears and", "kept", " There are 3 boxes of 12 pears and"),
    ("Boxes: 3 * 12 = 36. Left: 36 - 5 = 31", "answer_not_stated", None),
    ("I do not know.", "answer_unparsed", None),
]


def test_isc_verifies_first_answers_and_corrects_the_wrong_ones(tmp_path, problems):
    samples = [{"question": PEARS, "sample": n, "solution": s, "student": "small"} for n, (s, *_) in enumerate(ANSWERS)]
    path = written(tmp_path / "samples.jsonl", samples)
    right = solution("Three boxes hold 3 * 12 = 36.\nWithout the 5 that is 36 - 5 = 31.\nThe answer is: 31")
    replies = {("explain_answer", PEARS): [right]}
    kept, rejected, report = run(tmp_path, problems, "isc", replies, "--student-samples", str(path))
    found = {row["index"]: "kept" for row in kept} | {row["index"]: row["reason"] for row in rejected if row["student"]}
    assert found == {n: outcome for n, (_, outcome, _) in enumerate(ANSWERS)}
    assert Counter(row["reason"] for row in rejected)["no_samples"] == 2
    for row in kept:
        initial = ANSWERS[row["index"]][2]
        said = row["output"].removeprefix(initial)
        first, verification, *rest = said.split("\n")
        assert first == ""
        is_right = row["index"] == 0
        assert verification in layout("isc")["right" if is_right else "wrong"]
        assert "\n".join(rest) == ("The answer is: 31" if is_right else right[11:-12])
        trained = "".join(part["text"] for part in row["segments"] if part["label"])
        assert (trained == row["output"]) == is_right
        assert trained == (row["output"] if is_right else said)
        assert [call["step"] for call in row["provenance"]] == ([] if is_right else ["explain_answer"])
        assert (row["student"], row["teacher"]) == ("small", None if is_right else "big")
    assert report["calls"][0]["calls"] == 3


def test_isc_asks_the_student_and_a_wrong_correction_is_rejected(tmp_path, problems):
    replies = {
        ("student", question): ["It is 2. The answer is: 2", f"Clear. The answer is: {gold}"]
        for question, gold in GOLD.items()
    }
    replies |= {
        ("explain_answer", question): [solution(f"So it is so.\nThe answer is: {gold if question == HALF else 3}")]
        for question, gold in GOLD.items()
    }
    more = ["--student", "vllm:{url}#base"]
    kept, rejected, report = run(tmp_path, problems, "isc", replies, *more, sample_student={"n_samples": 2})
    assert Counter(row["question"] for row in kept) == {PEARS: 1, STAMPS: 1, HALF: 2}
    assert Counter(row["reason"] for row in rejected) == {"answer_wrong": 2, "contaminated": 1}
    corrected = next(row for row in kept if row["teacher"])
    assert [call["step"] for call in corrected["provenance"]] == ["sample_student", "explain_answer"]
    assert report["right_samples"] == 3
    assert passage(report, "initial_answers") == (3, 6)
    assert passage(report, "load_problems") == (4, 4)


def passage(report, step):
    """Rows in and out of a step."""
    return next((one["rows_in"], one["rows_out"]) for one in report["funnel"] if one["step"] == step)


def test_refaug_is_reflections_on_gold_solutions_and_new_solutions(tmp_path, problems):
    other = "A dozen less 5 is 7, and 2 * 12 + 7 = 31.\nThe answer is: 31"
    replies = {("solve", question): [solution(f"Clear.\nThe answer is: {gold}")] for question, gold in GOLD.items()}
    replies |= {
        ("reflect", PEARS): [thought(other)],
        ("reflect", STAMPS): [thought("7 * 4 = 27.\nThe answer is: 27")],
        ("reflect", HALF): ["<decline>no_alternative: none</decline>"],
    }
    kept, rejected, report = run(
        tmp_path, problems, "refaug", replies, allot_solutions={"solutions": 1, "reflections": 1}
    )
    assert Counter(row["reason"] for row in rejected) == {"alternative_wrong": 1, "declined": 1, "contaminated": 1}
    [reflected] = [row for row in kept if "Reflection:" in row["output"]]
    assert reflected["output"] == (
        " She has 3*12=36 pears.\nThen 36-5=31 are left.\nThe answer is: 31\n\nReflection:\nAlternative reasoning:\n"
        f"{other}\n\nFollow-up reasoning:\nWith b boxes there are 12 * b - 5 pears.\n\nThe answer is: 31"
    )
    assert [call["template"].partition("@")[0] for call in reflected["provenance"]] == ["reflect"]
    assert Counter(row["question"] for row in kept) == {PEARS: 2, STAMPS: 1, HALF: 1}
    assert report["calls"][0]["calls"] == 3
    assert report["teacher"] == {"big": 4}
    assert passage(report, "allot_solutions") == (3, 6)
    card = (tmp_path / "out" / "README.md").read_text(encoding="utf-8")
    for said in ("stopped at", "Nothing verifies the further problem", "2406.12050"):
        assert said in card


def test_a_problem_without_a_worked_solution_gets_no_reflection_but_solutions(tmp_path):
    path = written(tmp_path / "answers.jsonl", [{"question": STAMPS, "answer": "28"}])
    replies = {("solve", STAMPS): [solution("4 * 7 = 28.\nThe answer is: 28")]}
    kept, rejected, _ = run(tmp_path, path, "refaug", replies, allot_solutions={"solutions": 1, "reflections": 1})
    assert (len(kept), [row["reason"] for row in rejected]) == (1, ["no_solution"])


def test_a_reply_without_its_parts_is_asked_for_again_and_then_costs_its_row(tmp_path, problems):
    replies = {("solve", question): ["It is what it is."] for question in GOLD}
    replies["solve", PEARS] = ["It is what it is.", solution("So.\nThe answer is: 31")]
    kept, rejected, _ = run(tmp_path, problems, "gptaug", replies, again=4, allot_solutions={"solutions": 1})
    assert [row["question"] for row in kept] == [PEARS]
    assert Counter(row["reason"] for row in rejected) == {"reply_unparsed": 2, "contaminated": 1}


HOSTILE = "{alternative} {0} {closing.__class__} </script> 3 * 12 = 36.\nThe answer is: 31"


def test_text_of_a_model_is_laid_out_as_it_is():
    row = {"question": PEARS, "gold_answer": "31", "output": " 31.\nThe answer is: 31", "reflects": True}
    [made_row] = advance(step_made(AppendReflection), {**row, "alternative": HOSTILE, "follow_up": "{section}"})
    assert HOSTILE in made_row["output"]
    assert "{section}" in made_row["output"]
    assert made_row["correction"] == made_row["output"]


def test_the_words_of_a_verification_follow_from_the_row_alone_and_all_are_used():
    step = step_made(JoinVerification)
    row = {
        "question": PEARS,
        "gold_answer": "31",
        "initial": " 31",
        "solution": "31. The answer is: 31",
        "verdict": "right",
    }
    for right in (True, False):
        rows = [{**row, "id": str(n), "initial_right": right} for n in range(60)]
        outputs = [advance(step, one)[0]["output"] for one in rows]
        assert outputs == [advance(step, one)[0]["output"] for one in rows]
        assert {text.split("\n")[1] for text in outputs} == set(layout("isc")["right" if right else "wrong"])


def test_a_problem_without_samples_is_rejected_not_lost():
    row = {"problem_id": "p", "question": PEARS, "gold_answer": "31", "samples": [], "sample_verdicts": []}
    [made_row] = advance(step_made(InitialAnswers), row)
    assert made_row["reason"] == "no_samples"


DRY = [
    # command, calls per step for the three problems that are no test question
    (["gptaug"], {"solve_problem": 18}),
    (["refaug"], {"solve_problem": 3, "reflect_on_solution": 3}),
    (["refaug-90k"], {"solve_problem": 9, "reflect_on_solution": 9}),
    (["isc", "--student", "vllm:http://localhost:9/v1#m"], {"sample_student": 18, "explain_answer": 18}),
]


@pytest.mark.parametrize(("command", "calls"), DRY)
def test_a_dry_run_says_what_the_paper_s_sizes_would_ask(tmp_path, problems, command, calls):
    before = sorted(tmp_path.rglob("*"))
    said = baselines(*command, "--problems", problems, "--dry-run")
    assert said.exit_code == 0, said.stderr
    lines = {line.split()[0]: line.split()[1] for line in said.stdout.splitlines() if line.startswith(tuple(calls))}
    assert lines == {step: str(count) for step, count in calls.items()}
    assert "gpt-4o-2024-08-06" in said.stdout
    assert sorted(tmp_path.rglob("*")) == before


def test_a_run_needs_a_directory(problems):
    refused = baselines("sft", "--problems", problems)
    assert (refused.exit_code, refused.stderr.count("--output")) == (2, 1)


def test_the_card_of_every_method_says_how_its_rows_were_made(tmp_path, problems):
    replies = {("solve", question): [solution(f"Clear.\nThe answer is: {gold}")] for question, gold in GOLD.items()}
    _, _, report = run(tmp_path, problems, "gptaug", replies, allot_solutions={"solutions": 1})
    card, page = ((tmp_path / "out" / name).read_text(encoding="utf-8") for name in ("README.md", "report.html"))
    assert "A teacher solves each problem several times" in card
    assert "Teacher: big." in card
    assert "Teacher: big." in page
    assert "Student:" not in card + page
    assert "have no labelled error" in card
    assert "error-corrective" not in card.split("## Cite")[0] + page
    assert json.dumps(report["settings"]["steps"]) == '{"allot_solutions": {"solutions": 1}}'
    assert EVALUATED not in card
