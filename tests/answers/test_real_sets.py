"""Agreement with the labels of two public sets; every disagreement is adjudicated here, in own words."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lemma_steps.answers import Verdict, verify_many

STUDENTS = ("6b_finetuning", "6b_verification", "175b_finetuning", "175b_verification")

TIME_OF_DAY = (
    "gold and sample name the same clock time with the same half of the day; the set's own gold was mangled to a stump "
    "without the closing letter when its units were stripped, so nothing could equal it"
)
THOUSANDS = "gold writes its thousands comma in braces, the sample writes none; the same integer"
ADJUDICATED: dict[tuple[int, int], tuple[Verdict, str]] = {
    **{(3, sample): (Verdict.RIGHT, TIME_OF_DAY) for sample in range(8)},
    (72, 7): (Verdict.RIGHT, THOUSANDS),
}
"""(`_row`, sample) -> our verdict and why it stands against `score`."""


def _rows(folder: Path, name: str) -> Iterator[dict[str, Any]]:
    with gzip.open(folder / f"{name}.jsonl.gz", "rt", encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def test_gsm8k_student_solutions_agree_in_999_of_1000(lemma_data: Path) -> None:
    rows = [(row["ground_truth"], row[s]) for row in _rows(lemma_data, "gsm8k_student_solutions") for s in STUDENTS]
    verdicts = list(verify_many((gold, student["solution"]) for gold, student in rows))
    agreed = sum((v is Verdict.RIGHT) == s["is_correct"] for v, (_, s) in zip(verdicts, rows, strict=True))
    assert agreed / len(rows) >= 0.999
    assert Verdict.UNPARSED not in verdicts
    assert Verdict.TIMED_OUT not in verdicts


def test_math_samples_disagree_with_their_score_only_where_adjudicated(lemma_data: Path) -> None:
    samples = [
        (row["_row"], n, row["solution"], text, row["score"][n])
        for row in _rows(lemma_data, "math_sampled_100x8")
        for n, text in enumerate(row["code"])
    ]
    verdicts = list(verify_many((gold, text) for _, _, gold, text, _ in samples))
    disagreements = {
        (row, n): verdict
        for verdict, (row, n, _, _, score) in zip(verdicts, samples, strict=True)
        if (verdict is Verdict.RIGHT) != score
    }
    assert disagreements == {place: verdict for place, (verdict, _) in ADJUDICATED.items()}
    assert set(verdicts) == {Verdict.RIGHT, Verdict.WRONG}


def test_a_gold_answer_of_math_train_equals_itself_in_another_dress(lemma_data: Path) -> None:
    rows = [row for row in _rows(lemma_data, "math_train") if row["answer"]][::5]
    dressed = [
        row["answer"].replace(r"\frac", r"\dfrac").replace("+", " + ").replace(r"\sqrt", r"\sqrt ") for row in rows
    ]
    texts = [f"It is $1$ at first.\nThe answer is: ${answer}$" for answer in dressed]
    verdicts = verify_many((row["answer"], text) for row, text in zip(rows, texts, strict=True))
    lost = [row["_row"] for row, verdict in zip(rows, verdicts, strict=True) if verdict is not Verdict.RIGHT]
    assert len(lost) <= 0.002 * len(rows), lost
