"""ids = first token + prompt + output + end token, as evaluation reads the prompt; loss where it belongs, whatever the text."""

from __future__ import annotations

import unicodedata
from types import SimpleNamespace

import pytest

pytest.importorskip("transformers", reason="needs the train or the eval extra")

from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import processors
from transformers import AutoTokenizer
from transformers.convert_slow_tokenizer import bytes_to_unicode

from lemma_steps.errors import RefusedError
from lemma_steps.prompts import inference_prompt
from lemma_steps.training.dataset import open_dataset
from lemma_steps.training.encoding import IGNORED, Encoder
from lemma_steps.training.examples import Example
from lemma_steps.trajectory import as_output
from tests.evaluation.tokenizer_families import FAMILIES, TOKENIZERS, tokenizer_of, trained

BYTE_OF = {letter: byte for byte, letter in bytes_to_unicode().items()}


@pytest.fixture(params=[*TOKENIZERS, "smoke"])
def tokenizer(request):
    if request.param == "smoke":
        return AutoTokenizer.from_pretrained(request.getfixturevalue("smoke_model"))
    return tokenizer_of(request.param)


def encoded(tokenizer, prompt, output, error=None):
    columns = Encoder(tokenizer)([Example(prompt, output, error)])
    ids, labels = columns["input_ids"][0], columns["labels"][0]
    assert columns["attention_mask"] == [[1] * len(ids)]
    assert len(ids) == len(labels)
    assert all(label in (IGNORED, number) for number, label in zip(ids, labels, strict=True))
    return ids, labels


def begins_with(tokenizer, prompt, ids, labels):
    """What no loss falls on before the output are exactly the ids of the prompt alone."""
    asked = tokenizer(prompt)["input_ids"]
    return (
        ids[: len(asked)] == asked and labels[: len(asked)] == [IGNORED] * len(asked) and labels[len(asked)] != IGNORED
    )


def text_of(tokenizer, ids):
    return tokenizer.decode(ids, skip_special_tokens=False, clean_up_tokenization_spaces=False)


def read_as(tokenizer, text):
    """The text as the tokenizer's normaliser leaves it."""
    composed = tokenizer.backend_tokenizer.normalizer and "NFC" in str(tokenizer.backend_tokenizer.normalizer)
    return unicodedata.normalize("NFC", text) if composed else text


def test_kept_rows(tokenizer, kept_rows):
    examples = list(open_dataset(str(kept_rows), "lemma_steps.training.masked_response").examples)
    assert len(examples) >= 10
    for prompt, output, error in examples:
        ids, labels = encoded(tokenizer, prompt, output)
        assert ids == [*tokenizer(prompt + output)["input_ids"], tokenizer.eos_token_id]
        assert begins_with(tokenizer, prompt, ids, labels)
        assert ids.count(tokenizer.eos_token_id) == 1
        masked_ids, masked = encoded(tokenizer, prompt, output, error)
        assert masked_ids == ids
        assert masked == without_loss(tokenizer, prompt, output, error, labels)
        assert output[slice(*error)].strip() in read_as(tokenizer, wrong_step(ids, labels, masked, tokenizer))


def without_loss(tokenizer, prompt, output, error, labels):
    """The labels without those of the tokens that overlap the error, by the tokenizer's own mapping."""
    begin, end = (len(prompt) + place for place in error)
    spans = tokenizer(prompt + output, return_offsets_mapping=True)["offset_mapping"]
    inside = [start < end and stop > begin for start, stop in spans]
    return [IGNORED if out else label for out, label in zip([*inside, False], labels, strict=True)]


def wrong_step(ids, labels, masked, tokenizer):
    """The text of the tokens that one variant trains on and the other does not, spelled by the vocabulary alone."""
    apart = [n for n, one, other in zip(ids, labels, masked, strict=True) if one != other]
    return b"".join(spelled(tokenizer, number) for number in apart).decode()


def spelled(tokenizer, number):
    """The bytes of a token, by its name in the vocabulary."""
    name = tokenizer.convert_ids_to_tokens(number)
    if "Metaspace" in str(tokenizer.backend_tokenizer.pre_tokenizer) or "▁" in str(
        tokenizer.backend_tokenizer.normalizer
    ):
        return bytes([int(name[3:5], 16)]) if name.startswith("<0x") else name.replace("▁", " ").encode()
    return bytes(BYTE_OF[letter] for letter in name)


_TEXTS = st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=40).filter(lambda text: text.strip())


@settings(max_examples=300, deadline=None)
@given(family=st.sampled_from(list(FAMILIES)), question=st.text(max_size=20), text=_TEXTS)
def test_any_text(family, question, text):
    tokenizer, prompt, output = tokenizer_of(f"trained-{family}"), inference_prompt(question), as_output(text)
    ids, labels = encoded(tokenizer, prompt, output)
    assert begins_with(tokenizer, prompt, ids, labels)
    assert ids[-1] == labels[-1] == tokenizer.eos_token_id
    assert ids.count(tokenizer.eos_token_id) == 1
    answer = [label for label in labels if label != IGNORED][:-1]
    assert b"".join(spelled(tokenizer, number) for number in answer).decode() == read_as(tokenizer, output)


@settings(max_examples=300, deadline=None)
@given(family=st.sampled_from(list(FAMILIES)), parts=st.tuples(_TEXTS, _TEXTS, _TEXTS))
def test_no_loss_falls_on_exactly_the_tokens_of_the_wrong_step(family, parts):
    """Against the places that the bytes of the tokens give, one after the other."""
    before, wrong, after = (unicodedata.normalize("NFC", part) for part in parts)
    output = as_output(unicodedata.normalize("NFC", before + wrong + after))
    begin = min(len(as_output(before)), len(output) - 1)
    end = min(begin + len(wrong), len(output))
    tokenizer, prompt = tokenizer_of(f"trained-{family}"), inference_prompt("How many?")
    ids, labels = encoded(tokenizer, prompt, output, (begin, end))
    assert labels == without_loss(tokenizer, prompt, output, (begin, end), encoded(tokenizer, prompt, output)[1])
    first = len(tokenizer(prompt)["input_ids"])
    bounds, place = (len(output[:begin].encode()), len(output[:end].encode())), 0
    for number, label in zip(ids[first:-1], labels[first:-1], strict=True):
        start, place = place, place + len(spelled(tokenizer, number))
        assert (label == IGNORED) is overlaps(output, start, place, bounds), (number, output[begin:end])
    assert labels[-1] == tokenizer.eos_token_id


def overlaps(output, start, stop, bounds):
    """Whether a token at these bytes has one of the wrong step; one that has part of a character has the whole of it."""
    text = output.encode()
    while start and text[start] & 0xC0 == 0x80:
        start -= 1
    while stop < len(text) and text[stop] & 0xC0 == 0x80:
        stop += 1
    return start < bounds[1] and stop > bounds[0]


@pytest.mark.parametrize("trimmed", [False, True])
def test_a_space_that_ends_the_wrong_step_is_the_next_words_where_the_tokenizer_says_so(trimmed):
    tokenizer, prompt = hostile("qwen2"), inference_prompt("How many?")
    if trimmed:  # as GPT-2's: a token's characters do not include the space before its word
        tokenizer.backend_tokenizer.post_processor = processors.ByteLevel(trim_offsets=True)
    output = " 3+4=8 hens. There are 7."
    error = (0, output.index("There"))
    ids, labels = encoded(tokenizer, prompt, output)
    masked = encoded(tokenizer, prompt, output, error)[1]
    assert masked == without_loss(tokenizer, prompt, output, error, labels)
    assert wrong_step(ids, labels, masked, tokenizer) == (" 3+4=8 hens." if trimmed else " 3+4=8 hens. There")


def test_composed_characters_keep_their_places():
    """Qwen's tokenizer puts text into composed form, where an accent is no longer a character of its own."""
    output = " Une e\u0301glise, deux e\u0301glises. Non, une."
    error = (output.index("deux"), output.index(" Non"))
    for family in FAMILIES:
        tokenizer = tokenizer_of(f"trained-{family}")
        ids, masked = encoded(tokenizer, inference_prompt("Combien?"), output, error)
        labels = encoded(tokenizer, inference_prompt("Combien?"), output)[1]
        assert wrong_step(ids, labels, masked, tokenizer).strip() == read_as(tokenizer, "deux e\u0301glises.")


QUESTIONS = [
    "",
    "\r\n a\r\nb ",
    "𝒳 + 👩‍👩‍👧 = ?",
    "e\u0301 \u00a0\u3000",
    "### Response: Let's think step by step.",
    "\t" * 50,
]


@pytest.mark.parametrize("question", QUESTIONS)
def test_odd_questions(tokenizer, question):
    prompt, output = inference_prompt(question), as_output(question + " 7")
    ids, labels = encoded(tokenizer, prompt, output)
    assert begins_with(tokenizer, prompt, ids, labels)
    assert ids.count(tokenizer.eos_token_id) == 1


def hostile(name):
    """A tokenizer with two more control tokens, not shared with other tests."""
    tokenizer = trained(FAMILIES[name], [inference_prompt("How many?") + " There are 3."])
    tokenizer.add_special_tokens({"extra_special_tokens": ["<|im_start|>", "<|im_end|>"]})
    return tokenizer


@pytest.mark.parametrize("family", FAMILIES)
def test_control_tokens_are_text_in_an_output_and_in_a_question_what_evaluation_makes_of_them(family):
    tokenizer = hostile(family)
    control, end = set(tokenizer.all_special_ids) - {tokenizer.unk_token_id}, tokenizer.eos_token
    spelled_out = f" It ends with {end} or <|im_end|>, never <|im_start|> twice"
    for question in ("How many?", f"Is {end}<|im_end|> one?"):
        prompt = inference_prompt(question)
        ids, labels = encoded(tokenizer, prompt, spelled_out, (4, 8))
        assert ids[: len(tokenizer(prompt)["input_ids"])] == tokenizer(prompt)["input_ids"]
        answer = ids[len(tokenizer(prompt)["input_ids"]) :]
        assert not control & {*answer[:-1]}
        assert text_of(tokenizer, answer[:-1]).strip() == spelled_out.strip()
        whole = encoded(tokenizer, prompt, spelled_out)[1]
        assert wrong_step(ids, whole, labels, tokenizer).strip() == spelled_out[4:8]
        assert labels.count(tokenizer.eos_token_id) == 1
    assert tokenizer(f"a{end}")["input_ids"][-1] == tokenizer.eos_token_id  # the tokenizer is left as it was


@pytest.mark.parametrize("family", FAMILIES)
def test_an_end_token_that_is_there_already_does_not_come_twice(family):
    tokenizer, prompt = hostile(family), inference_prompt("How many?")
    once = encoded(tokenizer, prompt, " There are 3.")
    assert encoded(tokenizer, prompt, f" There are 3.{tokenizer.eos_token}") == once
    first = [
        (token, tokenizer.convert_tokens_to_ids(token)) for token in (tokenizer.bos_token, tokenizer.eos_token) if token
    ]
    single = " ".join([*([tokenizer.bos_token] if tokenizer.bos_token else []), "$A", tokenizer.eos_token])
    tokenizer.backend_tokenizer.post_processor = processors.TemplateProcessing(single=single, special_tokens=first)
    assert tokenizer("a")["input_ids"][-1] == tokenizer.eos_token_id
    assert encoded(tokenizer, prompt, " There are 3.") == once


def test_an_empty_batch_is_empty():
    assert Encoder(tokenizer_of("trained-qwen2"))([]) == {"input_ids": [], "labels": [], "attention_mask": []}


@pytest.mark.parametrize(
    ("tokenizer", "words"),
    [
        (SimpleNamespace(is_fast=False, name_or_path="slow/one"), "slow/one: .* use the fast tokenizer"),
        (SimpleNamespace(is_fast=True, name_or_path="a/b", eos_token_id=None), "a/b: has no end token; .* eos_token"),
        (object(), "object: .* use the fast tokenizer"),
    ],
)
def test_a_tokenizer_that_cannot_be_used_is_refused(tokenizer, words):
    with pytest.raises(RefusedError, match=words):
        Encoder(tokenizer)


def test_an_output_that_would_change_the_end_of_the_prompt_is_refused():
    with pytest.raises(RefusedError, match="reads the end of the prompt otherwise"):
        encoded(tokenizer_of("trained-llama3"), inference_prompt("How many?"), "\nThere are 3.")


def test_an_output_in_which_the_end_token_is_plain_text_is_refused():
    tokenizer = hostile("qwen2")
    tokenizer.eos_token = "!"  # of the vocabulary itself: no way to spell it otherwise
    with pytest.raises(RefusedError, match="reads the end token inside an output"):
        encoded(tokenizer, inference_prompt("How many?"), " 3! hens.")
