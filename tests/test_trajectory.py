"""How gold solutions are cleaned and how the parts of a trajectory are joined."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lemma_steps.trajectory import (
    OUTPUT_START,
    as_output,
    closed,
    closing,
    error_span,
    gold_trajectory,
    join,
    strip_marks,
    student_solution,
)

GOLD = [
    ("He buys 3*4=<<3*4=12>>12 eggs.\n#### 12", "12", "He buys 3*4=12 eggs.\nThe answer is: 12"),
    ("So $x=\\boxed{5}$.", "5", "So $x=\\boxed{5}$.\nThe answer is: 5"),
    ("Add them. The answer is: 7", "7", "Add them. The answer is: 7"),
    ("Add them.\nThe answer is 7.", "7", "Add them.\nThe answer is 7.\nThe answer is: 7"),
    ("The answer is 7, minus 2.\n#### 5", "5", "The answer is 7, minus 2.\nThe answer is: 5"),
    ("", "5", "The answer is: 5"),
    ("  lines  \n\n#### 1,000\n", "1,000", "lines\nThe answer is: 1,000"),
]


@pytest.mark.parametrize(("solution", "answer", "expected"), GOLD)
def test_gold_trajectory(solution, answer, expected):
    assert gold_trajectory(solution, answer) == expected


@pytest.mark.parametrize(
    ("solution", "answer", "expected"),
    [
        ("So it is 5.", "5", " So it is 5.\nThe answer is: 5"),
        ("It is <<2+3=5>>5.\n#### 5\nThe answer is: 5", "5", " It is 5.\nThe answer is: 5"),
        ("It is half. The answer is: 0.5", "1/2", " It is half. The answer is: 0.5"),  # its own words stay
        ("The answer is: 5.\n", "5", " The answer is: 5."),
        ("The answer is: 4? No.\nIt is 5.", "5", " The answer is: 4? No.\nIt is 5.\nThe answer is: 5"),
        ("The answer is:", "5", " The answer is:\nThe answer is: 5"),
        ("M. The answer is: a\nb", "a\nb", " M. The answer is: a\nb"),
        ("The answer is: 5\n#### 7", "7", " The answer is: 5\nThe answer is: 7"),  # the line that was found right goes
        (
            "#### Step 1: add\n4+3=7\n#### 2. Say it\nSo 7.",
            "7",
            " #### Step 1: add\n4+3=7\n#### 2. Say it\nSo 7.\nThe answer is: 7",
        ),
    ],
)
def test_a_solution_ends_with_one_closing_statement(solution, answer, expected):
    assert closed(solution, answer) == expected
    assert closed(expected, answer) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [("48/2=<<48/2=24>>24", "48/2=24"), ("a << b >> c", "a  c"), ("1 < 2 > 0", "1 < 2 > 0"), ("<<<1=1>>>", "<>")],
)
def test_strip_marks(text, expected):
    assert strip_marks(text) == expected


def test_defect_24_marks_and_hash_lines_never_reach_an_output():
    text = gold_trajectory("a=<<1+1=2>>2\n#### 2", "2")
    assert "<<" not in text
    assert "####" not in text


def test_a_students_marks_are_removed_as_its_solution_enters():
    assert student_solution("\n2*3=<<2*3=6>>6 nuts\n") == " 2*3=6 nuts"


texts = st.text(min_size=1).filter(str.strip)


@given(texts, texts, texts)
def test_the_prefix_is_never_touched_and_parts_stay_apart(prefix, reflection, correction):
    prefix = as_output(prefix)
    joined = join(prefix, reflection, correction)
    output = prefix + "".join(joined)
    assert output.startswith(prefix)
    assert reflection.strip() in output
    assert output.endswith(correction.strip())
    assert (
        (prefix[-1] + joined[0][0]).strip(" ") != prefix[-1] + joined[0][0]
        or joined[0][0].isspace()
        or prefix[-1].isspace()
    )


@given(texts, texts)
def test_without_a_prefix_the_output_begins_with_the_one_space(reflection, correction):
    output = "".join(join("", reflection, correction))
    assert output.startswith(OUTPUT_START)
    assert not output[1].isspace()


@given(st.lists(st.text(min_size=1), min_size=1), st.data())
def test_error_span_is_the_wrong_step(steps, data):
    number = data.draw(st.integers(1, len(steps)))
    begin, end = error_span(steps, number)
    assert "".join(steps)[begin:end] == steps[number - 1]


def test_closing():
    assert closing("\\frac{1}{2}") == "The answer is: \\frac{1}{2}"
