"""Rows of our own for the tests of the output, made so that every text and offset is consistent."""

from __future__ import annotations

import random
from typing import Any

STEPS = [
    "load_problems",
    "decontaminate",
    "sample_student",
    "score_samples",
    "classify_errors",
    "error_type_sampler",
    "inject_error",
    "locate_first_error",
    "truncate_at_error",
    "fix_continue",
    "fresh_restart",
    "smooth",
    "join_trajectory",
    "answer_filter",
    "audit_trajectory",
    "deduplicate",
]
OPENINGS = ["Wait, that is", "Hold on, let", "Hmm, something is", "Let me check", "No, I slipped", "But that cannot"]
TYPES = ["QM", "CA", "CC", "MS", "FC", "OP"]


def problem(number: int) -> dict[str, Any]:
    """One problem as the loader yields it."""
    boxes, each, gone = 3 + number % 7, 12 + number % 5, 4 + number % 3
    left = boxes * each - gone
    return {
        "problem_id": f"starter-{number:04d}",
        "source": "starter" if number % 3 else "my_file",
        "split": "train",
        "licence": "Apache-2.0" if number % 3 else "not stated",
        "question": f"A bakery fills {boxes} boxes with {each} rolls each and sells {gone} rolls. How many are left?",
        "gold_solution": f"It is {boxes}*{each}=<<{boxes}*{each}={boxes * each}>>{boxes * each} rolls.\n#### {left}",
        "gold_answer": str(left),
        "right_samples": number % 3,
        "numbers": (boxes, each, gone, left),
    }


def kept(number: int, origin: str = "injected", strategy: str = "fix_continue", **changes: Any) -> dict[str, Any]:
    """A kept row as it leaves the chain, with columns that the record does not have."""
    base = problem(number)
    boxes, each, gone, left = base.pop("numbers")
    first, wrong = (
        f" We need the rolls of {boxes} boxes.\n",
        f"They hold {boxes} * {each} = {boxes * each + 10} rolls.\n",
    )
    tail = f"Then {boxes * each + 10 - gone} are left.\nThe answer is: {boxes * each + 10 - gone}"
    prefix = first + wrong
    reflection = f"{random.Random(number).choice(OPENINGS)} not what {boxes} times {each} gives.\n"
    correction = f"{boxes} * {each} = {boxes * each}, and {boxes * each} - {gone} = {left}.\nThe answer is: {left}"
    output = prefix + reflection + correction
    code = TYPES[number % len(TYPES)]
    call = {"step": "inject_error", "template": "inject_error@0123456789ab", "key": f"k{number}", "model": "offline"}
    call |= {"tokens_in": 400, "tokens_cached": None, "tokens_out": 90, "usd": None}
    return {
        **base,
        "id": f"{number:08x}{origin[0]}{strategy[1]}",
        "method": "lemma",
        "origin": origin,
        "index": 0,
        "strategy": strategy,
        "requested_type": code if origin == "injected" else None,
        "error_type": code,
        "error_step": 2,
        "n_steps": 4,
        "label_source": "construction" if origin == "injected" else "arithmetic",
        "locator_agreement": None,
        "erroneous_solution": prefix + tail,
        "explanation": "The product is ten too large.",
        "reference_seen": "gold",
        "erroneous_prefix": prefix,
        "reflection": reflection,
        "correction": correction,
        "error_begin": len(first),
        "error_end": len(prefix),
        "instruction": base["question"],
        "input": "",
        "output": output,
        "segments": [{"label": False, "text": f"### {base['question']}"}, {"label": True, "text": output}],
        "verdict": "right",
        "student": "SmolLM2-135M-Instruct" if origin == "student" else None,
        "teacher": "offline",
        "provenance": [call],
        "samples": ["a column of the stream that is none of the record"],
        **changes,
    }


def rejected(number: int, step: str, reason: str, detail: str = "", **columns: Any) -> dict[str, Any]:
    """A rejected row; a problem unless `origin` is among the columns."""
    base = problem(number)
    base.pop("numbers")
    return {**base, **columns, "rejected_by": step, "reason": reason, "detail": detail}


def candidate(number: int, strategy: str = "fix_continue", code: str = "CA") -> dict[str, Any]:
    """The columns of a candidate before anything was injected."""
    return {
        "id": f"c{number}{strategy}",
        "method": "lemma",
        "origin": "injected",
        "strategy": strategy,
        "requested_type": code,
        "error_type": code,
    }


def stream(problems: int = 60) -> list[dict[str, Any]]:
    """A run in small: both origins and strategies, rejections of problems and of candidates."""
    rows: list[dict[str, Any]] = []
    for number in range(problems):
        if number % 20 == 7:
            rows.append(
                rejected(
                    number, "decontaminate", "contaminated", "exact match with gsm8k_test row 12 (similarity 1.00)"
                )
            )
        elif number % 20 == 13:
            rows.append(rejected(number, "load_problems", "no_answer", "problems.jsonl, row 14: no answer"))
        else:
            origins = ("injected", "student") if number % 3 == 0 else ("injected",)
            for origin in origins:
                rows += [_candidate_row(number, origin, strategy) for strategy in ("fix_continue", "fresh_restart")]
    return rows


def _candidate_row(number: int, origin: str, strategy: str) -> dict[str, Any]:
    columns = candidate(number, strategy, TYPES[number % len(TYPES)])
    if number % 10 == 4:
        return rejected(number, "inject_error", "declined", "type_not_available: no unit in the question", **columns)
    if number % 10 == 9:
        made = {**kept(number, origin, strategy), "verdict": "wrong"}
        return {**made, "rejected_by": "answer_filter", "reason": "wrong", "detail": "41, gold 42"}
    return kept(number, origin, strategy)
