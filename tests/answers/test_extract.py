"""Where an answer is found in a text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lemma_steps.answers import Verdict, extract_answer, gold_answer, verify

TABLE: list[tuple[str, str | None]] = [
    ("25+1=26\nThe answer is: 26", "26"),
    ("25+1=26\nA: 26", "26"),
    ("She has 3.\n#### 1,234", "1,234"),
    ("Answer: 8", "8"),
    ("**Answer:** 8", "8"),
    ("**Final Answer**: 8", "8"),
    ("ANSWER: 8", "8"),
    ("The answers are 2 and 3.", "2 and 3"),
    ("The final answer is $8$. I hope it is correct.", "$8$"),
    (r"Thus $9\cdot 2=\boxed{18}$ dollars.", "18"),
    (r"So $\boxed{\frac{1}{2}}$.", r"\frac{1}{2}"),
    (r"The answer is: $\boxed{7}$. Good.", "7"),
    ("The answer is:\n\\[\n25\n\\]", "\\[\n25\n\\]"),
    ("The answer is 3.5. That is it.", "3.5"),
    ("The answer is: $2$ and $3$.", "$2$ and $3$"),
    ("The answer is: 40, so she wins.", "40"),
    ("The answer is: 18 dollars because she sells 9.", "18 dollars"),
    ("The answer is: 18<|im_end|>", "18"),
    ("The answer is: $18. She has $5 left.", "$18"),
    ("The answer is: 4:30 p.m. They arrive.", "4:30 p.m."),
    ("The answer to the question is 12.", "12"),
    (r"\boxed{5}" "\nThis answer is correct.", "5"),
    (r"\boxed{5}" "\nSo the answer is not 6.", "5"),
    ("Which one?\nA: 4\nB: 8\nIt is 8", "8"),
    ("Janet makes 18 dollars every day.", "18"),
    (r"So we have $x = 3$.", "$x = 3$"),
    (r"\frac{1}{2}", r"\frac{1}{2}"),
    ("Friday", "Friday"),
    ("October 30", "October 30"),
    ("(C) 45", "(C) 45"),
    ("I cannot say.", None),
    ("", None),
]

GOLD: list[tuple[str, str | None]] = [
    ("48/2 = <<48/2=24>>24\n#### 1,234", "1,234"),
    (r"We get \boxed{1} and so $\boxed{\frac{2}{3}}$.", r"\frac{2}{3}"),
    (r"A box \boxed{2}, then a broken one \boxed{3", "2"),
    (r"\fbox{9}", "9"),
    ("The answer is 5", None),
    (r"\boxed{}", ""),
]


@pytest.mark.parametrize(("text", "answer"), TABLE)
def test_extract_answer(text: str, answer: str | None) -> None:
    assert extract_answer(text) == answer


@pytest.mark.parametrize(("text", "answer"), GOLD)
def test_gold_answer(text: str, answer: str | None) -> None:
    assert gold_answer(text) == answer


@given(st.text(max_size=400), st.integers(0, 10**9))
def test_the_closing_statement_wins_over_everything_before_it(before: str, answer: int) -> None:
    assert extract_answer(f"{before}\nThe answer is: {answer}") == str(answer)


@given(st.text())
def test_extraction_never_fails(text: str) -> None:
    assert extract_answer(text) is None or isinstance(extract_answer(text), str)


def test_defect_17_box_in_prefix_does_not_win() -> None:
    text = "So the total is \\boxed{5}.\nWait, that counts one twice.\nThe answer is: 7"
    assert extract_answer(text) == "7"
    assert verify("7", text) is Verdict.RIGHT
    assert verify("5", text) is Verdict.WRONG


def test_defect_18_text_after_the_answer_does_no_harm() -> None:
    assert verify("18", "The answer is: 18. So Janet makes $18 every day.") is Verdict.RIGHT
    assert verify("12", "The answer is: 12 cookies.\nLet me know if that helps.") is Verdict.RIGHT
