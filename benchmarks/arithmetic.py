"""Measures the arithmetic check on the public sets that LEMMA_DATA names.

    LEMMA_DATA=FOLDER uv run benchmarks/arithmetic.py [--json FILE] [--show NAME]

Gold solutions are right by construction: what is called wrong there is a fault of the check or a slip of the text. GSM8K's
calculator marks say where an equation stands: the share of them whose prose equation is found and judged is its recall.
On solutions with a labelled first wrong step, the first step with a false equation is compared with the label, alone and as
a voice beside a simulated locator; solutions with a right answer show what it finds as a check of the process.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from lemma_steps.arithmetic import Equation, find_equations, find_marks
from lemma_steps.audits import AUDITS, Limits
from lemma_steps.labelled import LabelledSet, LabelledSolution, registry
from lemma_steps.share import Share
from lemma_steps.sources.files import read_file
from lemma_steps.steps.locate_first_error import decided

Row = dict[str, Any]
PROCESSBENCH = [name for name in registry() if name.startswith("processbench")]
SIMULATED = [(accuracy, votes) for accuracy in (0.3, 0.5, 0.7) for votes in (1, 3)]
"""Accuracy of one vote and number of votes."""


def around(text: str, equation: Equation) -> str:
    """The equation and its surroundings, for the eye."""
    begin, end = equation.begin, equation.end
    return f"{text[max(0, begin - 60) : end + 40]!r}  [{text[begin:end]!r}]"


def share(pairs: Iterable[tuple[float, int]]) -> Row:
    """Count, total, share and Wilson's bounds; (count, of) for each question or text."""
    found = Share.by_row(list(pairs))
    rounded = {name: None if (x := getattr(found, name)) is None else round(x, 4) for name in ("value", "low", "high")}
    return {"count": found.count, "of": found.of, **rounded}


def gold(texts: list[str], show: bool) -> Row:
    """Verdicts over texts that are right by construction."""
    verdicts: Counter[str] = Counter()
    false: list[tuple[float, int]] = []
    began = time.process_time()
    for number, text in enumerate(texts):
        found = find_equations(text)
        verdicts.update(equation.reason or equation.verdict for equation in found)
        wrong = [equation for equation in found if equation.verdict == "wrong"]
        false.append((len(wrong), sum(equation.verdict != "unchecked" for equation in found)))
        for equation in wrong if show else ():
            print(f"{number}: {around(text, equation)}")
    seconds = time.process_time() - began
    return {
        "texts": len(texts),
        "false_equations": share(false),
        "texts_with_one": sum(count > 0 for count, _ in false),
        "unchecked": {name: n for name, n in verdicts.most_common() if name not in ("right", "wrong")},
        "lines_per_s": round(sum(text.count("\n") + 1 for text in texts) / seconds),
    }


def recall(texts: list[str], show: bool) -> Row:
    """Share of calculator marks whose prose equation, the one that holds the mark, is found and judged."""
    found: list[tuple[float, int]] = []
    checked: list[tuple[float, int]] = []
    for number, text in enumerate(texts):
        equations, marks = find_equations(text), [mark for mark in find_marks(text) if mark.left.operators]
        holders = [[e for e in equations if e.begin <= mark.begin <= e.end] for mark in marks]
        judged = [any(e.verdict != "unchecked" for e in held) for held in holders]
        found.append((sum(map(bool, holders)), len(marks)))
        checked.append((sum(judged), len(marks)))
        for mark, held, ok in zip(marks, holders, judged, strict=True) if show else ():
            if not ok:
                why = held[0].reason if held else "not found"
                print(f"{number}: {text[max(0, mark.begin - 70) : mark.end + 20]!r} {why}")
    return {"found": share(found), "checked": share(checked)}


def by_question(judged: Iterable[tuple[LabelledSolution, bool]]) -> Row:
    """The share of solutions of which something is true."""
    counts: defaultdict[str, list[int]] = defaultdict(lambda: [0, 0])
    for solution, true in judged:
        counts[solution.group][0] += true
        counts[solution.group][1] += 1
    return share((true, of) for true, of in counts.values())


def labelled(name: str, show: bool) -> Row:
    """Of the solutions with a false equation: is its step the labelled one, or at least not before it?"""
    solutions = LabelledSet.read(name).solutions
    began = time.process_time()
    found = [[[e for e in find_equations(step) if e.verdict == "wrong"] for step in one.steps] for one in solutions]
    seconds = time.process_time() - began
    first = [next((n for n, wrong in enumerate(steps, 1) if wrong), None) for steps in found]
    flagged = [(one, number) for one, number in zip(solutions, first, strict=True) if number]
    wrong = [(one, steps[one.error_step - 1]) for one, steps in zip(solutions, found, strict=True) if one.error_step]
    right = [(one, bool(number)) for one, number in zip(solutions, first, strict=True) if one.error_step is None]
    for one, number in flagged if show else ():
        if not one.error_step or number < one.error_step:
            step = one.steps[number - 1]
            false = next(e for e in find_equations(step) if e.verdict == "wrong")
            print(f"step {number}, label {one.error_step}: {around(step, false)}")
    calculation = [(one, bool(false)) for one, false in wrong if one.error_type == "CA"]
    return {
        "solutions": len(solutions),
        "not_before_the_label": by_question((one, n >= (one.error_step or n + 1)) for one, n in flagged),
        "exactly_the_label": by_question((one, n == one.error_step) for one, n in flagged),
        "labelled_steps_with_a_false_equation": by_question((one, bool(false)) for one, false in wrong),
        "the_same_of_calculation_errors": by_question(calculation) if calculation else None,
        "right_solutions_flagged": by_question(right),
        "steps_per_s": round(sum(len(one.steps) for one in solutions) / seconds),
        "beside_a_simulated_locator": simulated(solutions, first),
    }


def simulated(solutions: list[LabelledSolution], first: list[int | None]) -> list[Row]:
    """Share of solutions whose label is hit by votes that are right with a known chance and else drawn from all labels."""
    table = []
    for accuracy, votes in SIMULATED:
        rng = random.Random(0)
        hits: defaultdict[str, list[tuple[LabelledSolution, bool]]] = defaultdict(list)
        for one, false in zip(solutions, first, strict=True):
            any_label = [None, *range(1, len(one.steps) + 1)]
            drawn = [one.error_step if rng.random() < accuracy else rng.choice(any_label) for _ in range(votes)]
            for checker in ("off", "vote", "earliest"):
                said = decided(Counter(drawn), None, false, checker)[0]
                hits[f"{checker}_{'wrong' if one.error_step else 'right'}"].append((one, said == one.error_step))
        shares = {name: by_question(of)["value"] for name, of in hits.items()}
        table.append({"accuracy": accuracy, "votes": votes, **shares})
    return table


def process(folder: Path, name: str, show: bool) -> Row:
    """What the audit of corrections says of solutions with a right answer, against people's labels of their steps."""
    counts: Counter[tuple[bool, bool]] = Counter()
    for _, row in read_file(folder / f"{name}.jsonl.gz"):
        if not row["final_answer_correct"]:
            continue
        text = {"reflection": "", "correction": "\n\n".join(row["steps"]), "erroneous_prefix": ""}
        failure = AUDITS["false_arithmetic"](text, Limits())
        counts[row["label"] >= 0, bool(failure)] += 1
        if show and failure:
            print(f"{row['id']}, label {row['label'] + 1}: {failure.detail}")
    flagged, labelled_wrong = counts[True, True] + counts[False, True], counts[True, True] + counts[True, False]
    return {
        "right_answers_with_a_wrong_step": share(_each(labelled_wrong, counts.total())),
        "precision": share(_each(counts[True, True], flagged)),
        "recall": share(_each(counts[True, True], labelled_wrong)),
    }


def _each(count: int, of: int) -> list[tuple[float, int]]:
    return [(k < count, 1) for k in range(of)]


def texts(folder: Path, name: str, column: str) -> list[str]:
    return [row[column] for _, row in read_file(folder / f"{name}.jsonl.gz")]


def jobs(folder: Path, show: str) -> Iterator[tuple[str, Callable[[], Row]]]:
    """Every measurement with its name."""
    gsm8k = texts(folder, "gsm8k_train", "answer")
    yield "gsm8k_train", partial(gold, gsm8k, show == "gsm8k_train")
    yield "gsm8k_train_marks", partial(recall, gsm8k, show == "gsm8k_train_marks")
    yield "math_train", lambda: gold(texts(folder, "math_train", "solution"), show == "math_train")
    for name in registry():
        yield name, partial(labelled, name, show == name)
    for name in PROCESSBENCH:
        yield f"{name}_right_answers", partial(process, folder, name, show == f"{name}_right_answers")


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path, help="also write the figures here")
    parser.add_argument("--show", default="", help="print the disagreements of this measurement alone")
    options = parser.parse_args()
    figures: dict[str, Row] = {}
    for name, job in jobs(Path(os.environ["LEMMA_DATA"]), options.show):
        if options.show in ("", name):
            figures[name] = job()
            print(name, json.dumps(figures[name], indent=1), flush=True)
    if options.json:
        options.json.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
