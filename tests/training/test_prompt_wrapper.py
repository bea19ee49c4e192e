"""A prompt around the question of a foreign set is found and taken off, or the set is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lemma_steps.errors import RefusedError
from lemma_steps.prompts import inference_prompt
from lemma_steps.training.prompt_wrapper import detect, unwrap

QUESTION = "A hen lays 3 eggs a day.\n\nHow many in 4 days?"
WRAPPED = [
    (inference_prompt(QUESTION), "alpaca"),
    (inference_prompt(QUESTION) + " ", "alpaca"),
    (f"### Instruction:\n{QUESTION}\n\n### Response:", "alpaca"),
    (f"### Instruction:\n{QUESTION}\n\n### Input:\n\n### Response:\n", "alpaca"),
    (
        "Below is an instruction that describes a task. Write a response that appropriately completes the request."
        f"\n\n### Instruction:\n{QUESTION}\n\n### Response: Let's think step by step.",
        "alpaca",
    ),
    (f"Human: {QUESTION}\nAssistant:", "human"),
    (f"Human: {QUESTION}\nAssistant: Let's think step by step.", "human"),
    (f"Question: {QUESTION}\nAnswer:", "human"),
    (f"Human: {inference_prompt(QUESTION)}\nAssistant:", "human+alpaca"),
]


@pytest.mark.parametrize(("text", "name"), WRAPPED)
def test_known_wrappers_come_off(text, name):
    assert unwrap(text) == (QUESTION, name)
    assert detect([text], "set") == name


BARE = [
    "",
    " two spaces  kept\n",
    "What does '### Response:' mean?",
    "Human: who said this?",
    "### Instruction: but no end",
    "Is the answer: 3?\nAnswer:",
]


@pytest.mark.parametrize("text", BARE)
def test_a_bare_question_stays_as_it_is(text):
    assert unwrap(text) == (text, "")


_QUESTIONS = st.text(min_size=1).filter(lambda text: text == text.strip() and text and unwrap(text)[1] == "")


@given(_QUESTIONS)
def test_whatever_the_question_our_own_prompt_comes_off(question):
    if not any(word in question for word in ("Response:", "Input:")):
        assert unwrap(inference_prompt(question)) == (question, "alpaca")


def test_a_mixture_is_refused_with_its_counts():
    with pytest.raises(RefusedError, match=r"set: .*2 bare, 1 alpaca"):
        detect(["a?", "b?", inference_prompt("c?")], "set")


@pytest.mark.parametrize("wrapped", ["Solve this riddle now: {}", "{} Put the result in a box."])
def test_an_unknown_wrapper_is_told_by_what_all_rows_share(wrapped):
    rows = [wrapped.format(f"{n} and {n * n}?") for n in range(30)]
    with pytest.raises(RefusedError, match=r"Solve this riddle now:|Put the result in a box"):
        detect(rows, "set")
    assert detect(rows[:5], "set") == ""  # so few may share words by accident
    assert detect(rows[:1] * 30, "set") == ""  # and one question many times shares all of them


def test_hostile_text_takes_no_long_time():
    assert unwrap("### Instruction:" + "\n" * 200_000)[1] == ""
    assert unwrap("Human: " * 50_000)[1] == ""
