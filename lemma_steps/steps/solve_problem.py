"""Step: a solution of the teacher's own."""

from __future__ import annotations

from typing import ClassVar

from lemma_steps import prompts
from lemma_steps.steps.base import Row
from lemma_steps.steps.solution_task import SolutionTask


class SolveProblem(SolutionTask):
    """Has the teacher solve the problem step by step, without any solution to look at (methods `gptaug` and `refaug`).

    Input columns:
        - question (`str`): what the teacher sees.
        - solution (`str`): rows that have one are passed on.
        - problem_id (`str`), index (`int`): they tell one request from another with the same prompt.

    Output columns:
        - solution (`str`): the teacher's solution, beginning with one space.
        - teacher (`str`): who wrote it.
        - provenance (`list[dict]`): the calls made.

    Categories:
        - text-generation
    """

    task: ClassVar[str] = "solve"

    @property
    def inputs(self) -> list[str]:
        """Columns read."""
        return ["question", "solution"]

    def format_input(self, input: Row) -> list[prompts.Message]:
        """The question alone."""
        return prompts.render(self.task, question=input["question"])
