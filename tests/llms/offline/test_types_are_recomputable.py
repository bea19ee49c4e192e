"""Every error that the offline teacher injects is of the type it was asked for, as an independent classifier finds."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import pytest

from lemma_steps import prompts
from lemma_steps.answers import Verdict, gold_answer, verify_many
from lemma_steps.arithmetic import find_equations
from lemma_steps.injections import classify
from lemma_steps.llms.offline import OfflineTeacher
from lemma_steps.segmentation import segment
from lemma_steps.steps.inject_error import step_at
from lemma_steps.taxonomy import TAXONOMY
from lemma_steps.trajectory import as_output, gold_trajectory

STARTER = Path(__file__).parents[3] / "lemma_steps" / "data" / "starter" / "problems.jsonl"
MADE = [code for code, error_type in TAXONOMY.items() if error_type.recomputable]


@dataclass(frozen=True)
class Problem:
    """A question with its gold solution; `name` says where it stands."""

    name: str
    question: str
    solution: str
    answer: str


@dataclass(frozen=True)
class Injected:
    """One error that the teacher made on request."""

    problem: Problem
    code: str
    seed: int
    solution: str
    error_step: int

    @property
    def where(self) -> str:
        """Row, type and seed, enough to make it again."""
        return f"{self.problem.name} {self.code} seed {self.seed}"


def problems(path: Path) -> Iterator[Problem]:
    """The problems of a file in GSM8K's or MATH's layout that have a gold answer."""
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8") as lines:
        for number, row in enumerate(map(json.loads, lines)):
            solution = row.get("solution") or row["answer"]
            if answer := gold_answer(solution):
                yield Problem(f"{path.name} {number}", row.get("question") or row["problem"], solution, answer)


async def inject(rows: Iterable[Problem], seeds: tuple[int, ...]) -> list[Injected]:
    """What the teacher makes of each problem, for each type and seed; what it declines is left out."""
    teacher, made = OfflineTeacher(), []
    for problem in rows:
        reference = gold_trajectory(problem.solution, problem.answer)
        for code in TAXONOMY:
            messages = prompts.render(
                "inject_error", question=problem.question, reference_solution=reference, error_type=code
            )
            for seed in seeds:
                reply = (await teacher.agenerate(input=messages, seed=seed))["generations"][0]
                try:
                    injection = prompts.parse_reply("inject_error", reply or "")
                except prompts.ReplyError as refusal:
                    assert refusal.code == "declined"  # noqa: PT017
                    continue
                solution = as_output(injection.solution)
                mark = injection.wrong_begin + len(solution) - len(injection.solution)
                made.append(Injected(problem, code, seed, solution, step_at(segment(solution), mark)))
    return made


def faults(rows: list[Injected]) -> Iterator[str]:
    """Whatever is wrong with an injected error, in words."""
    answers = ((row.problem.answer, row.solution) for row in rows)
    for row, verdict in zip(rows, verify_many(answers, workers=1), strict=True):
        problem = row.problem
        codes = classify(problem.question, problem.solution, problem.answer, row.solution, row.error_step)
        if codes != {row.code}:
            yield f"{row.where}: the classifier finds {codes or 'no type'}"
        steps = [" ".join(step.split()) for step in segment(row.solution)]
        gold = segment(gold_trajectory(problem.solution, problem.answer))
        if steps[row.error_step - 1] in {" ".join(step.split()) for step in gold}:
            yield f"{row.where}: the wrong step is a gold step"
        if any(equation.verdict == "wrong" for step in steps[row.error_step :] for equation in find_equations(step)):
            yield f"{row.where}: a later step is false"
        if verdict != Verdict.WRONG:
            yield f"{row.where}: the final answer is {verdict}"


def check(rows: Iterable[Problem], seeds: tuple[int, ...], types: set[str], doubtful: float = 0.0) -> None:
    """At most the share `doubtful` of rows has a fault, and at least these types occur. Works in batches: memory stays flat."""
    count: Counter[str] = Counter()
    found, rows = [], iter(rows)
    while batch := list(islice(rows, 500)):
        made = asyncio.run(inject(batch, seeds))
        found += faults(made)
        count.update(row.code for row in made)
    kinds = Counter(fault.split(" seed")[0].split()[-1] + fault.partition(":")[2] for fault in found)
    assert len(found) <= doubtful * count.total(), f"{len(found)} faults in {count.total()} rows: {kinds}; {found[:20]}"
    assert types <= set(count)


OWN = [
    Problem(
        "percent and complement",
        "A farm has 250 hens. 40% of them are brown, and each brown hen lays 6 eggs a week. How many eggs is that?",
        "There are 250 * 40% = <<250*40*.01=100>>100 brown hens.\nThey lay 100 * 6 = <<100*6=600>>600 eggs.\n#### 600",
        "600",
    ),
    Problem(
        "area and time",
        "A hall is 18 m long and 11 m wide. Two cleaners do its area at 9 square metres per minute. "
        "For how many hours would they be busy with 30 such halls?",
        "The area is 18 * 11 = 198 square metres.\nOne hall takes 198 / 9 = 22 minutes.\n"
        "All halls take 22 * 30 = 660 minutes.\nThat is 660 / 60 = 11 hours.\n#### 11",
        "11",
    ),
    Problem(
        "implicit product",
        "Nora has 7 boxes with 13 pins each. She buys 19 more pins and loses 4. How many pins has she?",
        "The boxes hold 7(13) = 91 pins.\nWith the new ones there are 91 + 19 = 110.\nAt last 110 - 4 = 106 remain.\n#### 106",
        "106",
    ),
    Problem(
        "result on the left",
        "What is the greatest common divisor of 84 and 60?",
        "First, $84 - 60 = 24$.\nNext, $60 - 2 \\cdot 24 = 12$.\nSince $24 = 2 \\cdot 12$, it is $\\boxed{12}$.",
        "12",
    ),
    Problem(
        "chain of three with a box",
        "Compute the determinant of the matrix $\\begin{pmatrix} 5 & -2 \\\\ 9 & 8 \\end{pmatrix}$.",
        "The products are $5 \\cdot 8 = 40$ and $(-2) \\cdot 9 = -18$.\n"
        "The determinant is $40 - (-18) = 40 + 18 = \\boxed{58}$.",
        "58",
    ),
    Problem(
        "one paragraph with a unit of pi",
        "A ring lies between circles of radius 6 cm and 4 cm. A tile covers $5\\pi$ square cm. How many tiles cover it?",
        "The areas are $\\pi \\cdot 6^2=36\\pi$ and $\\pi \\cdot 4^2=16\\pi$. The ring has $36\\pi-16\\pi=20\\pi$, and "
        "since $20 / 5 = 4$, we need $\\boxed{4}$ tiles.",
        "4",
    ),
]  # fmt: skip


def test_every_error_of_the_starter_problems_is_of_its_type() -> None:
    check(problems(STARTER), (1, 2), set(MADE))


def test_every_error_of_own_problems_is_of_its_type() -> None:
    check(OWN, tuple(range(8)), {"CA", "CV", "CS", "OP", "CC", "MS", "HA", "QM", "FC"})


@pytest.mark.long
@pytest.mark.parametrize(
    ("name", "types", "doubtful"),
    [
        ("gsm8k_train.jsonl.gz", set(MADE), 0.0),
        # in LaTeX the two readings of an expression still part in 38 of 11,748 rows (0.32 %)
        ("math_train.jsonl.gz", {"CA", "CV", "CS", "OP", "CC", "QM"}, 0.004),
    ],
)
def test_every_error_of_a_public_set_is_of_its_type(
    lemma_data: Path, name: str, types: set[str], doubtful: float
) -> None:
    check(problems(lemma_data / name), (1, 2), types, doubtful)
