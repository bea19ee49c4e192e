"""How much more often a wrong label raises a doubt than a right one, on solutions whose first wrong step is known.

    LEMMA_DATA=FOLDER uv run benchmarks/doubts.py --json FILE

The wrong label is a step beside the right one; for the doubt about types, `CA` in place of another type of EIC and the other
way round. The weights of `lemma_steps/review/doubts.py` are about the logarithms of these ratios.
"""

from __future__ import annotations

import argparse
import json
import random
from collections import Counter, defaultdict
from collections.abc import Iterator
from math import log
from pathlib import Path
from typing import Any

from lemma_steps.labelled import LabelledSet
from lemma_steps.review.doubts import doubts
from lemma_steps.trajectory import error_span, strip_marks

OF_TYPES = "type_against_sums"


def labelled() -> Iterator[tuple[str, list[str], int, str, str | None]]:
    """Set, steps, number of the first wrong one, its type where known (CA or other) and the gold solution where known."""
    for name in ("processbench_gsm8k", "processbench_math", "mr_gsm8k", "eic_gsm8k"):
        for one in LabelledSet.read(name).solutions:
            kind = one.error_type and ("CA" if one.error_type == "CA" else "other")
            yield name, one.steps, one.error_step or 0, kind or "", one.reference


def named(steps: list[str], number: int, kind: str, gold: str | None) -> list[str]:
    """The doubts about a solution with this step marked; those of texts that it has not are left out."""
    begin, end = error_span(steps, number)
    text = {"output": "".join(steps), "reflection": "".join(steps), "correction": "", "gold_solution": gold}
    label = {"error_begin": begin, "error_end": end, "error_type": kind, "label_source": "human"}
    return [name for name in doubts(text | label) if kind or name != OF_TYPES]


def main() -> None:
    """Count, print and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    rng = random.Random(0)
    right: defaultdict[str, Counter[str]] = defaultdict(Counter)
    wrong: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for name, raw, number, kind, gold in labelled():
        steps = [strip_marks(step) for step in raw]
        if len(steps) < 2 or not 1 <= number <= len(steps):
            continue
        beside = rng.choice([other for other in (number - 1, number + 1) if 1 <= other <= len(steps)])
        right[name].update(["rows", *named(steps, number, kind, gold)])
        wrong[name].update(["rows", *(each for each in named(steps, beside, "", gold))])
        if kind:
            other = "other" if kind == "CA" else "CA"
            wrong[name].update(each for each in named(steps, number, other, gold) if each == OF_TYPES)
    figures: dict[str, Any] = {}
    for name in sorted({each for counts in right.values() for each in counts} - {"rows"}):
        of = {
            set_: (right[set_][name] / right[set_]["rows"], wrong[set_][name] / wrong[set_]["rows"]) for set_ in right
        }
        figures[name] = {
            set_: {"right": round(r, 4), "wrong": round(w, 4), "log_ratio": round(log(w / r), 2) if r and w else None}
            for set_, (r, w) in of.items()
        }
    figures["rows"] = {set_: counts["rows"] for set_, counts in right.items()}
    text = json.dumps(figures, indent=1)
    print(text)
    if options.json:
        options.json.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
