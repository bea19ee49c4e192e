"""The checks of injected errors on a strong model's injections: EIC, whose errors GPT-4 made with step and type.

    LEMMA_DATA=DIR uv run benchmarks/injections.py [--json FILE] [--show N]

Prints pass rates per type; the outcomes where each has question and gold solution of another problem, for a check that passes
there says little; and, with --show, the first N failures of each check with both solutions, to be read. What the rule-based
teacher's injections pass is a test: tests/injections/test_offline.py, with `-m long` on GSM8K and MATH.
"""

from __future__ import annotations

import argparse
import json
import random
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path

from lemma_steps.answers import gold_answer
from lemma_steps.injections import CHECKS, Injection, check_injection
from lemma_steps.labelled import LabelledSet, LabelledSolution
from lemma_steps.output.injection_rates import InjectionRates, markdown
from lemma_steps.segmentation import segment
from lemma_steps.steps.inject_error import step_at
from lemma_steps.trajectory import closed

SETS = ("eic_gsm8k", "eic_mathqa")


def injection(found: LabelledSolution) -> Injection | None:
    """The solution as an injector would have written it: our steps, a closing statement; None where it has no answer."""
    whole = "".join(found.steps)
    said = gold_answer(whole)
    if found.error_step is None or said is None or found.reference is None or found.answer is None:
        return None
    text = closed(whole, said)
    begin = 1 + sum(map(len, found.steps[: found.error_step - 1]))
    step = step_at(segment(text), min(begin, len(text) - 1))
    answer = found.answer.removesuffix(".0")
    return Injection(found.question, found.reference, answer, text, step, found.error_type)


def control(found: list[Injection]) -> dict[str, dict[str, int]]:
    """Outcomes by check where each has question, gold solution and answer of one drawn by lot."""
    draw, counts = random.Random(0), {check: Counter[str]() for check in CHECKS}
    for one in found:
        other = draw.choice(found)
        strange = replace(
            one, question=other.question, gold_solution=other.gold_solution, gold_answer=other.gold_answer
        )
        for check, finding in check_injection(strange).items():
            counts[check][finding.outcome] += 1
    return {check: dict(outcomes) for check, outcomes in counts.items()}


def main() -> None:
    """Check both sets, print and write the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path, help="also write the figures here")
    parser.add_argument("--show", type=int, default=0, help="failures of each check to print")
    options = parser.parse_args()
    figures = {}
    for name in SETS:
        rates, shown, began = InjectionRates(), Counter[str](), time.process_time()
        made_of: list[Injection] = []
        for solution in LabelledSet.read(name).solutions:
            if (made := injection(solution)) is None:
                continue
            made_of.append(made)
            found = check_injection(made)
            checks = [{"check": c, "outcome": f.outcome, "detail": f.detail} for c, f in found.items()]
            rates.add(
                {
                    **{"id": solution.id, "problem_id": solution.group, "index": solution.id},
                    **{"requested_type": made.declared_type, "declared_step": made.declared_step},
                    "injection_checks": checks,
                }
            )
            for check, finding in found.items():
                if finding.outcome == "fail" and shown[check] < options.show:
                    shown[check] += 1
                    print(f"\n{check} {made.declared_type} step {made.declared_step}: {finding.detail}")
                    print(made.solution, made.gold_solution, sep="\n--- gold:\n")
        report = rates.report()
        figures[name] = {**report, "ms_each": round(1000 * (time.process_time() - began) / report["n"], 2)}
        figures[name]["with_another_gold_solution"] = control(made_of)
        print("with another problem's gold solution:", json.dumps(figures[name]["with_another_gold_solution"]))
        print(markdown({**report, "examples": {}}, f"{name}, {figures[name]['ms_each']} ms each"))
    if options.json:
        options.json.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
