"""Every set's own conventions become one form: 1-based steps that join to the solution, None for no error."""

from __future__ import annotations

import gzip
import json
import re

import pytest

from lemma_steps.labelled import Conventions, LabelledSet, labelled_set, registry
from lemma_steps.labelled.reading import MAX_STEPS, to_solution
from lemma_steps.sources import BadRow

PB = {"problem": "How many?", "steps": ["Two and two.", "So 5.", "Done."], "label": 1}
MR = {
    "question": "How many?",
    "model_output_steps": ["Step 1: 2 + 2 = <<2+2=5>>5", "Step 2: #### 5"],
    "model_output_solution_first_error_step": 1,
    "ground_truth_solution": "2 + 2 = <<2+2=4>>4\n#### 4",
    "ground_truth_answer": 4,
}
BEN = {
    "Question": "Which?",
    "Options": "A: 1\nB: 2",
    "Model_Solution_Steps": ["Step 1: We know", "x = 1", "Step 2: Check:", "  Step 2.1: A fits", "Solution: Choice_A"],
    "Model_Solution_First_Error_Step": "2",
    "Ground_Truth_Analysis": "",
    "Ground_Truth_Answer_Modified": "B",
}
EIC = {
    "_subset": "generated",
    "question": "How many?",
    "original_solution": "2 + 2 = 4\n#### 4",
    "original_answer": 4.0,
    "transformed_solution": "There are 2 + 2 = 5\nSo 5\n#### 5",
    "wrong_step": 1,
    "wrong_type": "calculation error",
}
BIG = {"input": "1 + 1 =", "steps": ["1 + 1 = 3", "So it is 3"], "mistake_index": 0, "answer": "3", "target": "2"}
ROWS = {"processbench_math": PB, "mr_gsm8k": MR, "mr_ben_math": BEN, "eic_gsm8k": EIC, "bigbench_mistake": BIG}


def read(name, **changes):
    return to_solution({**ROWS[name], **changes}, Conventions.of(name), {}.get)


@pytest.mark.parametrize(
    ("name", "column", "value", "step"),
    [
        ("processbench_math", "label", -1, None),
        ("processbench_math", "label", 0, 1),
        ("processbench_math", "label", 2, 3),
        ("processbench_math", "label", 2.0, 3),
        ("mr_gsm8k", "model_output_solution_first_error_step", 1, 1),
        ("mr_gsm8k", "model_output_solution_first_error_step", "2", 2),
        ("mr_gsm8k", "model_output_solution_first_error_step", "N/A", None),
        ("mr_gsm8k", "model_output_solution_first_error_step", None, None),
        ("mr_ben_math", "Model_Solution_First_Error_Step", "2", 2),
        ("mr_ben_math", "Model_Solution_First_Error_Step", "N/A", None),
        ("eic_gsm8k", "wrong_step", 3, 3),
        ("bigbench_mistake", "mistake_index", 0, 1),
    ],
)
def test_labels_become_one_based(name, column, value, step):
    assert read(name, **{column: value}).error_step == step


@pytest.mark.parametrize(
    ("name", "changes", "reason"),
    [
        ("processbench_math", {"label": 3}, "label_out_of_range"),
        ("processbench_math", {"label": -2}, "label_unreadable"),
        ("processbench_math", {"label": True}, "label_unreadable"),
        ("processbench_math", {"label": None}, "label_unreadable"),
        ("processbench_math", {"label": "9" * 5000}, "label_unreadable"),
        ("processbench_math", {"label": "\u0661"}, "label_unreadable"),
        ("mr_gsm8k", {"model_output_solution_first_error_step": 0}, "label_out_of_range"),
        ("eic_gsm8k", {"wrong_step": 4}, "label_out_of_range"),
        ("processbench_math", {"steps": "Two and two."}, "steps_unreadable"),
        ("processbench_math", {"steps": []}, "empty_step"),
        ("processbench_math", {"steps": ["a", " ", "b"]}, "empty_step"),
        ("processbench_math", {"steps": ["a", 3]}, "steps_unreadable"),
        ("processbench_math", {"steps": ["a", "\ud800"]}, "steps_unreadable"),
        ("processbench_math", {"steps": ["a"] * (MAX_STEPS + 1)}, "too_long"),
        ("processbench_math", {"steps": ["a" * 200_000, "b"]}, "too_long"),
        ("processbench_math", {"problem": None}, "question_unreadable"),
        ("processbench_math", {"problem": "  "}, "question_unreadable"),
        ("mr_ben_math", {"Model_Solution_Steps": ["tep 1: a", "b", "Step 2: c"]}, "steps_misnumbered"),
        ("mr_ben_math", {"Model_Solution_Steps": ["Step 1: a", "Step 3: c"]}, "steps_misnumbered"),
        ("mr_ben_math", {"Model_Solution_Steps": ["Step 1: a", "Step 1: c"]}, "steps_misnumbered"),
    ],
)
def test_what_is_no_labelled_solution_says_why(name, changes, reason):
    with pytest.raises(BadRow) as bad:
        read(name, **changes)
    assert bad.value.reason == reason


@pytest.mark.parametrize("name", list(ROWS))
def test_a_row_without_its_label_is_not_free_of_errors(name):
    """Null means "no error" in two sets; a column that is not there means that nobody labelled the row."""
    row = {column: value for column, value in ROWS[name].items() if column != Conventions.of(name).columns["label"]}
    with pytest.raises(BadRow) as bad:
        to_solution(row, Conventions.of(name), {}.get)
    assert bad.value.reason == "label_unreadable"


def test_steps_join_to_the_solution():
    assert "".join(read("eic_gsm8k").steps) == EIC["transformed_solution"]
    assert read("processbench_math").steps == ["Two and two.\n", "So 5.\n", "Done."]
    held = read("processbench_math", steps=["a\n\nb", "c", "d"])
    assert len(held.steps) == 3
    assert "".join(held.steps) == "a\n\nb\nc\nd"


@pytest.mark.parametrize(
    ("answer", "left_out"), [("2", False), (" 2 ", False), (2.0, False), (None, False), ("3", True), ("no", True)]
)
def test_a_wrong_answer_without_a_wrong_step_is_no_label(answer, left_out):
    """Somewhere a step is wrong, whoever labelled it: to see it must not count against a locator."""
    assert read("bigbench_mistake", answer=answer).error_step == 1
    if left_out:
        with pytest.raises(BadRow) as bad:
            read("bigbench_mistake", mistake_index=None, answer=answer)
        assert bad.value.reason == "wrong_answer_without_wrong_step"
    else:
        assert read("bigbench_mistake", mistake_index=None, answer=answer).error_step is None


def test_items_without_a_number_belong_to_the_step_before():
    solution = read("mr_ben_math")
    assert solution.steps == ["Step 1: We know\nx = 1\n", "Step 2: Check:\nStep 2.1: A fits\nSolution: Choice_A"]
    assert solution.question == "Which?\nA: 1\nB: 2"


@pytest.mark.parametrize(
    ("name", "reference", "answer", "error_type"),
    [
        ("processbench_math", None, None, None),
        ("mr_gsm8k", MR["ground_truth_solution"], "4", None),
        ("mr_ben_math", None, "B", None),
        ("eic_gsm8k", EIC["original_solution"], "4", "CA"),
        ("bigbench_mistake", None, "2", None),
    ],
)
def test_references_answers_and_types(name, reference, answer, error_type):
    solution = read(name)
    assert (solution.reference, solution.answer, solution.error_type) == (reference, answer, error_type)


def test_an_answer_is_written_as_a_person_writes_it():
    assert read("eic_gsm8k", original_solution="four", original_answer=67500.0).answer == "67500"
    assert read("eic_gsm8k", original_solution="four", original_answer=0.5).answer == "0.5"
    assert read("eic_gsm8k", original_solution="four", original_answer=[1, 2]).answer is None


def write(folder, stem, rows):
    with gzip.open(folder / f"{stem}.jsonl.gz", "wt", encoding="utf-8") as lines:
        lines.writelines(json.dumps(row) + "\n" for row in rows)


def test_a_set_says_what_it_left_out(tmp_path):
    rows = [
        EIC,
        EIC,
        {**EIC, "wrong_step": 2},
        {**EIC, "wrong_step": 9},
        {**EIC, "_subset": "wrong_step"},
        {**EIC, "question": "How few?"},
    ]
    write(tmp_path, "eic_gsm8k", rows)
    found = LabelledSet.read("eic_gsm8k", tmp_path)
    assert [one.question for one in found.solutions] == ["How many?", "How few?"]
    assert found.left_out == {"duplicate": 1, "duplicate_with_another_label": 1, "label_out_of_range": 1}


def test_references_come_from_the_problem_set_where_it_is_at_hand(tmp_path):
    write(tmp_path, "processbench_math", [PB])
    alone = LabelledSet.read("processbench_math", tmp_path)
    assert alone.solutions[0].reference is None
    assert "math_test" in alone.no_references
    write(tmp_path, "math_test", [{"problem": " How  many?", "solution": "It is \\boxed{4}."}])
    with_problems = LabelledSet.read("processbench_math", tmp_path)
    assert (with_problems.solutions[0].reference, with_problems.solutions[0].answer) == ("It is \\boxed{4}.", "4")
    assert with_problems.no_references is None


def test_a_draw_keeps_the_proportion_and_grows_by_its_seed(tmp_path):
    write(tmp_path, "processbench_math", [{**PB, "problem": f"{n}?", "label": 1 if n < 30 else -1} for n in range(40)])
    found = LabelledSet.read("processbench_math", tmp_path)
    draws = {n: {one.id for one in found.drawn(n, seed=3)} for n in (4, 8, 20, 40, 99)}
    assert [len(draw) for draw in draws.values()] == [4, 8, 20, 40, 40]
    assert draws[4] < draws[8] < draws[20] < draws[40]
    wrong = {one.id for one in found.solutions if one.error_step}
    assert [len(draw & wrong) for draw in draws.values()] == [3, 6, 15, 30, 30]
    assert draws[20] != {one.id for one in found.drawn(20, seed=4)}


@pytest.mark.parametrize("name", list(registry()))
def test_every_source_is_pinned(name):
    for source in registry()[name].sources:
        assert re.fullmatch(r"[0-9a-f]{40}", source["revision"])
        assert "hub" in source or re.fullmatch(r"[0-9a-f]{40}|[0-9a-f]{64}", source["sha256"])


def test_without_a_folder_the_public_source_is_read(monkeypatch):
    monkeypatch.delenv("LEMMA_DATA", raising=False)
    monkeypatch.setattr(
        labelled_set, "read_source", lambda source: ([BIG], "somewhere") if "git" in source else ([], "")
    )
    assert [one.question for one in LabelledSet.read("bigbench_mistake").solutions] == ["1 + 1 ="]


@pytest.mark.parametrize("name", list(registry()))
def test_public_sets_are_read_whole(lemma_data, name):
    found = LabelledSet.read(name, lemma_data)
    left_out = {"mr_ben_math": {"steps_misnumbered": 1}}
    left_out["eic_gsm8k"] = {"duplicate": 57, "duplicate_with_another_label": 1}
    left_out["eic_mathqa"] = {"label_out_of_range": 2, "duplicate": 7}
    left_out["bigbench_mistake"] = {"wrong_answer_without_wrong_step": 16}
    assert found.left_out == left_out.get(name, {})
    expected = {
        "processbench_gsm8k": (340, 182, 340),
        "processbench_math": (850, 505, 850),
        "processbench_olympiadbench": (849, 554, 0),
        "processbench_omnimath": (850, 642, 0),
        "mr_gsm8k": (500, 500, 489),
        "mr_ben_math": (779, 653, 0),
        "bigbench_mistake": (239, 206, 0),
        "eic_gsm8k": (702, 702, 702),
        "eic_mathqa": (767, 767, 767),
    }
    wrong = [one for one in found.solutions if one.error_step]
    referenced = [one for one in found.solutions if one.reference]
    assert (len(found.solutions), len(wrong), len(referenced)) == expected[name]
    assert all(one.error_type for one in found.solutions) == found.conventions.has_types
