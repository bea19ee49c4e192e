"""How well and how fast solutions are cut into steps.

    LEMMA_DATA=folder python benchmarks/segmentation.py [--json FILE]

Quality is measured on public sets (MATH and GSM8K gold, ProcessBench, EIC); the folder is the one that `LEMMA_DATA`
names. Each figure stands next to that of the rule "blank lines, else lines" and, on ProcessBench, of the published
code's splitter (". " for GSM8K, ".\\n" else). What is a formula is judged here anew, not by the segmenter's mask.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import platform
import re
import time
from collections.abc import Callable, Iterable, Iterator
from itertools import accumulate
from pathlib import Path
from typing import Any

from lemma_steps.segmentation import segment

Row = dict[str, Any]
Splitter = Callable[[str], list[str]]

_PROTECTED = re.compile(
    r"\[asy\].*?\[/asy\]|(?<!\\)\\\[.*?(?<!\\)\\\]|\\begin\{(?P<name>\w+\*?)\}.*?\\end\{(?P=name)\}"
    r"|(?<!\\)\$\$.+?\$\$|(?<!\\)\$(?P<inline>(?:[^$\\]|\\.)+)\$|(?<!\\)\\\(.*?\\\)",
    re.DOTALL,
)
_PROSE = re.compile(r"[.!?]\s+[A-Z][a-z]+\s+[a-z]")
_BLANK_LINE = re.compile(r"(\n[^\S\n]*\n\s*)")
_PROCESSBENCH = ("gsm8k", "math", "olympiadbench", "omnimath")


def naive(text: str) -> list[str]:
    """The rule "blank lines, else lines", lossless."""
    pieces = _BLANK_LINE.split(text)
    if len(pieces) == 1:
        return text.splitlines(keepends=True)
    return ["".join(pieces[at : at + 2]) for at in range(0, len(pieces), 2)]


def rows(folder: Path, name: str) -> Iterator[Row]:
    """The rows of one set of the data folder."""
    with gzip.open(folder / f"{name}.jsonl.gz", "rt", encoding="utf-8") as file:
        yield from map(json.loads, file)


def cuts(steps: list[str]) -> list[int]:
    """Offsets of the boundaries between steps."""
    return list(accumulate(map(len, steps[:-1])))


def cuts_a_formula(text: str, steps: list[str], *, believe_dollars: bool = False) -> bool:
    """Whether a boundary lies inside a formula, environment or drawing.

    Dollar signs are paired from the left. Where one of them is money ("takes $4 off"), the pairs shift and prose lies
    between two of them; such a pair is no formula unless `believe_dollars`.
    """
    spans = [
        found.span()
        for found in _PROTECTED.finditer(text)
        if believe_dollars or not (found["inline"] and _PROSE.search(found["inline"]))
    ]
    return any(begin < cut < end for cut in cuts(steps) for begin, end in spans)


def prefix_stable(steps: list[str]) -> bool:
    """Whether every truncated solution is cut like the whole one."""
    return all(segment("".join(steps[:k])) == steps[:k] for k in range(1, len(steps)))


def math_figures(folder: Path, split: Splitter) -> Row:
    """MATH train gold: solutions with a cut inside a formula, and those over 300 characters that stay one step."""
    texts = [row["solution"] for row in rows(folder, "math_train")]
    cut = [(text, split(text)) for text in texts]
    long = [steps for text, steps in cut if len(text) > 300]
    return {
        "solutions": len(texts),
        "with a cut inside a formula": sum(cuts_a_formula(*pair) for pair in cut),
        "the same, believing every dollar sign": sum(cuts_a_formula(*pair, believe_dollars=True) for pair in cut),
        "over 300 characters": len(long),
        "of these one step": sum(len(steps) == 1 for steps in long),
    }


def gsm8k_figures(folder: Path, split: Splitter) -> Row:
    """GSM8K gold: solutions whose steps are their non-empty lines."""
    texts = [row["answer"] for name in ("gsm8k_train", "gsm8k_test") for row in rows(folder, name)]
    equal = sum([s.strip() for s in split(t)] == [x.strip() for x in t.split("\n") if x.strip()] for t in texts)
    return {"solutions": len(texts), "steps are the lines": equal}


def processbench_figures(folder: Path, split: Splitter, name: str, joint: str) -> Row:
    """One ProcessBench file: rows with the labelled number of steps after joining (rows whose steps hold no joint)."""
    inside = _BLANK_LINE if joint == "\n\n" else re.compile("\n")
    labelled = [r["steps"] for r in rows(folder, f"processbench_{name}") if not any(map(inside.search, r["steps"]))]
    return {"rows": len(labelled), "agree": sum(len(split(joint.join(s))) == len(s) for s in labelled)}


def eic_figures(folder: Path, split: Splitter) -> Row:
    """EIC: generated cases that, truncated at `wrong_step`, equal their published truncated twins."""
    pairs = equal = 0
    for name in ("eic_gsm8k", "eic_mathqa"):
        whole: dict[tuple[str, ...], Row] = {}
        for row in rows(folder, name):
            key = (row["question"], row["wrong_type"], row["_line"], row["_folder"].split("/")[1])
            if row["_subset"] == "generated":
                whole[key] = row
            elif row["_subset"] == "incomplete_generated" and key in whole:
                pairs += 1
                steps = split(whole[key]["transformed_solution"])[: row["wrong_step"]]
                equal += "".join(steps).rstrip() == row["transformed_solution"].rstrip()
    return {"pairs": pairs, "equal": equal}


def solutions(folder: Path) -> Iterator[str]:
    """Every solution text of the data folder, gold, sampled and labelled."""
    for name, field in (("math_train", "solution"), ("math_test", "solution"), ("math500", "solution")):
        yield from (row[field] for row in rows(folder, name))
    for name in ("gsm8k_train", "gsm8k_test"):
        yield from (row["answer"] for row in rows(folder, name))
    for row in rows(folder, "gsm8k_student_solutions"):
        yield from (value["solution"] for value in row.values() if isinstance(value, dict))
    for row in rows(folder, "math_sampled_100x8"):
        yield from row["code"]
    for name in _PROCESSBENCH:
        yield from ("\n\n".join(row["steps"]) for row in rows(folder, f"processbench_{name}"))
    for name in ("eic_gsm8k", "eic_mathqa"):
        for row in rows(folder, name):
            yield from (row["original_solution"], row["transformed_solution"])
    for name, field in (("mr_gsm8k_wrong_subset", "model_output_steps"), ("mr_ben_math", "Model_Solution_Steps")):
        yield from ("\n".join(row[field]) for row in rows(folder, name))


def quality(folder: Path, split: Splitter = segment) -> Row:
    """All figures that need no more than a splitter."""
    return {
        "MATH train gold": math_figures(folder, split),
        "GSM8K gold": gsm8k_figures(folder, split),
        "EIC truncation": eic_figures(folder, split),
        **{
            f"ProcessBench {name}, joined by {label}": processbench_figures(folder, split, name, joint)
            for label, joint in (("blank lines", "\n\n"), ("newlines", "\n"))
            for name in _PROCESSBENCH
        },
    }


def guarantees(texts: Iterable[str]) -> Row:
    """What must hold for every text, counted over `texts`."""
    cut = [(text, segment(text)) for text in texts]
    return {
        "texts": len(cut),
        "not lossless": sum("".join(steps) != text for text, steps in cut),
        "with an empty step": sum(not all(map(str.strip, steps)) for _, steps in cut),
        "not prefix-stable": sum(not prefix_stable(steps) for _, steps in cut),
    }


def speed(texts: list[str], split: Splitter, repeats: int = 3) -> Row:
    """Best of `repeats` runs over `texts` on one core."""
    size = sum(len(text.encode()) for text in texts)
    best = float("inf")
    for _ in range(repeats):
        begin = time.perf_counter()
        for text in texts:
            split(text)
        best = min(best, time.perf_counter() - begin)
    return {"MB/s": round(size / best / 1e6, 2), "solutions/s": round(len(texts) / best)}


def main() -> None:
    """Print every figure; with `--json`, write them too."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    parser.add_argument("--data", type=Path, default=os.environ.get("LEMMA_DATA"), help="default: $LEMMA_DATA")
    options = parser.parse_args()
    if not options.data or not Path(options.data).is_dir():
        parser.error("LEMMA_DATA (or --data) must name the folder of public sets")
    texts = list(solutions(options.data))
    published = {
        name: processbench_figures(
            options.data, lambda text, at=". " if name == "gsm8k" else ".\n": text.split(at), name, "\n\n"
        )
        for name in ("gsm8k", "math")
    }
    figures = {
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}",
        "guarantees": guarantees(texts),
        "quality": {"ours": quality(options.data), "blank lines, else lines": quality(options.data, naive)},
        "the published splitter on ProcessBench": published,
        "speed": {"ours": speed(texts, segment), "blank lines, else lines": speed(texts, naive)},
    }
    print(json.dumps(figures, indent=2))
    if options.json:
        options.json.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
