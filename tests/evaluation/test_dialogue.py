"""Later turns of a dialogue: built from the sample file of the turn before."""

from __future__ import annotations

import json

import pytest

from lemma_steps.errors import RefusedError
from lemma_steps.evaluation.tasks.dialogue import continued
from lemma_steps.evaluation.tasks.replies import cut

STOPS = ["\n\n#", "\n\nInstruction:", "</s>"]


def write(path, *samples):
    path.write_text("".join(json.dumps(sample) + "\n" for sample in samples), encoding="utf-8")
    return path


def sample(number, question, reply):
    return {"doc": {"id": f"fqa-{number}", "question": question, "turn": 1}, "filtered_resps": [[reply]]}


def doc(number, question):
    return {"id": f"fqa-{number}", "question": question, "answer": "3", "turn": 2}


def test_question_and_reply_are_joined_by_blank_lines(tmp_path):
    path = write(tmp_path / "s.jsonl", sample(0, "How many?", " Two.\nThe answer is: 2\n"), sample(2, "Who?", ""))
    found = continued([doc(0, "And then?"), doc(1, "Lost?"), doc(2, "Why?")], path)
    assert [one["question"] for one in found] == [
        "How many?\n\nTwo.\nThe answer is: 2\n\nAnd then?",
        "Who?\n\n\n\nWhy?",
    ]
    assert [one["answer"] for one in found] == ["3", "3"]


@pytest.mark.parametrize(
    "content",
    ["", "not JSON\n", "[]\n", '{"doc": {}}\n', '{"doc": {"id": "fqa-0", "question": "Q"}, "filtered_resps": []}\n'],
)
def test_a_file_that_is_no_sample_file_is_refused(tmp_path, content):
    path = tmp_path / "s.jsonl"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(RefusedError, match=r"s\.jsonl: .*again"):
        continued([doc(0, "And then?")], path)


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(RefusedError, match="again"):
        continued([doc(0, "And then?")], tmp_path / "none.jsonl")


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (" It is 3.", " It is 3."),
        (" It is 3.</s> More", " It is 3."),
        (" It is 3.\n\n### Instruction:\nNext", " It is 3."),
        (" It is 3.\n\nInstruction: next\n\n# x", " It is 3."),
        ("</s>", ""),
        (" It is 3.<|im_end|>\n", " It is 3."),
        (" It is 3.<|endoftext|></s>", " It is 3."),
        ("\n#### 3", "\n#### 3"),
    ],
)
def test_a_reply_ends_at_the_first_stop_string(reply, expected):
    assert cut(reply, STOPS) == expected
