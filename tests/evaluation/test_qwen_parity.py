"""Every verdict of the published rules on whole public sets is the published code's.

`qwen_verdicts.json` holds that code's verdicts, one bit each after a leading 1, as hexadecimal numbers. It was made by running LEMMA's
`evaluation/{parser,grader}.py` with the extraction of its `math_eval.py` (sympy 1.12, antlr 4.11.1, its own latex2sympy, 60 seconds
for a pair): `own` is each reply against its row's gold answer, on all rows of the set; `other` is against the gold of the row 101
further on, on the rows of the development folder in their order. The reply of a row is its worked solution, or "The answer is: X" where the set has none; the last two
sets are samples of models.
"""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from lemma_steps.answers import Verdict
from lemma_steps.answers.qwen import gold_of, match_many, requirements

Row = dict[str, Any]
PUBLISHED: dict[str, dict[str, Any]] = json.loads(
    Path(__file__).with_name("qwen_verdicts.json").read_text(encoding="utf-8")
)
STUDENTS = ("6b_finetuning", "6b_verification", "175b_finetuning", "175b_verification")
SHIFT = 101
SLOW = ["math", "college_math", "asdiv"]
"""Sets of which most pairs of different answers need algebra."""


def said(answer: object) -> list[str]:
    return [f"The answer is: {answer}"]


def bare(row: Row) -> str:
    return re.sub(r"\(.*?\)", "", row["answer"])


READ: dict[str, tuple[str, Callable[[Row], tuple[str, list[str]]]]] = {
    "gsm8k": ("gsm8k_test", lambda row: (row["answer"].split("####")[1], [row["answer"]])),
    "math": ("math_test", lambda row: (gold_of(row["solution"]), [row["solution"]])),
    "math500": ("math500", lambda row: (gold_of(row["solution"]), [row["solution"]])),
    "asdiv": ("asdiv_eval", lambda row: (bare(row), said(bare(row).strip()))),
    "mawps": ("mawps_refaug", lambda row: (str(row["lSolutions"][0]), said(row["lSolutions"][0]))),
    "svamp": ("svamp_eval", lambda row: (str(row["Answer"]), said(row["Answer"]))),
    "mathematics": ("deepmind_mathematics", lambda row: (row["answer"], said(row["answer"]))),
    "college_math": ("college_math_test", lambda row: (row["answer"].replace("$", "").strip(), said(row["answer"]))),
    "mathchat_fqa_1": ("refaug_mathchat_followup", lambda row: (row["A1"], said(row["A1"]))),
    "mathchat_fqa_2": ("refaug_mathchat_followup", lambda row: (row["A2"], said(row["A2"]))),
    "mathchat_fqa_3": ("refaug_mathchat_followup", lambda row: (row["A3"], said(row["A3"]))),
    "mathchat_ec": ("refaug_mathchat_error_correction", lambda row: (row["answer"], said(row["answer"]))),
    "gsm8k_students": (
        "gsm8k_student_solutions",
        lambda row: (row["ground_truth"].split("A:")[-1], [row[name]["solution"] for name in STUDENTS]),
    ),
    "math_samples": ("math_sampled_100x8", lambda row: (gold_of(row["gt_cot"]), row["code"])),
}

pytestmark = pytest.mark.skipif(
    not requirements.met(), reason="the published rules need the antlr and word2number of the eval extra"
)


def rows(folder: Path, name: str) -> Iterator[Row]:
    if not (folder / f"{name}.jsonl.gz").exists():
        pytest.skip(f"LEMMA_DATA has no {name}.jsonl.gz")
    with gzip.open(folder / f"{name}.jsonl.gz", "rt", encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def bits(number: str) -> list[bool]:
    return [bit == "1" for bit in f"{int(number, 16):b}"[1:]]


def pairs(folder: Path, name: str, shift: int) -> list[tuple[str, str]]:
    file, read = READ[name]
    found = [read(row) for row in rows(folder, file)]
    return [(found[(i + shift) % len(found)][0], reply) for i, (_, replies) in enumerate(found) for reply in replies]


def differences(asked: list[tuple[str, str]], expected: list[bool]) -> list[tuple[int, str]]:
    verdicts = zip(match_many(asked), expected, strict=True)
    return [(i, str(verdict)) for i, (verdict, right) in enumerate(verdicts) if (verdict is Verdict.RIGHT) != right]


def differences_from_others(folder: Path, name: str) -> list[tuple[int, str]]:
    asked = pairs(folder, name, SHIFT)
    if len(asked) != PUBLISHED[name]["pairs"]:
        pytest.skip(f"{name} has {len(asked)} pairs here, the verdicts are of {PUBLISHED[name]['pairs']}")
    return differences(asked, bits(PUBLISHED[name]["other"]))


def test_the_file_of_verdicts_is_whole() -> None:
    assert PUBLISHED.keys() == READ.keys()
    for found in PUBLISHED.values():
        assert len(bits(found["own"])) == found.get("rows", found["pairs"])
        assert len(bits(found["other"])) == found["pairs"]
    assert sum(found["pairs"] for found in PUBLISHED.values()) > 26_000


@pytest.mark.parametrize("name", READ)
def test_replies_against_their_own_gold(name: str, lemma_data: Path) -> None:
    """The verdicts are of the whole set, so that a folder with some rows left out is checked on those it has."""
    published = bits(PUBLISHED[name]["own"])
    if "rows" in PUBLISHED[name]:
        published = [published[row["_row"]] for row in rows(lemma_data, READ[name][0])]
    assert differences(pairs(lemma_data, name, 0), published) == []


@pytest.mark.parametrize("name", [name for name in READ if name not in SLOW])
def test_replies_against_the_gold_of_another_row(name: str, lemma_data: Path) -> None:
    assert differences_from_others(lemma_data, name) == []


@pytest.mark.long
@pytest.mark.parametrize("name", SLOW)
def test_replies_against_the_gold_of_another_row_where_most_need_algebra(name: str, lemma_data: Path) -> None:
    assert differences_from_others(lemma_data, name) == []
