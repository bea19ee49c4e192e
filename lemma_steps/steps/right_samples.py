"""Step: the student's right solutions, each way to the answer once; here one row per problem becomes one per sample."""

from __future__ import annotations

from lemma_steps.answers import Verdict, missing_statement
from lemma_steps.arithmetic import find_equations
from lemma_steps.steps.base import Row, RowStep, reject
from lemma_steps.steps.sample_candidates import of_answer, sample_candidates, without_samples


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
            return [without_samples(row, name)]
        first: dict[object, int] = {}
        rows = []
        for verdict, made in sample_candidates(row, "rft"):
            if verdict != Verdict.RIGHT:
                made = reject(made, name, f"answer_{verdict}", of_answer(made))
            elif why := missing_statement(row["question"], made["solution"], row["gold_answer"]):
                made = reject(made, name, why, of_answer(made))
            elif (other := first.setdefault(_way(made["solution"]), made["index"])) != made["index"]:
                made = reject(made, name, "same_equations", f"computes what sample {other} does")
            rows.append(made)
        return rows


def _way(solution: str) -> object:
    """What a solution computes, or its words where it computes nothing."""
    sides = [side for equation in find_equations(solution) for side in (equation.left, equation.right)]
    computed = tuple((tuple(n.value for n in side.numbers), tuple(o.symbol for o in side.operators)) for side in sides)
    return computed or " ".join(solution.split())
