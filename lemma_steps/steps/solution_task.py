"""The base of the steps that have the teacher write a complete solution."""

from __future__ import annotations

from lemma_steps import prompts
from lemma_steps.steps.base import Row
from lemma_steps.steps.teacher_task import TeacherTask
from lemma_steps.trajectory import student_solution


class SolutionTask(TeacherTask):
    """Has the teacher write the solution of each row that has none; whether it is right is asked later."""

    @property
    def outputs(self) -> list[str]:
        """Columns added."""
        return ["solution", "teacher", "provenance"]

    def applies(self, row: Row) -> bool:
        """Only rows without a solution; the others are passed on."""
        return row["solution"] is None

    def format_output(self, output: str | None, input: Row | None = None) -> Row:
        """The solution, as a solution enters."""
        solution = prompts.parse_reply(self.task, output or "").text
        return {"solution": student_solution(solution), "teacher": self.llm.model_name}
