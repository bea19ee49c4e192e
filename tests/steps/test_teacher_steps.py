"""The steps that ask a teacher: what they ask, what they make of the reply, and what a bad reply costs."""

from __future__ import annotations

import pytest

from lemma_steps.errors import CallFailedError
from lemma_steps.steps import (
    ClassifyErrors,
    FixContinue,
    FreshRestart,
    InjectError,
    SampleStudent,
    Smooth,
)
from tests.scripted_llm import advance, made

ROW = {
    "id": "0",
    "problem_id": "p",
    "question": "Ann has 3 bags of 4 nuts and eats 2. How many are left?",
    "gold_solution": "3*4=<<3*4=12>>12 nuts.\n12-2=<<12-2=10>>10 left.\n#### 10",
    "gold_answer": "10",
    "origin": "injected",
    "index": 0,
    "strategy": "fix_continue",
    "requested_type": "CA",
    "error_type": "CA",
    "erroneous_solution": " 3*4=12 nuts.\n12-2=9 left.\nThe answer is: 9",
    "erroneous_prefix": " 3*4=12 nuts.\n12-2=9 left.\n",
    "declared_step": None,
    "draft_reflection": "Wait, 12-2 is 10.",
    "draft_correction": "10 are left.\nThe answer is: 10",
    "student_reference": None,
    "provenance": [],
}
REVISION = "<reflection>Hold on.</reflection><correction>It is 10.\nThe answer is: 10</correction>"


def test_injection_the_marked_step_is_found_by_code():
    reply = "<solution>3*4=12 nuts.\n<wrong>12-2=9 left.</wrong>\nThe answer is: 9</solution><explanation>12-2 is 10</explanation>"
    [row] = advance(made(InjectError, lambda *_: reply), {**ROW, "erroneous_solution": None})
    assert row["erroneous_solution"] == ROW["erroneous_solution"]
    assert (row["declared_step"], row["explanation"], row["teacher"]) == (2, "12-2 is 10", "scripted")
    [call] = row["provenance"]
    assert (call["step"], call["model"], call["tokens_in"]) == ("injecterror", "scripted", 3)
    assert call["template"].startswith("inject_error@")


def test_defect_24_the_teacher_sees_no_calculator_marks():
    seen = {}

    def script(task, fields, seed):
        seen.update(fields)
        return None

    advance(made(InjectError, script), ROW)
    assert seen["reference_solution"] == "3*4=12 nuts.\n12-2=10 left.\nThe answer is: 10"


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        ("<decline>type_not_available: no unit</decline>", "declined"),
        ("I would rather chat.", "reply_unparsed"),
        ("<solution>3*4=12", "reply_truncated"),
        ("", "empty_reply"),
        (None, "empty_reply"),
    ],
)
@pytest.mark.parametrize("step", [InjectError, FixContinue, Smooth])
def test_a_bad_reply_costs_its_row_and_says_why(step, reply, reason):
    if step is not InjectError and reply and reply.startswith("<solution>"):
        reply = reply.replace("solution", "reflection")
    [row] = advance(made(step, lambda *_: reply), ROW)
    assert (row["rejected_by"], row["reason"]) == (step.__name__.lower(), reason)
    assert bool(row["provenance"]) == (reason != "empty_reply")


def test_defect_28_a_failed_call_costs_one_row_of_the_batch():
    def script(task, fields, seed):
        if "eats 5" in fields["question"]:
            raise CallFailedError("http_500", "oops")
        return REVISION

    step = made(FixContinue, script)
    rows = [{**ROW, "id": str(n), "question": ROW["question"].replace("eats 2", f"eats {n}")} for n in range(10)]
    out = next(step.process(rows))
    assert [row.get("reason") for row in out] == [None] * 5 + ["http_500"] + [None] * 4


def problem(*verdicts):
    samples = [{"sample": n, "solution": f" try {n}", "student": "s"} for n in range(len(verdicts))]
    return {**ROW, "samples": samples, "sample_verdicts": list(verdicts)}


def test_only_wrong_solutions_are_classified():
    step = made(ClassifyErrors, lambda *_: "<reason>r</reason><error_type>calculation_error</error_type>")
    [row] = advance(step, problem("right", "wrong", "unparsed", "timed_out", "wrong"))
    assert [label["code"] for label in row["sample_types"]] == [None, "CA", None, None, "CA"]
    assert row["wrong_samples"] == [{"error_type": "CA", "reason": None, "samples": 2}]
    assert len(row["provenance"]) == 2


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        ("<reason>fine</reason><error_type>none</error_type>", "no_error_found"),
        ("<decline>unclear: cannot say</decline>", "declined"),
        ("The solution is correct; there is no calculation_error.", "reply_unparsed"),
    ],
)
def test_defect_15_a_solution_that_the_teacher_cannot_type_gets_no_type(reply, reason):
    [row] = advance(made(ClassifyErrors, lambda *_: reply), problem("wrong"))
    [label] = row["sample_types"]
    assert (label["code"], label["reason"]) == (None, reason)
    explained = "declined (unclear)" if reason == "declined" else reason
    assert row["wrong_samples"] == [{"error_type": None, "reason": explained, "samples": 1}]


REFERENCES = [
    ("none", None, "none", None),
    ("gold", " mine", "gold", "3*4=12 nuts.\n12-2=10 left.\nThe answer is: 10"),
    ("student", " mine", "student", "mine"),
    ("student", None, "gold", "3*4=12 nuts.\n12-2=10 left.\nThe answer is: 10"),
]


@pytest.mark.parametrize(("reference", "own", "said", "shown"), REFERENCES)
@pytest.mark.parametrize("step", [FixContinue, FreshRestart])
def test_defect_9_the_row_says_what_the_teacher_saw(step, reference, own, said, shown):
    seen = {}

    def script(task, fields, seed):
        seen.update(fields)
        return REVISION

    row = {**ROW, "strategy": step.strategy, "student_reference": own}
    [row] = advance(made(step, script, reference=reference), row)
    assert (row["reference_seen"], seen.get("reference_solution")) == (said, shown)
    assert (row["draft_reflection"], row["draft_correction"]) == ("Hold on.", "It is 10.\nThe answer is: 10")
    assert seen["attempt"] == [" 3*4=12 nuts.\n", "12-2=9 left.\n"]


@pytest.mark.parametrize(("step", "strategy"), [(FixContinue, "fresh_restart"), (FreshRestart, "fix_continue")])
def test_each_strategy_passes_the_others_rows_on(step, strategy):
    row = {**ROW, "strategy": strategy}
    instance = made(step, lambda *_: REVISION)
    assert advance(instance, row) == [row]
    assert instance.llm._calls == 0


def test_the_student_answers_under_the_inference_prompt():
    seen = []

    def script(task, fields, seed):
        seen.append((fields["prompt"], seed))
        return "It is 10.\nThe answer is: 10"

    [row] = advance(made(SampleStudent, script, n_samples=3), ROW)
    assert [sample["solution"] for sample in row["samples"]] == [" It is 10.\nThe answer is: 10"] * 3
    assert {prompt for prompt, _ in seen} == {
        f"### Instruction:\n{ROW['question']}\n\n### Response: Let's think step by step."
    }
    assert len({seed for _, seed in seen}) == 3


def test_a_problem_without_any_sample_is_rejected_not_taken_for_one_without_a_student():
    [row] = advance(made(SampleStudent, lambda *_: None, n_samples=3), ROW)
    assert (row["rejected_by"], row["reason"]) == ("samplestudent", "empty_reply")


def test_a_student_sample_that_fails_costs_itself_only():
    answers = iter(["one", None, "three"])
    [row] = advance(made(SampleStudent, lambda *_: next(answers), n_samples=3), ROW)
    assert [sample["sample"] for sample in row["samples"]] == [0, 2]
