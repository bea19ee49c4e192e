"""What would spoil a training run is refused with its count, its first row and a remedy; the rest is trained on as it is."""

from __future__ import annotations

import pytest

from lemma_steps.errors import RefusedError
from lemma_steps.prompts import inference_prompt
from lemma_steps.training.examples import Example, Examples

OURS = ["response", "masked_response"]


def row(**changes):
    question, output = changes.get("instruction", "How many?"), changes.get("output", " 3+4=8. No, 7. The answer is: 7")
    prompt = changes.pop("prompt", f"{inference_prompt(question)}" if isinstance(question, str) else "")
    segments = [{"label": False, "text": prompt}, {"label": True, "text": str(output)}]
    kept = {"id": "a1", "method": "lemma", "instruction": question, "input": "", "output": output}
    return kept | {"segments": segments, "error_begin": 0, "error_end": 7} | changes


FAULTS = [
    ({"output": ""}, "hold no text"),
    ({"output": " \n"}, "hold no text"),
    ({"output": None}, "hold no text"),
    ({"instruction": None}, "hold no text"),
    ({"instruction": 3}, "hold no text"),
    ({"output": " 3\ud800"}, "surrogate"),
    ({"input": "and 3 hens"}, "`input`"),
    ({"output": "3+4=7"}, "does not begin with one space"),
    ({"output": "  3+4=7"}, "does not begin with one space"),
    ({"output": "\n3+4=7"}, "does not begin with one space"),
    ({"segments": None}, "another prompt"),
    ({"segments": []}, "another prompt"),
    (
        {"prompt": "Question: How many?\nAnswer:"},
        r"another prompt .*row 2, id a1: 'Question: \{instruction\}\\nAnswer:'",
    ),
    ({"prompt": inference_prompt("How many?") + " "}, "another prompt .*train with the version that made it"),
]


@pytest.mark.parametrize("kind", OURS)
@pytest.mark.parametrize(("changes", "words"), FAULTS)
def test_a_row_that_cannot_be_trained_on_is_refused(kind, changes, words):
    with pytest.raises(RefusedError, match=f"set: 1 of 3 rows .*{words}"):
        Examples([row(), row(**changes), row()], kind, "set")


@pytest.mark.parametrize("changes", [changes for changes, _ in FAULTS[:7]])
def test_so_it_is_in_the_released_set(changes):
    plain = {name: value for name, value in row(**changes).items() if name in ("instruction", "input", "output")}
    with pytest.raises(RefusedError, match="set: 2 of 2 rows"):
        Examples([plain, plain], "published", "set")


SPANS = [
    ({"error_begin": None}, "without the place"),
    ({"error_end": None}, "without the place"),
    ({"error_begin": None, "error_end": None}, "without the place"),
    ({"error_end": None, "method": "sft"}, "without the place"),
    ({"error_begin": 7}, "outside the output"),
    ({"error_begin": -1}, "outside the output"),
    ({"error_end": 99}, "outside the output"),
]


@pytest.mark.parametrize(("changes", "words"), SPANS)
def test_a_wrong_step_that_has_no_place_is_refused_where_it_counts(changes, words):
    with pytest.raises(RefusedError, match=words):
        Examples([row(**changes)], "masked_response", "set")
    assert list(Examples([row(**changes)], "response", "set")) == [
        Example(inference_prompt("How many?"), row()["output"])
    ]


def test_rows_without_an_error_have_nothing_to_mask():
    solved = row(method="sft", error_begin=None, error_end=None)
    masked = Examples([row(), solved], "masked_response", "set")
    assert [example.error for example in masked] == [(0, 7), None]
    assert [example.error for example in Examples([row(), solved], "response", "set")] == [None, None]


@pytest.mark.parametrize(
    ("kind", "lacking"),
    [
        ("response", "segments"),
        ("masked_response", "error_begin"),
        ("published", "output"),
        ("published", "instruction"),
    ],
)
def test_a_missing_column_is_named_with_those_that_are_there(kind, lacking):
    without = {name: value for name, value in row().items() if name != lacking}
    with pytest.raises(RefusedError, match=f"set: no column {lacking} among id, .*method"):
        Examples([without], kind, "set")


@pytest.mark.parametrize("kind", [*OURS, "published"])
def test_an_empty_set_is_refused(kind):
    with pytest.raises(RefusedError, match="set: holds no rows"):
        Examples([], kind, "set")


@pytest.mark.parametrize("wrapped", ["{}", "### Instruction:\n{}\n\n### Response:", "Human: {}\nAssistant:"])
@pytest.mark.parametrize("output", ["It is 7.", " It is 7.", "\n\nIt is 7.\n"])
def test_the_released_set_gets_our_prompt_and_our_beginning(wrapped, output):
    found = Examples([{"instruction": wrapped.format("How many?"), "input": "", "output": output}], "published", "set")
    assert list(found) == [Example(inference_prompt("How many?"), " It is 7.")]
    assert found.wrapper == {"{": "", "#": "alpaca", "H": "human"}[wrapped[0]]


def test_a_mixture_of_prompts_is_refused():
    rows = [{"instruction": text, "output": "7"} for text in ("a?", "Human: b?\nAssistant:", "c?")]
    with pytest.raises(RefusedError, match=r"not all wrapped alike \(2 bare, 1 human\)"):
        Examples(rows, "published", "set")
