"""Measures the offline teacher on the public sets that LEMMA_DATA names.

    LEMMA_DATA=DIR python benchmarks/offline_teacher.py [--json FILE] [--limit N] [--errors K] [--sets SET ...]

For each problem K error types are drawn as the recipe draws them; the teacher injects, corrects by both strategies and
smooths, always through rendered prompts and parsed replies. A trajectory counts as kept when the injected answer is
wrong, the final answer is right and all audits pass. Of each type the share of problems is given in which it can be
made, on the first `--types` problems. Wrong solutions of real students measure what the teacher accepts of them.
"""

from __future__ import annotations

import argparse
import asyncio
import gzip
import json
import os
import random
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lemma_steps import prompts
from lemma_steps.answers import Verdict, gold_answer, verify
from lemma_steps.audits import audit
from lemma_steps.llms.offline import OfflineTeacher
from lemma_steps.llms.offline.inject import available_types
from lemma_steps.segmentation import segment
from lemma_steps.steps.inject_error import step_at
from lemma_steps.taxonomy import TAXONOMY, default_distribution
from lemma_steps.trajectory import as_output, error_span, gold_trajectory, join, strip_marks

STRATEGIES = ("fix_continue", "fresh_restart")
STUDENTS = ("6b_finetuning", "6b_verification", "175b_finetuning", "175b_verification")
RARE = 0.05
"""Share of the draws that goes to all types evenly, as in the recipe."""
Row = dict[str, Any]


def rows(folder: Path, name: str) -> Iterator[Row]:
    with gzip.open(folder / f"{name}.jsonl.gz", "rt", encoding="utf-8") as lines:
        yield from map(json.loads, lines)


class Meter:
    """Asks the teacher and counts: replies, refusals with their reasons, time."""

    def __init__(self) -> None:
        self.teacher = OfflineTeacher()
        self.declined: dict[str, Counter[str]] = {}
        self.openings: Counter[str] = Counter()
        self.seconds: Counter[str] = Counter()
        self.calls: Counter[str] = Counter()
        self.slowest = 0.0

    async def ask(self, task: str, seed: int, **fields: object) -> Any:
        """The parsed reply; None where the teacher declines."""
        messages = prompts.render(task, **fields)
        began = time.perf_counter()
        reply = (await self.teacher.agenerate(messages, seed=seed))["generations"][0]
        spent = time.perf_counter() - began
        self.seconds[task] += spent
        self.calls[task] += 1
        self.slowest = max(self.slowest, spent)
        try:
            return prompts.parse_reply(task, reply)
        except prompts.ReplyError as error:
            if error.code != "declined":
                raise
            self.declined.setdefault(task, Counter())[error.detail.partition(":")[0]] += 1
            return None

    async def correct(self, problem: Row, steps: list[str], strategy: str, seed: int) -> list[str]:
        """Why the trajectory from the wrong `steps` is not kept; empty where it is."""
        question, gold, answer = problem["question"], problem["gold"], problem["answer"]
        draft = await self.ask(strategy, seed, question=question, reference_solution=gold, attempt=steps)
        if draft is None:
            return ["declined"]
        parts = {"reflection": draft.reflection, "correction": draft.correction}
        smooth = await self.ask("smooth", seed, question=question, attempt=steps, **parts)
        prefix = "".join(steps)
        reflection, correction = join(prefix, smooth.reflection, smooth.correction)
        output = prefix + reflection + correction
        begin, end = error_span(steps, len(steps))
        row = {"output": output, "erroneous_prefix": prefix, "reflection": reflection, "correction": correction}
        row |= {"error_step": len(steps), "error_begin": begin, "error_end": end, "erroneous_solution": prefix}
        row |= {"question": question, "gold_solution": problem["solution"], "gold_answer": answer}
        self.openings[" ".join(reflection.split()[:3])] += 1
        faults = [failure.code for failure in audit(row)]
        return faults if verify(answer, output) == Verdict.RIGHT else [*faults, "answer_not_right"]


def draw(style: str, number: int, errors: int) -> list[str]:
    """The types that the recipe might ask for."""
    shares = default_distribution(style)
    weights = [(1 - RARE) * shares.get(code, 0.0) + RARE / len(TAXONOMY) for code in TAXONOMY]
    return random.Random(number).choices(list(TAXONOMY), weights, k=errors)


def problems(folder: Path, style: str, limit: int | None) -> list[Row]:
    found = []
    for row in list(rows(folder, f"{style}_train"))[:limit]:
        solution = row["answer"] if style == "gsm8k" else row["solution"]
        answer = gold_answer(solution) or ""
        question = row["question"] if style == "gsm8k" else row["problem"]
        gold = gold_trajectory(solution, answer)
        found.append({"question": question, "solution": solution, "answer": answer, "gold": gold})
    return found


async def injections(found: list[Row], style: str, errors: int) -> Row:
    """Injected errors of drawn types, both corrections of each."""
    meter, kept, types, faults = Meter(), Counter[str](), Counter[str](), Counter[str]()
    for number, problem in enumerate(found):
        reached = set()
        for index, code in enumerate(draw(style, number, errors)):
            fields = {"question": problem["question"], "reference_solution": problem["gold"]}
            made = await meter.ask("inject_error", index, **fields, error_type=code)
            if made is None:
                continue
            solution = as_output(made.solution)
            if verify(problem["answer"], solution) != Verdict.WRONG:
                faults["injected_answer_not_wrong"] += 1
                continue
            types[code] += 1
            steps = segment(solution)
            error = step_at(steps, made.wrong_begin + len(solution) - len(made.solution))
            found_at = await meter.ask("locate_first_error", index, **fields, steps=steps)
            named = await meter.ask("classify_error", index, **fields, steps=steps)
            faults["located_elsewhere"] += found_at is None or found_at.error_step != error
            faults["classified_otherwise"] += named is None or named.error_type != code
            for strategy in STRATEGIES:
                why = await meter.correct(problem, steps[:error], strategy, index)
                faults.update(f"{strategy}:{fault}" for fault in why)
                reached |= {strategy} if not why else set()
        kept.update(reached)
        kept["either"] += bool(reached)
        kept["both"] += len(reached) == len(STRATEGIES)
    return {
        "problems": len(found),
        "errors_per_problem": errors,
        "kept_share": {name: round(n / len(found), 4) for name, n in sorted(kept.items())},
        "types_made": dict(types.most_common()),
        "not_kept": {fault: n for fault, n in faults.most_common() if n},
        "declined": {task: dict(reasons.most_common()) for task, reasons in meter.declined.items()},
        "openings": len(meter.openings),
        "top_opening_share": round(max(meter.openings.values()) / meter.openings.total(), 4),
        "ms_per_call": {task: round(1000 * s / meter.calls[task], 2) for task, s in meter.seconds.items()},
        "slowest_ms": round(1000 * meter.slowest, 1),
    }


def availability(found: list[Row]) -> Row:
    """Share of problems in which each type can be made."""
    types = Counter(code for p in found for code in available_types(p["question"], p["gold"]))
    return {code: round(types[code] / len(found), 4) for code in TAXONOMY}


async def students(folder: Path, limit: int | None) -> Row:
    """What the teacher accepts of real students' wrong solutions (test questions: measured, never used)."""
    meter, wrong, kept = Meter(), 0, Counter[str]()
    for number, row in enumerate(list(rows(folder, "gsm8k_student_solutions"))[:limit]):
        solution, _, answer = row["ground_truth"].rpartition("\nA: ")
        problem = {"question": row["question"], "solution": solution, "answer": answer}
        problem["gold"] = gold_trajectory(solution, answer)
        fields = {"question": row["question"], "reference_solution": problem["gold"]}
        for student in STUDENTS:
            if row[student]["is_correct"]:
                continue
            wrong += 1
            steps = segment(as_output(strip_marks(row[student]["solution"])))
            named = await meter.ask("classify_error", number, **fields, steps=steps)
            located = named and await meter.ask("locate_first_error", number, **fields, steps=steps)
            if not located or not located.error_step:
                continue
            for strategy in STRATEGIES:
                kept[strategy] += not await meter.correct(problem, steps[: located.error_step], strategy, number)
    return {
        "wrong_solutions": wrong,
        "kept": dict(kept),
        "kept_share": {strategy: round(n / max(1, wrong), 4) for strategy, n in kept.items()},
        "declined": {task: dict(reasons.most_common(6)) for task, reasons in meter.declined.items()},
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path, help="also write the figures here")
    parser.add_argument("--limit", type=int, help="first N problems of each set")
    parser.add_argument("--errors", type=int, default=4, help="error types drawn per problem")
    parser.add_argument("--types", type=int, default=1000, help="problems asked for every type")
    parser.add_argument("--sets", nargs="+", default=["gsm8k", "math", "students"])
    options = parser.parse_args()
    folder = Path(os.environ["LEMMA_DATA"])

    figures: dict[str, Row] = {}
    for name in options.sets:
        began = time.perf_counter()
        if name == "students":
            figures[name] = asyncio.run(students(folder, options.limit))
        else:
            found = problems(folder, name, options.limit)
            figures[name] = asyncio.run(injections(found, name, options.errors))
            figures[name]["type_available"] = availability(found[: options.types])
        figures[name]["seconds"] = round(time.perf_counter() - began, 1)
        print(name, json.dumps(figures[name], indent=2), flush=True)
    if options.json:
        options.json.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
