"""The stand-in's replies get through every step, and what it counts is what was asked."""

from __future__ import annotations

import asyncio
import sys
from types import ModuleType

import pytest

from lemma_steps import prompts
from lemma_steps.answers import Verdict, shared_pool
from lemma_steps.llms.rehearsal import RehearsalLLM, Tally, middle, rehearse, split_inference, wrong
from lemma_steps.llms.tokens import ESTIMATE, PER_MESSAGE, PER_REPLY, Tokens
from lemma_steps.segmentation import segment
from lemma_steps.sources import Source
from lemma_steps.steps.inject_error import step_at
from lemma_steps.trajectory import as_output, gold_trajectory

WORDS = Tokens("words", lambda text: len(text.split()))
GOLDS = {
    "one line": ("What is 2 + 3?", "2 + 3 = 5\n#### 5", "5"),
    "answer alone": ("What is 2 + 3?", "", "5"),
    "steps": ("Q?", "First 2 + 3 = <<2+3=5>>5 apples.\nThen 5 * 2 = 10 pears.\nSo 10 + 1 = 11.\n#### 11", "11"),
    "box": ("Q?", "We have $x = 3$.\n\n\\[y = x^2\n= 9.\\]\n\nTherefore $y = \\boxed{9}$.", "9"),
    "text": ("Q?", "It rains.\n\nTherefore the day is $\\boxed{\\text{Monday}}$.", "\\text{Monday}"),
    "answer of the stand-in": ("Q?", "It is 2000 or 2001.\n#### 2000", "2000"),
    "repeated step": ("Q?", "2 + 2 = 4\n2 + 2 = 4\n2 + 2 = 4\n#### 4", "4"),
    "indented": ("Q?", "  a = 1\n    b = 2\n\tc = 3\n#### 3", "3"),
}


def starter_golds():
    return [(row["question"], row["gold_solution"], row["gold_answer"]) for row in Source("starter").rows()]


@pytest.fixture(params=[*GOLDS, "starter"])
def golds(request):
    """(question, gold solution with closing, gold answer) of one case or of all starter problems."""
    cases = starter_golds() if request.param == "starter" else [GOLDS[request.param]]
    return [(question, gold_trajectory(solution, answer), answer) for question, solution, answer in cases]


def is_wrong(answer, text):
    return shared_pool().submit(answer, text, timeout_s=3.0).result() == Verdict.WRONG


def row_of(task, question, gold):
    steps = segment(as_output(wrong(gold, 0)))
    fields = {
        "question": question,
        "reference_solution": gold,
        "error_type": "CA",
        "steps": steps,
        "attempt": steps[: middle(len(steps))],
        "reflection": "Wait.",
        "correction": gold,
        "answer": "5",
    }
    return {name: fields[name] for name in prompts.TASKS[task]}


def test_an_injection_is_wrong_marked_at_the_step_that_the_locator_finds(golds):
    for number, (question, gold, answer) in enumerate(golds):
        reply = rehearse("inject_error", row_of("inject_error", question, gold), None, number)
        injection = prompts.parse_reply("inject_error", reply)
        solution = as_output(injection.solution)
        steps = segment(solution)
        marked = step_at(steps, injection.wrong_begin + len(solution) - len(injection.solution))
        located = prompts.parse_reply("locate_first_error", rehearse("locate_first_error", {"steps": steps}, gold, 0))
        assert located.error_step == marked == middle(len(steps))
        assert is_wrong(answer, solution)
        assert injection.explanation


def test_a_student_is_always_wrong_and_never_repeats_itself_at_once(golds):
    for question, gold, answer in golds:
        student = RehearsalLLM(model="s", gold={question: gold}, tokens=WORDS)
        samples = asyncio.run(
            student.agenerate([{"role": "user", "content": prompts.inference_prompt(question)}], 4, 7)
        )
        assert len(set(samples["generations"])) == 4
        assert all(is_wrong(answer, as_output(text)) for text in samples["generations"])


@pytest.mark.parametrize("task", ["classify_error", "fix_continue", "fresh_restart", "smooth"])
def test_other_replies_parse_and_end_as_they_should(task, golds):
    for question, gold, _ in golds:
        reply = prompts.parse_reply(task, rehearse(task, row_of(task, question, gold), gold, 0))
        if task == "classify_error":
            assert reply.error_type
        else:
            assert reply.correction.endswith(gold.strip().splitlines()[-1])
            assert reply.reflection


@pytest.mark.parametrize("task", ["solve", "explain_answer", "reflect"])
@pytest.mark.parametrize("known", [True, False])
def test_solutions_parse_and_state_an_answer(task, known, golds):
    for question, gold, _ in golds:
        reply = prompts.parse_reply(task, rehearse(task, row_of(task, question, gold), gold if known else None, 0))
        text = reply.alternative if task == "reflect" else reply.text
        shown = {"solve": "0", "explain_answer": "5"}
        assert text == (gold if known or task == "reflect" else f"The answer is: {shown[task]}")


def test_fix_and_continue_writes_the_rest_and_restart_the_whole():
    question, gold = "Q?", "a = 1\nb = 2\nc = 3\nThe answer is: 3"
    row = {"question": question, "reference_solution": None, "attempt": ["a = 1\n", "b = 5\n"]}
    fix, fresh = (
        prompts.parse_reply(task, rehearse(task, row, gold, 0)).correction for task in ("fix_continue", "fresh_restart")
    )
    assert (fix, fresh) == ("b = 2\nc = 3\nThe answer is: 3", gold)


def test_an_attempt_longer_than_the_gold_solution_still_gets_a_correction():
    row = {"question": "Q?", "reference_solution": None, "attempt": ["x\n"] * 9}
    reply = rehearse("fix_continue", row, "a = 1\nThe answer is: 1", 0)
    assert prompts.parse_reply("fix_continue", reply).correction == "The answer is: 1"


@pytest.mark.parametrize(("n_steps", "step"), [(1, 1), (2, 1), (3, 2), (4, 2), (5, 3), (10, 5)])
def test_errors_are_in_the_middle(n_steps, step):
    assert middle(n_steps) == step


@pytest.mark.parametrize("shots", [0, 1, 2])
@pytest.mark.parametrize("question", ["How many?", "Two\n\nparagraphs?", "### Response: not yet"])
def test_the_question_of_a_student_prompt_is_found_and_all_before_it_is_fixed(shots, question):
    prompt = prompts.inference_prompt(question, shots=shots)
    fixed, found = split_inference(prompt)
    assert found == question
    assert prompts.inference_prompt("another", shots=shots).startswith(fixed)


def test_what_is_asked_is_counted_once():
    tally = Tally()
    llm = RehearsalLLM(model="m", gold={"Q?": "a b c\nThe answer is: 1"}, tokens=WORDS, tally=tally)
    messages = prompts.render("fresh_restart", question="Q?", attempt=["a\n"])
    for seed in (1, 2, 1):
        asyncio.run(llm.agenerate(messages, 1, seed))
    reply = rehearse("fresh_restart", prompts.read_row(messages)[1], "a b c\nThe answer is: 1", 0)
    words_in = sum(len(message["content"].split()) for message in messages)
    assert tally.calls == 2
    assert tally.tokens_in == 2 * (words_in + 2 * PER_MESSAGE + PER_REPLY)
    assert tally.tokens_fixed == 2 * len(messages[0]["content"].split())
    assert tally.tokens_out == 2 * len(reply.split())
    assert tally.first == messages


@pytest.mark.parametrize("asked", [[(3, 1)], [(1, 1), (1, 2), (1, 3)], [(1, 1), (2, 2), (1, 1)]])
def test_samples_of_a_student_read_the_prompt_once(asked):
    tally = Tally()
    llm = RehearsalLLM(model="m", gold={"Q?": "a b\nThe answer is: 1"}, tokens=WORDS, tally=tally)
    for number, seed in asked:
        asyncio.run(llm.agenerate(prompts.inference_prompt("Q?"), number, seed))
    assert (tally.calls, tally.tokens_out) == (3, 3 * 6)
    assert tally.tokens_in == len(prompts.inference_prompt("Q?").split())


def test_the_prompt_shown_is_the_same_whatever_came_first():
    shown = []
    for order in (["b", "a", "c"], ["c", "a", "b"]):
        tally = Tally()
        for prompt in order:
            tally.show(prompt, "first question")
        tally.show("0", "second question")
        shown.append(tally.first)
    assert shown == ["a", "a"]


def fake_tiktoken(monkeypatch, cached):
    """tiktoken as it is with and without its file: `get_encoding` reads the file through `load.read_file`."""
    tiktoken, load = ModuleType("tiktoken"), ModuleType("tiktoken.load")
    downloads = []
    load.read_file = lambda url: downloads.append(url)

    class Encoding:
        def encode(self, text, disallowed_special):
            return text.split()

    def get_encoding(name):
        if not cached:
            load.read_file(f"somewhere/{name}")
        return Encoding()

    tiktoken.encoding_name_for_model = {"gpt-4o": "o200k_base"}.__getitem__
    tiktoken.get_encoding, tiktoken.load = get_encoding, load
    monkeypatch.setitem(sys.modules, "tiktoken", tiktoken)
    monkeypatch.setitem(sys.modules, "tiktoken.load", load)
    return downloads, load


@pytest.mark.parametrize(
    ("model", "cached", "name"),
    [("gpt-4o", True, "tiktoken's o200k_base"), ("gpt-4o", False, ESTIMATE), ("some-model", True, ESTIMATE)],
)
def test_tiktoken_counts_where_it_has_its_file_and_never_fetches_it(monkeypatch, model, cached, name):
    downloads, load = fake_tiktoken(monkeypatch, cached)
    before = load.read_file
    tokens = Tokens.of(model)
    assert tokens.name == name
    assert tokens.count("three words here") == (4 if name == ESTIMATE else 3)
    assert downloads == []
    assert load.read_file is before


def test_a_model_in_a_folder_is_counted_by_its_own_tokenizer(monkeypatch, tmp_path):
    class Tokenizer:
        @classmethod
        def from_file(cls, path):
            assert path == str(tmp_path / "tokenizer.json")
            return cls()

        def encode(self, text, add_special_tokens):
            assert not add_special_tokens
            return type("Encoded", (), {"ids": list(text)})

    module = ModuleType("tokenizers")
    module.Tokenizer = Tokenizer
    monkeypatch.setitem(sys.modules, "tokenizers", module)
    assert Tokens.of(str(tmp_path)).name == ESTIMATE
    (tmp_path / "tokenizer.json").write_text("{}")
    tokens = Tokens.of(str(tmp_path))
    assert tokens.name == f"the tokenizer of {tmp_path}"
    assert tokens.count("abc") == 3


@pytest.mark.parametrize("model", ["m", "org/name", "", "../x", "a/b/c", "offline-teacher", "x" * 300, "\0"])
def test_any_name_is_counted_for_somehow(model):
    tokens = Tokens.of(model)
    assert tokens.count("one two three") >= 3
    assert tokens.prompt([{"role": "user", "content": "hi"}]) == tokens.count("hi") + PER_MESSAGE + PER_REPLY


def test_the_rehearsal_gets_through_on_public_sets(lemma_data):
    for name in ("gsm8k_train", "math_train"):
        rows = [row for row in Source(str(lemma_data / f"{name}.jsonl.gz")).rows() if "reason" not in row]
        for row in rows[::5]:
            gold = gold_trajectory(row["gold_solution"], row["gold_answer"])
            reply = rehearse("inject_error", {"reference_solution": gold}, None, 0)
            injection = prompts.parse_reply("inject_error", reply)
            steps = segment(as_output(injection.solution))
            begin = injection.wrong_begin + len(as_output(injection.solution)) - len(injection.solution)
            assert step_at(steps, begin) == middle(len(steps)), row["question"]
