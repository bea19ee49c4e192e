"""Step: how many solutions a problem gets; here one row per problem becomes one row per candidate."""

from __future__ import annotations

from distilabel.mixins.runtime_parameters import RuntimeParameter
from pydantic import Field

from lemma_steps.steps.base import Row, RowStep, candidate, reject
from lemma_steps.trajectory import gold_trajectory


class AllotSolutions(RowStep):
    """Allots to each problem solutions that the teacher is to write, and gold solutions that it is to reflect on.

    LEMMA's comparison (appendix A.3.2): GPTAug has about 6 solutions of the teacher per problem; RefAug-90k has "three correct
    reflection sections and three correct solutions for each question-answer pair".

    Attributes:
        method: `gptaug` or `refaug`.

    Runtime parameters:
        - `solutions`: solutions that the teacher writes per problem.
        - `reflections`: reflections on the gold solution per problem.

    Input columns:
        - problem_id (`str`): which problem.
        - gold_solution, gold_answer (`str`): a set may hold answers alone; there is nothing to reflect on then.

    Output columns:
        - id, method (`str`), index (`int`): the candidate; solutions come first.
        - solution (`str`): the gold solution, or `None` where one is still to be written.
        - reflects (`bool`): whether a reflection is to follow the solution.

    Categories:
        - columns
    """

    method: str
    solutions: RuntimeParameter[int] = Field(default=6, ge=0, description="Solutions of the teacher per problem.")
    reflections: RuntimeParameter[int] = Field(default=0, ge=0, description="Reflections on the gold one per problem.")

    @property
    def inputs(self) -> list[str]:
        """Columns read."""
        return ["problem_id", "gold_solution", "gold_answer"]

    @property
    def outputs(self) -> list[str]:
        """Columns added."""
        return ["id", "method", "index", "solution", "reflects"]

    async def process_row(self, row: Row) -> list[Row]:
        """All candidates of one problem."""
        name = self.name or "allot_solutions"
        written = [{**candidate(row, self.method, index, None), "reflects": False} for index in range(self.solutions)]
        gold = gold_trajectory(row["gold_solution"], row["gold_answer"])
        last = self.solutions + self.reflections
        thought = [
            {**candidate(row, self.method, index, gold), "reflects": True} for index in range(self.solutions, last)
        ]
        if not row["gold_solution"].strip():
            why = "the set gives an answer and no worked solution"
            thought = [reject(made, name, "no_solution", why) for made in thought]
        if not last:
            return [reject(row, name, "nothing_allotted", "neither solutions nor reflections; set one above 0")]
        return [*written, *thought]
