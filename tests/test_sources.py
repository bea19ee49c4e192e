"""Problem sets: columns, gold answers, ids, and what is refused with file, row and remedy."""

from __future__ import annotations

import csv
import gzip
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lemma_steps.errors import RefusedError
from lemma_steps.sources import BadRow, Columns, Source, find_columns, question_key, to_problem

GOOD = {"question": "Two and two?", "answer": "2+2=<<2+2=4>>4\n#### 4"}

PROBLEMS = [
    # record, gold solution, gold answer, style
    (GOOD, GOOD["answer"], "4", "gsm8k"),
    ({"problem": "p", "solution": "so \\boxed{\\frac{1}{2}}."}, "so \\boxed{\\frac{1}{2}}.", "\\frac{1}{2}", "math"),
    (
        {"problem": "p", "solution": "\\boxed{1} then \\boxed{2}", "answer": "2"},
        "\\boxed{1} then \\boxed{2}",
        "2",
        "math",
    ),
    ({"problem": "p", "solution": "in words", "answer": "17"}, "in words", "17", "mixed"),
    ({"question": "q", "answer": "42"}, "", "42", "mixed"),
    ({"question": "q", "answer": 42}, "", "42", "mixed"),
    ({"question": "q", "answer": 42.0}, "", "42", "mixed"),
    ({"question": "q", "answer": 0.5}, "", "0.5", "mixed"),
    ({"question": "q", "solution": "First.\nThe answer is: 9"}, "First.\nThe answer is: 9", "9", "mixed"),
    ({"question": "q", "answer": "x\n#### 1,234"}, "x\n#### 1,234", "1,234", "gsm8k"),
]


@pytest.mark.parametrize(("record", "solution", "answer", "style"), PROBLEMS)
def test_a_row_becomes_a_problem(record, solution, answer, style):
    problem = to_problem(record, find_columns(record))
    assert (problem["gold_solution"], problem["gold_answer"], problem["style"]) == (solution, answer, style)


BAD = [
    ({"question": "", "answer": "1"}, "no_question", False),
    ({"question": None, "answer": "1"}, "no_question", False),
    ({"question": "q", "answer": ""}, "no_gold_answer", False),
    ({"question": "q", "solution": "empty \\boxed{}"}, "no_gold_answer", False),
    ({"question": "q", "answer": float("nan")}, "not_a_number", True),
    ({"question": "q", "answer": "NaN"}, "not_a_number", True),
    ({"question": float("nan"), "answer": "1"}, "not_a_number", True),
    ({"question": "x" * 1_000_000, "answer": "1"}, "question_too_long", True),
    ({"question": ["q"], "answer": "1"}, "wrong_type", True),
    ({"question": "q \ud800", "answer": "1"}, "not_unicode", True),
    ({"question": "q \x00", "answer": "1"}, "control_characters", False),
]


@pytest.mark.parametrize(("record", "reason", "malformed"), BAD)
def test_a_row_that_is_no_problem(record, reason, malformed):
    with pytest.raises(BadRow) as bad:
        to_problem(record, find_columns(record))
    assert (bad.value.reason, bad.value.malformed) == (reason, malformed)


@pytest.mark.parametrize(
    ("record", "mapping", "expected"),
    [
        ({"problem": 1, "solution": 1, "answer": 1}, {}, Columns("problem", "solution", "answer")),
        ({"question": 1, "problem": 1, "answer": 1}, {}, Columns("question", None, "answer")),
        (
            {"query": 1, "response": 1},
            {"question": "query", "solution": "response"},
            Columns("query", "response", None),
        ),
        ({"query": 1, "response": 1}, {}, None),
        ({"question": 1}, {}, None),
        ({"question": 1, "answer": 1}, {"question": "prompt"}, None),
    ],
)
def test_columns(record, mapping, expected):
    assert find_columns(record, mapping) == expected


@given(st.text(), st.text(alphabet=" \t\n", min_size=1))
def test_the_key_ignores_white_space_only(text, space):
    assert question_key(text.replace(" ", space)) == question_key(text)
    assert question_key(f"{space}{text}{space}") == question_key(text)
    assert question_key(text + "1") != question_key(text)


def write(path, rows):
    if path.suffix == ".parquet":
        pq.write_table(pa.Table.from_pylist(rows), path)
    elif path.suffix == ".csv":
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, rows[0])
            writer.writeheader()
            writer.writerows(rows)
    else:
        text = "".join(json.dumps(row) + "\n" for row in rows)
        path.write_bytes(gzip.compress(text.encode()) if path.suffix == ".gz" else text.encode())
    return str(path)


@pytest.mark.parametrize("name", ["set.jsonl", "set.jsonl.gz", "set.parquet", "set.csv"])
def test_every_kind_of_file_gives_the_same_problems(tmp_path, name):
    rows = [GOOD, {"question": 'Three, "quoted"\nlines?', "answer": "3=<<3=3>>3\n#### 3"}]
    source = Source(write(tmp_path / name, rows))
    problems = list(source.rows())
    assert source.check() == 2
    assert [(p["question"], p["gold_answer"], p["source"]) for p in problems] == [
        (row["question"], row["answer"].split("#### ")[1], "set") for row in rows
    ]
    assert problems[0]["problem_id"] == f"set-{question_key(GOOD['question'])}"


def test_limit_takes_the_first_rows(tmp_path):
    path = write(tmp_path / "set.jsonl", [{**GOOD, "question": str(n)} for n in range(9)])
    assert [row["question"] for row in Source(path).rows(3)] == ["0", "1", "2"]


def test_an_unusable_row_is_kept_with_file_row_and_reason(tmp_path):
    path = write(tmp_path / "set.jsonl", [GOOD, {"question": "q", "answer": ""}])
    source = Source(path)
    assert source.check() == 2
    good, bad = source.rows()
    assert "reason" not in good
    assert bad["reason"] == "no_gold_answer"
    assert bad["detail"].startswith(f"{path}, row 2: ")


REFUSED = [
    ("missing.jsonl", None, "no such file"),
    ("empty.jsonl", b"", "the file is empty"),
    ("blank.jsonl", b"\n\n", "holds no rows"),
    ("header.csv", b"question,answer\n", "holds no rows"),
    ("columns.jsonl", b'{"prompt": "q", "reply": "a"}\n', "columns prompt, reply; needs question or problem"),
    ("broken.jsonl.gz", gzip.compress(b'{"question": "q", "answer": "1"}\n' * 999)[:40], "corrupt gzip"),
    ("fake.jsonl.gz", b"not gzip at all", "corrupt gzip"),
    ("fake.parquet", b"not parquet at all", "not a Parquet file"),
    (
        "latin.jsonl",
        b'{"question": "q", "answer": "1"}\n{"question": "caf\xe9", "answer": "1"}\n',
        "row 2: byte 17 of the line is not UTF-8",
    ),
    ("half.jsonl", b'{"question": "q", "answer": "1"}\n{"question": "q', "row 2: not JSON"),
    ("deep.jsonl", b"[" * 100_000, "row 1: not JSON"),
    ("list.jsonl", b"[1, 2]\n", "row 1: a list, not an object"),
    (
        "nan.jsonl",
        b'{"question": "a", "answer": "1"}\n{"question": "q", "answer": NaN}\n',
        "row 2: column answer is nan",
    ),
    ("nan.csv", b"question,answer\nq,nan\n", "row 2: column answer is 'nan'"),
    ("huge.jsonl", b'{"question": "' + b"x" * 1_000_000 + b'", "answer": "1"}\n', "row 1: 1,000,000 characters"),
    (
        "ids.jsonl",
        b'{"id": 7, "question": "a", "answer": "1"}\n{"id": 7, "question": "b", "answer": "1"}\n',
        "row 2: id '7' was row 1's already",
    ),
    ("kind.txt", b"text", "unknown kind of file"),
    ("quote.csv", b'question,answer\n"never closed,5\nq,6\n', "not CSV (unexpected end of data)"),
    ("twice.csv", b"question,question,answer\na,b,5\n", "two columns are called question"),
]


@pytest.mark.parametrize(("name", "content", "message"), REFUSED, ids=[case[0] for case in REFUSED])
def test_a_broken_file_is_refused_in_one_line_with_file_row_and_remedy(tmp_path, name, content, message):
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(RefusedError) as refused:
        Source(str(path)).check()
    text = str(refused.value)
    assert str(path) in text
    assert message in text
    assert "\n" not in text
    assert ";" in text or "needs" in text


def test_a_directory_is_not_said_to_be_missing(tmp_path):
    (tmp_path / "set.jsonl").mkdir()
    with pytest.raises(RefusedError, match="not a regular file"):
        Source(str(tmp_path / "set.jsonl")).check()


def test_malformed_rows_are_rejected_one_by_one_if_so_wanted(tmp_path):
    path = write(tmp_path / "set.jsonl", [GOOD, {"question": "q", "answer": float("nan")}])
    assert Source(path).check(refuse_bad_rows=False) == 2
    assert [row.get("reason") for row in Source(path).rows()] == [None, "not_a_number"]


@pytest.mark.parametrize(
    ("spec", "hub"),
    [
        ("gsm8k", "openai/gsm8k"),
        ("math", "EleutherAI/hendrycks_math"),
        ("metamath", "meta-math/MetaMathQA"),
        ("my/set:part", "my/set"),
    ],
)
def test_a_set_that_the_hub_does_not_give_is_refused_with_its_id(spec, hub, monkeypatch):
    # the variable of this name is read when the libraries are imported; online, they try for half a minute
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setattr("datasets.config.HF_HUB_OFFLINE", True)
    with pytest.raises(RefusedError, match=f"{hub} cannot be loaded from the Hub"):
        next(Source(spec).rows())


def test_an_unknown_name_is_refused_with_the_known_ones():
    with pytest.raises(RefusedError, match="use starter, gsm8k, math, metamath"):
        Source("gsm9k")


def test_defect_33_the_kind_of_problem_comes_from_its_content_not_from_a_folder_name(tmp_path):
    folder = tmp_path / "neither_gsm8k_nor_math"
    folder.mkdir()
    [problem] = Source(write(folder / "x.jsonl", [GOOD])).rows()
    assert (problem["source"], problem["style"]) == ("x", "gsm8k")
