"""The teacher as a distilabel LLM: it reads rendered prompts and nothing else, and never fails on bad ones."""

from __future__ import annotations

import asyncio
import gzip
import json
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lemma_steps import prompts
from lemma_steps.llms.offline import OfflineTeacher
from lemma_steps.llms.offline.desk import MAX_CHARS, answer
from lemma_steps.segmentation import segment
from lemma_steps.trajectory import as_output, gold_trajectory
from tests.llms.offline import problems
from tests.llms.offline.problems import ALL

TEXT = st.text(alphabet=st.characters(codec="utf-8"), max_size=300) | st.text(
    "0123456789+-*/=$%\\{}() .\n", max_size=300
)
STEPS = st.lists(TEXT.filter(bool), min_size=1, max_size=4)


def replies(text: str, task: str) -> object:
    """The parsed reply, or the code of the refusal."""
    try:
        return prompts.parse_reply(task, text)
    except prompts.ReplyError as error:
        if error.code != "declined":
            raise
        return error.detail.partition(":")[0]


def inject_messages(code: str = "CA", problem: problems.Problem = problems.CINEMA) -> list[prompts.Message]:
    fields = {"question": problem.question, "reference_solution": problem.gold, "error_type": code}
    return prompts.render("inject_error", **fields)


@given(st.sampled_from(ALL), st.integers(0, 50), st.sampled_from(["CA", "QM", "CV", "CC", "MS", "HA", "OP"]))
def test_its_tasks_agree_with_each_other(problem: problems.Problem, seed: int, code: str) -> None:
    """What it injects it also locates, classifies and corrects, each time from the messages alone."""
    made = replies(answer(inject_messages(code, problem), seed), "inject_error")
    if made == "type_not_available":
        return
    assert isinstance(made, prompts.Injection)
    solution = as_output(made.solution)
    steps = segment(solution)
    fields = {"question": problem.question, "reference_solution": problem.gold, "steps": steps}
    located = replies(answer(prompts.render("locate_first_error", **fields), seed), "locate_first_error")
    assert isinstance(located, prompts.Location)
    assert located.error_step
    marked = made.solution[made.wrong_begin : made.wrong_end]
    assert marked.strip() in steps[located.error_step - 1]
    named = replies(answer(prompts.render("classify_error", **fields), seed), "classify_error")
    assert isinstance(named, prompts.Classification)
    assert named.error_type == code
    fields = {"question": problem.question, "reference_solution": problem.gold, "attempt": steps[: located.error_step]}
    revisions = [
        replies(answer(prompts.render(task, **fields), seed), task) for task in ("fix_continue", "fresh_restart")
    ]
    assert all(isinstance(revision, prompts.Revision) for revision in revisions)
    assert revisions[0] != revisions[1]


@given(st.sampled_from(sorted(prompts.TASKS)), TEXT, TEXT, STEPS, st.integers())
def test_any_row_gets_a_reply_that_parses(
    task: str, question: str, reference: str, steps: list[str], seed: int
) -> None:
    values = {"question": question, "reference_solution": reference, "error_type": "CA", "steps": steps}
    values |= {"attempt": steps, "reflection": "Wait.", "correction": "1 + 1 = 2\nThe answer is: 2", "answer": "2"}
    messages = prompts.render(task, **{name: values[name] for name in prompts.TASKS[task]})
    reply = answer(messages, seed)
    assert reply == answer(messages, seed)
    if task in ("solve", "explain_answer", "reflect"):
        assert reply.startswith("<decline>")
    replies(reply, task)


@given(st.lists(st.fixed_dictionaries({"role": st.sampled_from(["system", "user"]), "content": TEXT}), max_size=3))
def test_garbled_messages_are_declined(messages: list[dict[str, str]]) -> None:
    assert answer(messages, 0).startswith("<decline>prompt_not_understood:")


@pytest.mark.parametrize(
    "messages",
    [[{"role": "user"}], [{"role": "system", "content": None}], [{"role": "system", "content": []}] * 2, [{}]],
)
def test_messages_of_another_shape_are_declined(messages: list[dict[str, str]]) -> None:
    assert answer(messages, 0).startswith("<decline>prompt_not_understood:")


@pytest.mark.parametrize(
    "piece",
    [
        "9^9^9^9 = ",
        "1 + 1 = 2 ",
        "(((",
        "\\frac{",
        "$",
        "12 = 12 = ",
        "<<3*4=12>>",
        "3 * 4 = 12\n",
        "five ",
        "3 * 4 = 13 ",
    ],
)
def test_long_hostile_rows_take_bounded_time(piece: str) -> None:
    hostile = (piece * MAX_CHARS)[: MAX_CHARS // 3]
    began = time.perf_counter()
    for task in ("inject_error", "fix_continue", "classify_error"):
        values = {"question": piece * 20, "reference_solution": hostile, "error_type": "CA", "steps": [hostile]}
        values["attempt"] = values["steps"]
        replies(answer(prompts.render(task, **{name: values[name] for name in prompts.TASKS[task]}), 0), task)
    assert time.perf_counter() - began < 10


def test_a_row_that_is_too_long_is_declined() -> None:
    messages = prompts.render("inject_error", question="q" * MAX_CHARS, reference_solution="1", error_type="CA")
    assert answer(messages, 0).startswith("<decline>too_long:")


@pytest.mark.parametrize("task", ["fix_continue", "fresh_restart"])
def test_without_a_reference_it_declines(task: str) -> None:
    messages = prompts.render(task, question="How many?", attempt=["3 * 4 = 13\n"])
    assert replies(answer(messages, 0), task) == "needs_reference"


LOCATED = [
    # steps, with reference, the answer: a number, None for "none", or the reason of a refusal
    ([" The tickets cost 4 x $12 = $48.\n", "The popcorn costs 3 x $5.50 = $15.50.\n"], True, 2),
    ([" The tickets cost 4 x $12 = $48.\n", "The popcorn costs 3 x $5.50 = $15.50.\n"], False, 2),
    ([" The tickets cost 4 x $12 = $48.\n"], False, "not_decidable"),
    (segment(as_output(problems.CINEMA.gold)), True, None),
    ([" I would rather pay by card.\n"], True, "not_decidable"),
]


@pytest.mark.parametrize(("steps", "reference", "expected"), LOCATED)
def test_it_locates_what_arithmetic_or_the_reference_decides(
    steps: list[str], reference: bool, expected: object
) -> None:
    gold = problems.CINEMA.gold if reference else None
    fields = {"question": problems.CINEMA.question, "reference_solution": gold, "steps": steps}
    found = replies(answer(prompts.render("locate_first_error", **fields), 0), "locate_first_error")
    assert (found.error_step if isinstance(found, prompts.Location) else found) == expected


def test_a_students_other_way_is_not_called_an_error() -> None:
    steps = [
        " One ticket and one popcorn are 12 + 5.50 = 17.50 dollars.\n",
        "Three pairs cost 3 * 17.50 = 52.50 dollars.\n",
    ]
    fields = {"question": problems.CINEMA.question, "reference_solution": problems.CINEMA.gold, "steps": steps}
    for task in ("locate_first_error", "classify_error"):
        assert replies(answer(prompts.render(task, **fields), 0), task) == "not_decidable"


def test_it_is_a_distilabel_llm() -> None:
    teacher = OfflineTeacher()
    teacher.load()
    assert teacher.labels_by_construction
    [output] = teacher.generate([inject_messages()], num_generations=3, seed=5)
    assert len(output["generations"]) == 3
    assert len(set(output["generations"])) > 1
    assert output["statistics"]["output_tokens"] == [len(text) // 4 for text in output["generations"]]
    assert OfflineTeacher.model_validate(json.loads(teacher.model_dump_json(exclude={"jobs_ids"}))) is not None


def test_the_same_request_gets_the_same_reply() -> None:
    async def ask(seed: int | None) -> list[str | None]:
        output = await OfflineTeacher().agenerate(inject_messages(), seed=seed)
        return output["generations"]

    first, again, other = (asyncio.run(ask(seed)) for seed in (3, 3, 4))
    assert first == again
    assert first != other
    assert asyncio.run(ask(None)) == asyncio.run(ask(0))


def test_gsm8k_train_gives_both_corrections(lemma_data: Path) -> None:
    """On a slice of the real set; `benchmarks/offline_teacher.py` measures the whole of it."""
    with gzip.open(lemma_data / "gsm8k_train.jsonl.gz", "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for _, line in zip(range(250), lines, strict=False)]
    kept = 0
    for number, row in enumerate(rows):
        gold = gold_trajectory(row["answer"], row["answer"].rpartition("#### ")[2])
        for code in ("QM", "CA"):
            problem = problems.Problem(row["question"], gold)
            made = replies(answer(inject_messages(code, problem), number), "inject_error")
            if isinstance(made, prompts.Injection):
                steps = segment(as_output(made.solution[: made.wrong_end]))
                fields = {"question": problem.question, "reference_solution": gold, "attempt": steps}
                tasks = ("fix_continue", "fresh_restart")
                drafts = [replies(answer(prompts.render(task, **fields), number), task) for task in tasks]
                if all(isinstance(draft, prompts.Revision) for draft in drafts):
                    kept += 1
                    break
    assert kept >= 0.9 * len(rows)
