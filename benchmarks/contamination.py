"""What the contamination index catches, what it flags in the training sets, and how fast it answers.

    LEMMA_DATA=folder python benchmarks/contamination.py [--json FILE]

Every flagged training question is listed with the set and row that it matched. "Restated, unseen" asks for MathChat's
dialogues while all MathChat entries are hidden: how often a paraphrase of a GSM8K test question is recognised when the
index never saw it. Rewrites are made of the sets' own questions by rule.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import platform
import random
import re
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from lemma_steps.contamination import ContaminationIndex

TRAIN = {"gsm8k_train": "question", "math_train": "problem"}
ASKED = {
    "mathchat_follow_up": "question followup",
    "mathchat_error_correction": "question error_correction",
    "mathchat_error_analysis": "question error_correction",
    "refaug_mathchat_followup": "Q1 Q2 Q3",
    "refaug_mathchat_error_correction": "question",
    "processbench_gsm8k": "problem",
    "processbench_math": "problem",
    "processbench_olympiadbench": "problem",
    "processbench_omnimath": "problem",
    "gsm8k_student_solutions": "question",
    "math_sampled_100x8": "question",
    "mr_gsm8k_wrong_subset": "question",
}
RESTATED = ("mathchat_error_correction error_correction", "mathchat_error_analysis error_correction",
            "refaug_mathchat_error_correction question")  # fmt: skip
HINTS = (
    " Please reason step by step, and put your final answer within \\boxed{}.",
    "\nLet's think step by step.",
    '\n\nPlease put your answer in the form "The answer is: [your answer]".',
    "\nAnswer:",
)


def _reword(question: str, chance: random.Random) -> str:
    """One word left out."""
    words = question.split(" ")
    plain = [k for k, word in enumerate(words) if re.fullmatch("[A-Za-z]{2,}", word)]
    if plain:
        del words[chance.choice(plain)]
    return " ".join(words)


def _dress(question: str) -> str:
    question = re.sub(r"\^(\d)", r"^{\1}", question).replace("\\frac", "\\dfrac").replace("\\le ", "\\leq ")
    return question.replace("\\[", "$$").replace("\\]", "$$").replace("'", "’")


REWRITES: dict[str, Callable[[str, random.Random], str]] = {
    "case": lambda question, chance: question.upper() if "\\" not in question else question.capitalize(),
    "spacing": lambda question, chance: re.sub(" +", lambda _: chance.choice([" ", "  ", "\n"]), question),
    "punctuation": lambda question, chance: re.sub(r"([.?])(?=\s|$)", r" \1", question),
    "thousands commas": lambda question, chance: re.sub(r"(?<![\d.,])(\d{1,3})(\d{3})(?![\d,])", r"\1,\2", question),
    "dress": lambda question, chance: _dress(question),
    "answer hint": lambda question, chance: question + chance.choice(HINTS),
    "one word left out": _reword,
}


def rows(folder: Path, name: str) -> list[dict[str, Any]]:
    """The rows of one set."""
    with gzip.open(folder / f"{name}.jsonl.gz", "rt", encoding="utf-8", newline="\n") as file:
        return [json.loads(line) for line in file]


def share(index: ContaminationIndex, questions: Sequence[str]) -> dict[str, Any]:
    """How many of the questions the index knows."""
    caught = sum(index.query(question) is not None for question in questions)
    return {"asked": len(questions), "caught": caught, "share": round(caught / len(questions), 4)}


def flagged(index: ContaminationIndex, asked: Sequence[tuple[int, str]]) -> list[dict[str, Any]]:
    """Every training question that the index knows: its row, and what it matched."""
    found = ((row, index.query(question)) for row, question in asked)
    return [
        {"row": row, "set": match.set, "matched": match.row, "kind": match.kind, "similarity": match.similarity}
        for row, match in found
        if match
    ]


def without(index: ContaminationIndex, word: str) -> ContaminationIndex:
    """The index with the sets whose name holds `word` hidden."""
    hidden = [number for number, entry in enumerate(index.meta["sets"]) if word in entry["name"]]
    return ContaminationIndex({**index.arrays, "shared": np.isin(index.arrays["set"], hidden)}, index.meta)


def measure(folder: Path) -> dict[str, Any]:
    """All figures."""
    index, chance = ContaminationIndex.load(), random.Random(0)
    result: dict[str, Any] = {"machine": platform.platform(), "questions": len(index), "flagged": {}, "caught": {}}
    asked = {name: [(row["_row"], row[column]) for row in rows(folder, name)] for name, column in TRAIN.items()}
    begin = time.process_time()
    for name, questions in asked.items():
        listed = flagged(index, questions)
        result["flagged"][name] = {
            "of": len(questions),
            "share": round(len(listed) / len(questions), 5),
            "rows": listed,
        }
    result["milliseconds_per_query"] = round(1e3 * (time.process_time() - begin) / sum(map(len, asked.values())), 3)
    for name, columns in ASKED.items():
        for column in columns.split():
            result["caught"][f"{name}.{column}"] = share(index, [row[column] for row in rows(folder, name)])
    unseen = without(index, "mathchat")
    result["restated, unseen"] = {
        pair: share(unseen, [row[column] for row in rows(folder, name)])
        for pair in RESTATED
        for name, column in [pair.split()]
    }
    tests = {
        name: [row[column] for row in rows(folder, name)]
        for name, column in (("gsm8k_test", "question"), ("math_test", "problem"))
    }
    result["rewrites"] = {
        f"{kind}, {name}": share(index, [rewrite(question, chance) for question in questions[::4]])
        for kind, rewrite in REWRITES.items()
        for name, questions in tests.items()
    }
    return result


def main() -> None:
    """Measure, print, and write the figures where `--json` says."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path, help="write the figures here")
    arguments = parser.parse_args()
    if not (folder := os.environ.get("LEMMA_DATA")):
        parser.error("LEMMA_DATA names no folder of public sets")
    text = json.dumps(measure(Path(folder)), indent=1)
    print(text)
    if arguments.json:
        arguments.json.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
