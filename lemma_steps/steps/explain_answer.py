"""Step: the solution that leads to the known answer."""

from __future__ import annotations

from typing import ClassVar

from lemma_steps import prompts
from lemma_steps.steps.base import Row
from lemma_steps.steps.solution_task import SolutionTask


class ExplainAnswer(SolutionTask):
    """Has the teacher, who is told the right answer, write the solution that follows a wrong one (method `isc`).

    As LEMMA's authors made the corrected solutions of Han et al. (2024): "the answer of [Question] is [Ground-Truth].
    Please provide a step-by-step explanation for resolving the given problem" (appendix A.3.2); the wording is ours.

    Input columns:
        - question, gold_answer (`str`): what the teacher sees.
        - solution (`str`): rows that have one are passed on.
        - problem_id (`str`), index (`int`): they tell one request from another with the same prompt.

    Output columns:
        - solution (`str`): the teacher's solution, beginning with one space.
        - teacher (`str`): who wrote it.
        - provenance (`list[dict]`): the calls made.

    Categories:
        - text-generation
    """

    task: ClassVar[str] = "explain_answer"

    @property
    def inputs(self) -> list[str]:
        """Columns read."""
        return ["question", "gold_answer", "solution"]

    def format_input(self, input: Row) -> list[prompts.Message]:
        """The question and its answer."""
        return prompts.render(self.task, question=input["question"], answer=input["gold_answer"])
