"""Measures the arithmetic check on the public sets that LEMMA_DATA names.

    LEMMA_DATA=DIR python benchmarks/arithmetic.py [--json FILE] [--limit N] [--show SET]

Gold solutions are right by construction: what is called wrong there is (nearly) always a fault of the check. GSM8K's
calculator marks say where an equation stands: the share of them whose prose equation is found and judged is the recall.
On labelled student solutions a step with a wrong equation is compared with the human's first wrong step.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import time
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from lemma_steps.arithmetic import Equation, find_equations, find_marks

Row = dict[str, Any]
Labelled = tuple[list[str], int]
"""Steps and the 1-based first wrong step; 0 where no step is wrong."""


def rows(folder: Path, name: str) -> Iterator[Row]:
    with gzip.open(folder / f"{name}.jsonl.gz", "rt", encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def processbench(folder: Path, name: str) -> Iterator[Labelled]:
    for row in rows(folder, name):
        yield row["steps"], row["label"] + 1


def mr_gsm8k(folder: Path, name: str) -> Iterator[Labelled]:
    for row in rows(folder, name):
        yield row["model_output_steps"], row["model_output_solution_first_error_step"]


def eic(folder: Path, name: str) -> Iterator[Labelled]:
    for row in rows(folder, name):
        if row["_subset"] == "generated":
            yield row["transformed_solution"].split("\n"), row["wrong_step"]


Reader = Callable[[Path, str], Iterator[Labelled]]
LABELLED: dict[str, Reader] = {
    "processbench_gsm8k": processbench,
    "processbench_math": processbench,
    "mr_gsm8k_wrong_subset": mr_gsm8k,
    "eic_gsm8k": eic,
}


def around(text: str, equation: Equation) -> str:
    """The equation and its surroundings, for the eye."""
    begin, end = equation.begin, equation.end
    return f"{text[max(0, begin - 60) : end + 40]!r}  [{text[begin:end]!r}]"


def gold(texts: list[str], show: bool) -> Row:
    """Verdicts over texts that are right by construction."""
    verdicts: Counter[str] = Counter()
    began = time.process_time()
    for number, text in enumerate(texts):
        for equation in find_equations(text):
            verdicts[equation.reason or equation.verdict] += 1
            if show and equation.verdict == "wrong":
                print(f"{number}: {around(text, equation)}")
    seconds = time.process_time() - began
    checked = verdicts["right"] + verdicts["wrong"]
    lines = sum(text.count("\n") + 1 for text in texts)
    return {
        "texts": len(texts),
        "checked": checked,
        "wrong": verdicts["wrong"],
        "wrong_share": round(verdicts["wrong"] / max(1, checked), 5),
        "unchecked": {k: n for k, n in verdicts.most_common() if k not in ("right", "wrong")},
        "lines_per_s": round(lines / seconds),
        "texts_per_s": round(len(texts) / seconds),
    }


def recall(texts: list[str], show: bool) -> Row:
    """Share of calculator marks whose prose equation, the one that holds the mark, is found and judged."""
    marks = found = checked = 0
    for number, text in enumerate(texts):
        equations = find_equations(text)
        for mark in find_marks(text):
            if not mark.left.operators:
                continue
            marks += 1
            holders = [e for e in equations if e.begin <= mark.begin <= e.end]
            found += bool(holders)
            checked += any(e.verdict != "unchecked" for e in holders)
            if show and not any(e.verdict != "unchecked" for e in holders):
                why = holders[0].reason if holders else "not found"
                print(f"{number}: {text[max(0, mark.begin - 70) : mark.end + 20]!r} {why}")
    return {"marks": marks, "found": round(found / max(1, marks), 5), "checked": round(checked / max(1, marks), 5)}


def labelled(read: Reader, folder: Path, name: str, cut: slice, show: bool) -> Row:
    """Of the solutions with a wrong equation: is its step the labelled one (exact) or at least not before it?"""
    items = list(read(folder, name))[cut]
    flagged = exact = early = steps = at_error = wrong_rows = 0
    began = time.process_time()
    for texts, label in items:
        steps += len(texts)
        wrong = [[e for e in find_equations(step) if e.verdict == "wrong"] for step in texts]
        wrong_rows += bool(label)
        if label and label <= len(texts):
            at_error += bool(wrong[label - 1])
        first = next((number for number, found in enumerate(wrong, 1) if found), 0)
        if not first:
            continue
        flagged += 1
        exact += first == label
        early += not label or first < label
        if show and (not label or first < label):
            print(f"step {first}, label {label}: {around(texts[first - 1], wrong[first - 1][0])}")
    seconds = time.process_time() - began
    return {
        "solutions": len(items),
        "flagged": flagged,
        "precision_not_before_label": round(1 - early / max(1, flagged), 4),
        "precision_exact_step": round(exact / max(1, flagged), 4),
        "labelled_steps_flagged": round(at_error / max(1, wrong_rows), 4),
        "steps_per_s": round(steps / seconds),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path, help="also write the figures here")
    parser.add_argument("--limit", type=int, help="first N rows of each set")
    parser.add_argument("--show", default="", help="print the disagreements of this set")
    options = parser.parse_args()
    folder = Path(os.environ["LEMMA_DATA"])
    show, cut = options.show, slice(options.limit)

    figures: dict[str, Row] = {}
    gsm8k = [row["answer"] for row in rows(folder, "gsm8k_train")][cut]
    jobs: dict[str, Callable[[], Row]] = {
        "gsm8k_train": lambda: gold(gsm8k, show == "gsm8k_train"),
        "gsm8k_train_marks": lambda: recall(gsm8k, show == "gsm8k_train_marks"),
        "math_train": lambda: gold([r["solution"] for r in rows(folder, "math_train")][cut], show == "math_train"),
        **{name: partial(labelled, read, folder, name, cut, show == name) for name, read in LABELLED.items()},
    }
    for name, job in jobs.items():
        if show and show != name:
            continue
        figures[name] = job()
        print(name, json.dumps(figures[name]), flush=True)
    if options.json:
        options.json.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
