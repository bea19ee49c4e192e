"""Where the gold answers of a set of solutions come from, and that none is made up."""

from __future__ import annotations

import json

import pytest

from lemma_steps.errors import RefusedError
from lemma_steps.steps import FindGold
from tests.scripted_llm import advance, made


@pytest.fixture
def sets(tmp_path):
    def write(name, *rows):
        path = tmp_path / name
        path.write_text("".join(json.dumps({"question": q, "answer": a}) + "\n" for q, a in rows), encoding="utf-8")
        return str(path)

    first = write("first.jsonl", ("How many?", "Two and three.\n#### 5"), ("No answer?", ""))
    return [first, write("second.jsonl", ("How many?", "#### 6"), ("Ⅳ  of\nthem?", "#### 4"))]


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("How many?", ("5", "Two and three.\n#### 5")),  # the first set that has the question
        (" How  many?\n", ("5", "Two and three.\n#### 5")),
        ("IV of them?", ("4", "#### 4")),
        ("how many?", "no_gold_answer"),
        ("How many", "no_gold_answer"),
        ("No answer?", "no_gold_answer"),
    ],
)
def test_a_question_is_found_up_to_white_space_and_unicode_form(sets, question, expected):
    (row,) = advance(made(FindGold, problems=sets), {"question": question, "solution": "The answer is: 5"})
    assert (row.get("reason") or (row["gold_answer"], row["gold_solution"])) == expected


@pytest.mark.parametrize(
    ("solution", "expected"),
    [
        ("2+3=5\n#### 5\nThe answer is: 5", "5"),
        ("\\boxed{\\frac12}", "\\frac12"),
        ("Well. The answer is: 7.", "7"),
        ("It must be 7", None),
    ],
)
def test_without_sets_it_is_what_the_solution_states(solution, expected):
    (row,) = advance(made(FindGold), {"question": "q", "solution": solution})
    assert (row.get("gold_answer"), row.get("reason")) == (expected, None if expected else "no_gold_answer")
    assert row.get("gold_solution") is None


def test_sets_without_an_answer_are_refused(tmp_path):
    path = tmp_path / "set.jsonl"
    path.write_text('{"question": "q", "answer": ""}\n', encoding="utf-8")
    with pytest.raises(RefusedError, match="no row has a gold answer"):
        made(FindGold, problems=[str(path)])
