"""Step: the student's right solutions, each way to the answer once; here one row per problem becomes one per sample."""

from __future__ import annotations

from lemma_steps.answers import Verdict, missing_statement
from lemma_steps.arithmetic import find_equations
from lemma_steps.steps.base import Row, RowStep, candidate, reject

_OF_PROBLEM = ("samples", "sample_verdicts", "failure_rate")


class RightSamples(RowStep):
    """Keeps the student's right solutions that differ in what they compute (method `rft`: Yuan et al., 2023,
    arXiv:2308.01825, section 3.3).

    As there, solutions of one problem are the same if they hold the same equations in the same order; the first stays.
    The paper reads equations from GSM8K's calculator marks; here they are found in the text, and an equation is its
    numbers, operators and result. A solution without equations is the same as one of the same words. All samples
    leave as rows: those that are not right, do not state their answer at their end (a reply that was cut; a number that
    happens to be the last), or repeat another, are rejected with the reason.

    Input columns:
        - question, gold_answer (`str`): the problem.
        - samples (`list[dict]`), sample_verdicts (`list[str]`): the student's solutions.

    Output columns:
        - id, method (`str`), index (`int`): the candidate; `index` is the sample's number.
        - solution, student (`str`): the sample, and whose it is.
        - verdict (`str`): `right` in every row that goes on.

    Categories:
        - filtering
    """

    @property
    def inputs(self) -> list[str]:
        """Columns read."""
        return ["problem_id", "question", "gold_answer", "samples", "sample_verdicts"]

    @property
    def outputs(self) -> list[str]:
        """Columns added."""
        return ["id", "method", "index", "solution", "student", "verdict"]

    async def process_row(self, row: Row) -> list[Row]:
        """A row for every sample."""
        name = self.name or "right_samples"
        if not row["samples"]:
            return [reject(row, name, "no_samples", "no sample of the student belongs to the problem")]
        problem = {column: value for column, value in row.items() if column not in _OF_PROBLEM}
        calls = row.get("provenance") or []
        own_calls = len(calls) == len(row["samples"])
        first: dict[object, int] = {}
        rows = []
        for at, (sample, verdict) in enumerate(zip(row["samples"], row["sample_verdicts"], strict=True)):
            number = sample["sample"]
            made = {
                **candidate(problem, "rft", number, sample["solution"]),
                "student": sample["student"],
                "verdict": verdict,
                # a sample that failed has a call and no solution: then the calls of the problem stand for its rows
                "provenance": [calls[at]] if own_calls else calls,
            }
            if verdict != Verdict.RIGHT:
                ending = sample["solution"][-80:]
                made = reject(made, name, f"answer_{verdict}", f"gold {row['gold_answer']!r}, ends {ending!r}")
            elif why := missing_statement(problem["question"], sample["solution"], problem["gold_answer"]):
                made = reject(made, name, why, f"gold {row['gold_answer']!r}, ends {sample['solution'][-80:]!r}")
            elif (of := first.setdefault(_way(sample["solution"]), at)) != at:
                other = row["samples"][of]["sample"]
                made = reject(made, name, "same_equations", f"computes what sample {other} does")
            rows.append(made)
        return rows


def _way(solution: str) -> object:
    """What a solution computes, or its words where it computes nothing."""
    sides = [side for equation in find_equations(solution) for side in (equation.left, equation.right)]
    computed = tuple((tuple(n.value for n in side.numbers), tuple(o.symbol for o in side.operators)) for side in sides)
    return computed or " ".join(solution.split())
