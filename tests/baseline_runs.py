"""Runs of the baselines' command in tests: four problems, one of them a test question, and what every kept row must be."""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter

import pyarrow.parquet as pq
from baselines import app
from typer.testing import CliRunner

from lemma_steps.baseline_settings import WITH_TEACHER
from lemma_steps.contamination import Match
from lemma_steps.output.record import REQUIRED_OF_LEMMA

EVALUATED = "How many planks does a test question need?"
"""Stands for a question of an evaluation set; none may stand here."""
PEARS = "Ada has 3 boxes of 12 pears and eats 5 pears. How many are left?"
STAMPS = "Ben buys 4 stamps for 7 coins each. How many coins does he pay?"
HALF = "What is half of one third? Give a fraction."
PROBLEMS = [
    {"question": PEARS, "answer": "She has 3*12=<<3*12=36>>36 pears.\nThen 36-5=<<36-5=31>>31 are left.\n#### 31"},
    {"question": STAMPS, "answer": "He pays 4*7=<<4*7=28>>28 coins.\n#### 28"},
    {"question": HALF, "solution": "It is $\\frac{1}{2}\\cdot\\frac13=\\boxed{\\frac{1}{6}}$."},
    {"question": EVALUATED, "answer": "It needs 2+2=4 planks.\n#### 4"},
]


class Index:
    """Stands for the shipped index of evaluation questions."""

    def query(self, question):
        return Match("exact", "some_test", 7, 1.0) if question == EVALUATED else None


def written(path, rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def baselines(*arguments):
    run = CliRunner().invoke(app, [*map(str, arguments)])
    if run.exception and not isinstance(run.exception, SystemExit):
        raise run.exception
    return run


def made(folder, *arguments):
    """Kept rows, rejected rows and report of a run that must end well."""
    run = baselines(*arguments, "--output", folder)
    assert run.exit_code == 0, run.stderr
    kept, rejected = (pq.read_table(folder / f"{name}.parquet").to_pylist() for name in ("train", "rejected"))
    report = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    assert report["entered"] == len(kept) + len(rejected) == report["kept"] + report["rejected"]
    assert report["funnel"][-1]["rows_out"] == len(kept)
    assert Counter(row["reason"] for row in rejected) == report["reasons"]
    ids = [row["id"] for row in [*kept, *rejected] if row["id"]]
    assert len(set(ids)) == len(ids)
    for row in kept:
        check_kept(row, report["method"])
    return kept, rejected, report


def check_kept(row, method):
    """What every kept row of every method must be (design, "The record")."""
    assert row["method"] == method
    assert row["verdict"] == "right"
    assert row["output"].startswith(" ")
    assert not row["output"][1].isspace()
    assert re.search(r"The answer is: [^\n]+\Z", row["output"])
    statements = {"isc": {1, 2}, "refaug": {3 if "Reflection:" in row["output"] else 1}}
    assert row["output"].count("The answer is:") in statements.get(method, {1})
    assert (row["erroneous_prefix"], row["reflection"], row["correction"]) == ("", "", row["output"])
    errors = {*REQUIRED_OF_LEMMA, "requested_type", "locator_agreement", "erroneous_solution"} - {"index"}
    errors -= {"teacher"} if method in WITH_TEACHER else set()
    assert {name for name in errors if row[name] is not None} == set()
    assert (row["instruction"], row["input"]) == (row["question"], "")
    prompt = f"### Instruction:\n{row['question']}\n\n### Response: Let's think step by step."
    assert "".join(part["text"] for part in row["segments"]) == prompt + row["output"]
    labels = [part["label"] for part in row["segments"]]
    assert labels == [False, True] or (method == "isc" and labels == [False, False, True])
    identity = "\x1f".join([row["problem_id"], "None", str(row["index"]), "None", method])
    assert row["id"] == hashlib.sha256(identity.encode()).hexdigest()[:16]
