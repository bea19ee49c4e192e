"""Step: a second way and a further problem after a right solution, written by the teacher."""

from __future__ import annotations

from typing import ClassVar

from lemma_steps import prompts
from lemma_steps.steps.base import Row
from lemma_steps.steps.teacher_task import TeacherTask
from lemma_steps.trajectory import student_solution


class ReflectOnSolution(TeacherTask):
    """Has the teacher add what RefAug appends to a solution: alternative and follow-up reasoning (method `refaug`).

    Zhang et al., 2024 (arXiv:2406.12050, section 3); the wording is ours. Rows that are not to be reflected on are passed
    on.

    Input columns:
        - question, solution (`str`): what the teacher sees.
        - reflects (`bool`): whether a reflection is to follow.
        - problem_id (`str`), index (`int`): they tell one request from another with the same prompt.

    Output columns:
        - alternative (`str`): another way to the same answer, which it states; still to be verified.
        - follow_up (`str`): a problem that goes further, and its solution; nothing verifies it.
        - teacher (`str`): who wrote it.
        - provenance (`list[dict]`): the calls made.

    Categories:
        - text-generation
    """

    task: ClassVar[str] = "reflect"

    @property
    def inputs(self) -> list[str]:
        """Columns read."""
        return ["question", "solution", "reflects"]

    @property
    def outputs(self) -> list[str]:
        """Columns added."""
        return ["alternative", "follow_up", "teacher", "provenance"]

    def applies(self, row: Row) -> bool:
        """Only rows that are to be reflected on."""
        return row["reflects"]

    def format_input(self, input: Row) -> list[prompts.Message]:
        """The question and its solution."""
        return prompts.render(self.task, question=input["question"], reference_solution=input["solution"])

    def format_output(self, output: str | None, input: Row | None = None) -> Row:
        """Both parts, without marks."""
        thought = prompts.parse_reply(self.task, output or "")
        parts = {"alternative": thought.alternative, "follow_up": thought.follow_up}
        return {
            **{name: student_solution(text).strip() for name, text in parts.items()},
            "teacher": self.llm.model_name,
        }
