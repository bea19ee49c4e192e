"""Two spellings of one question are one; two questions are two."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lemma_steps.contamination.normalise import decisive_words, normalise, tokens

SAME = [
    ("Mara’s hens lay 1,250 eggs.", "mara's  hens lay\n1250 eggs"),
    ("1{,}250 and 1,\\!250 and 1\\,250", "1250 and 1250 and 1250"),
    ("$\\dfrac12 + x^{2}$", "\\(\\frac{1}{2}+x^2\\)"),
    ("\\[\\left( x + 1 \\right)\\]", "$(x+1)$"),
    ("$x \\le 5$ and $y \\neq 2$", "x ≤ 5 and y ≠ 2"),
    ("an angle of $120^\\circ$", "an angle of 120°"),
    ("x² − 3", "$x^2 - 3$"),
    ("It costs \\$5.50.", "it costs $5.5"),
    ("a 5-year-old, well-known fox", "a 5 year old well known fox"),
    ("a\u00adn \u200bangle \u200bof $\u206012\u200b0$\ufeff", "an angle of 120"),
    ("the ratio 3 : 5", "the ratio 3:5"),
    ("fifty percent of three", "50% of 3"),
    ("\\begin{align*} x&=1 \\end{align*}", "\\begin{align}x = 1\\end{align}"),
    ("What is $f'(2)$?", "What is f’(2)"),
    ("Question: How many hens?", "How many hens?"),
    ("### Instruction:\nHow many hens?\n\n### Response:", "How many hens?"),
    ("How many hens? Please reason step by step, and put your final answer within \\boxed{}.", "How many hens?"),
    ("How many hens?\nLet's think step by step.", "How many hens?"),
    ('How many hens? Put your answer in the form "The answer is: [your answer]".', "How many hens?"),
    ("How many hens? Express your\nanswer as a common fraction.", "How many hens?"),
    ("How many hens\nAnswer:", "How many hens"),
]
DIFFERENT = [
    ("Compute tan 225.", "Compute tan 22.5."),
    ("Find the roots of x^4 - 1.", "Find the roots of x^4 + 1."),
    ("cos(150)", "cos(-150)"),
    ("2^{n+1}", "2^n+1"),
    ("\\frac{1}{23}", "\\frac{12}{3}"),
    ("5!", "5"),
    ("f'(x)", "f(x)"),
    ("3:5", "3 and 5"),
    ("$x_{12}$", "$x_1 2$"),
    ("5%", "5"),
    ("\\begin{pmatrix} 1 & 2 \\end{pmatrix}", "\\begin{pmatrix} 1 \\\\ 2 \\end{pmatrix}"),
    ("How many? Write your answer as $a + 3b$.", "How many? Write your answer as $a + 5b$."),
    ("y = -f(-x)", "y = f(-x)"),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_dress_is_dropped(one, other):
    assert normalise(one) == normalise(other) != ""


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_meaning_is_kept(one, other):
    assert normalise(one) != normalise(other)


def test_defect_27_signs_and_decimal_points_survive():
    assert "22.5" in tokens("Compute $\\tan 22.5^\\circ.$")
    assert tokens("x^4 - 98x + 1").count("-") == 1


@pytest.mark.parametrize("text", ["", " ", "$$", "...", "Question:", "Answer:\n" * 3])
def test_nothing_is_a_question_too(text):
    assert isinstance(normalise(text), str)


def test_a_text_that_is_only_a_hint_is_not_emptied():
    assert normalise("Show your work.") == "show your work"


@given(st.text())
def test_any_text_has_tokens_without_space_or_case(text):
    for token in tokens(text):
        assert token.split() == [token]
        assert token == token.lower()


@given(st.lists(st.sampled_from(["Mara", "has", "3", "1,250", "hens", "$x^2$", "-", "4.5", "and"]), min_size=1))
def test_spacing_and_case_never_matter(words):
    assert normalise(" ".join(words)) == normalise("  \n".join(words).upper())


@pytest.mark.parametrize(
    "hostile",
    [
        "{" * 10**6,
        "answer: \n" * 10**5,
        "- " * 10**5,
        "1," * 10**5,
        "'" * 10**6,
        "a: " * 10**5,
        "\\" * 10**6,
        "\ud800" * 1000,
        "$" * 10**6,
    ],
)
def test_hostile_text_costs_nothing(hostile):
    begin = time.process_time()
    tokens(hostile)
    assert time.process_time() - begin < 0.5


def test_decisive_words_are_words_of_the_normal_form():
    assert {"not", "no", "minimum", "rows"} <= decisive_words()
    assert all(tokens(word) == [word] for word in decisive_words())
