"""Rows, tokens and losses are counted as they will be trained on, and rows over the length apart."""

from __future__ import annotations

import pytest

pytest.importorskip("transformers", reason="needs the train or the eval extra")

from lemma_steps.errors import RefusedError
from lemma_steps.prompts import inference_prompt
from lemma_steps.training.encoding import IGNORED, Encoder
from lemma_steps.training.examples import Example
from lemma_steps.training.lengths import Survey, survey
from tests.evaluation.tokenizer_families import tokenizer_of

PROMPT = inference_prompt("How many?")
EXAMPLES = [Example(PROMPT, " 3." + " So 3+4=7." * n, (1, 3) if n % 2 else None) for n in range(2500)]


def counted(tokenizer, examples, limit):
    """The same, row by row."""
    encoded = Encoder(tokenizer)(examples)
    lengths = [len(ids) for ids in encoded["input_ids"]]
    trained = [sum(label != IGNORED for label in labels) for labels in encoded["labels"]]
    short = [n for n, length in enumerate(lengths) if length <= limit]
    over, longest = len(lengths) - len(short), max(lengths)
    return Survey(len(lengths), over, sum(trained[n] for n in short), sum(lengths[n] for n in short), longest)


@pytest.mark.parametrize("family", ["llama3", "mistral"])
def test_what_is_counted_is_what_is_trained_on(family):
    tokenizer = tokenizer_of(f"trained-{family}")
    few = EXAMPLES[:40]
    for limit in (len(Encoder(tokenizer)(few)["input_ids"][20]), 100_000):
        assert survey(iter(few), tokenizer, limit) == counted(tokenizer, few, limit)


def test_the_limit_itself_is_not_over_it():
    tokenizer = tokenizer_of("trained-qwen2")
    [ids] = Encoder(tokenizer)(EXAMPLES[:1])["input_ids"]
    assert survey(EXAMPLES[:1], tokenizer, len(ids)).over_length == 0
    assert survey(EXAMPLES[:2], tokenizer, len(ids)).over_length == 1


def test_every_batch_counts():
    short = [example._replace(output=" 7.", error=None) for example in EXAMPLES]
    found = survey(short, tokenizer_of("trained-qwen2"), 4096)
    one = survey(short[:1], tokenizer_of("trained-qwen2"), 4096)
    assert (found.rows, found.tokens, found.trained_tokens) == (2500, 2500 * one.tokens, 2500 * one.trained_tokens)


def test_a_set_of_which_nothing_is_left_is_refused():
    with pytest.raises(RefusedError, match=r"all 2 rows have more than 5 tokens \(at most \d+\); raise sequence_len"):
        survey(EXAMPLES[:2], tokenizer_of("trained-qwen2"), 5)


def test_one_line_says_it_all():
    assert str(Survey(88_904, 12, 55_000_000, 66_000_000, 5_120)) == (
        "88,904 rows, 12 of them too long and left out (the longest has 5,120 tokens); "
        "per epoch 66,000,000 tokens, 55,000,000 of them with a loss"
    )
