"""The share of a step's prompts that all of them begin with, and what servers say they had in their caches."""

from __future__ import annotations

from itertools import takewhile

import pytest

from lemma_steps.audits.text import estimated_tokens
from lemma_steps.output.calls import Calls
from lemma_steps.output.prefix import fixed_part, fixed_tokens
from lemma_steps.prompts import TASKS, inference_prompt, render, template_id

ROWS = [
    {
        "question": "How many?",
        "reference_solution": "1 + 1 = 2",
        "error_type": "CA",
        "reflection": "Wait.",
        "correction": "2",
    },
    {
        "question": "A train",
        "reference_solution": "It is 5.",
        "error_type": "MS",
        "reflection": "No,",
        "correction": "5",
    },
]


def prompt(task, row):
    fields = {name: row.get(name, [row["reference_solution"]]) for name in TASKS[task]}
    return "".join(message["content"] for message in render(task, **fields))


@pytest.mark.parametrize("task", TASKS)
def test_every_prompt_of_a_task_begins_with_its_fixed_part_and_little_more_is_shared(task):
    pairs = zip(*(prompt(task, row) for row in ROWS), strict=False)
    shared = "".join(a for a, _ in takewhile(lambda pair: pair[0] == pair[1], pairs))
    assert shared.startswith(fixed_part(task))
    assert len(shared) - len(fixed_part(task)) < 80  # the tag that opens the first section of the row


@pytest.mark.parametrize("shots", [0, 1, 6])
def test_a_student_shares_its_demonstrations(shots):
    fixed = fixed_part("inference", shots)
    assert all(inference_prompt(question, shots).startswith(fixed) for question in ("17 apples", "x"))
    assert fixed.count("### Response") == shots
    assert fixed.endswith("### Instruction:\n")


@pytest.mark.parametrize("template", ["smooth@000000000000", "inference@000000000000", "t@1", "unheard", "", None])
def test_a_template_of_another_version_has_no_known_prefix(template):
    assert fixed_tokens(template, "m") is None


def call(key, **fields):
    return {"step": "smooth", "template": template_id("smooth"), "key": key, "model": "m", "tokens_out": 5} | fields


FIXED = estimated_tokens(fixed_part("smooth"))


@pytest.mark.parametrize(
    ("calls", "shared", "cached", "cached_tokens"),
    [
        ([{"tokens_in": 2 * FIXED, "tokens_cached": FIXED}], 0.5, 0.5, FIXED),
        ([{"tokens_in": 2 * FIXED, "tokens_cached": 0}], 0.5, 0.0, 0),
        ([{"tokens_in": 2 * FIXED, "tokens_cached": None}], 0.5, None, None),  # unknown is not zero
        ([{"tokens_in": None, "tokens_cached": None}], None, None, None),
        # two samples of one request: the prompt was read once
        ([{"tokens_in": 2 * FIXED, "tokens_cached": FIXED}, {"tokens_in": 0, "tokens_cached": 0}], 0.5, 0.5, FIXED),
        # only one of two servers says what it had cached
        ([{"tokens_in": 2 * FIXED, "tokens_cached": FIXED}, {"tokens_in": 2 * FIXED}], 0.5, 0.5, FIXED),
        ([{"tokens_in": 1, "tokens_cached": 0}], 1.0, 0.0, 0),  # a share, however far off the estimate
        ([{"tokens_in": 2 * FIXED}, {"tokens_in": 10, "template": "smooth@0"}], None, None, None),
    ],
)
def test_shares_of_a_step(calls, shared, cached, cached_tokens):
    counted = Calls()
    counted.add([call(str(number), **fields) for number, fields in enumerate(calls)], new_problem=True)
    [entry] = counted.report()
    assert entry["shared_prefix"] == (None if shared is None else pytest.approx(shared, abs=1e-3))
    assert (entry["cached_share"], entry["tokens_cached"]) == (cached, cached_tokens)


@pytest.mark.parametrize("shots", [0, 1, 6])
def test_the_template_says_how_many_demonstrations_a_student_saw(shots):
    expected = estimated_tokens(fixed_part("inference", shots))
    assert fixed_tokens(template_id("inference", shots), "m") == expected
