"""Step: a wrong solution with one error of the requested type, written by the teacher."""

from __future__ import annotations

from typing import ClassVar

from lemma_steps import prompts
from lemma_steps.segmentation import segment
from lemma_steps.steps.base import Row
from lemma_steps.steps.teacher_task import TeacherTask
from lemma_steps.trajectory import as_output, gold_trajectory


class InjectError(TeacherTask):
    """Asks the teacher for a wrong solution with one error of the candidate's type (paper, section 3.3).

    The teacher wraps the first wrong step in a mark; code removes the mark and computes the step's number, so that no
    model counts steps. Student candidates are passed on.

    Input columns:
        - question, gold_solution, gold_answer (`str`): what the teacher sees.
        - requested_type (`str`): code of the type to make.
        - origin (`str`): optional; rows of another origin than `injected` are passed on.
        - problem_id (`str`), index (`int`): optional; they tell one request from another with the same prompt.

    Output columns:
        - erroneous_solution (`str`): the wrong solution, beginning with one space.
        - declared_step (`int`): the step that the teacher marked, 1-based.
        - explanation (`str`): the teacher's words on the error.
        - teacher (`str`): who wrote it.
        - provenance (`list[dict]`): the calls made.

    Categories:
        - text-generation
    """

    task: ClassVar[str] = "inject_error"

    @property
    def inputs(self) -> list[str]:
        """Columns read."""
        return ["question", "gold_solution", "gold_answer", "requested_type"]

    @property
    def outputs(self) -> list[str]:
        """Columns added."""
        return ["erroneous_solution", "declared_step", "explanation", "teacher", "provenance"]

    def applies(self, row: Row) -> bool:
        """Only candidates without a student's wrong solution."""
        return row.get("origin", "injected") == "injected"

    def format_input(self, input: Row) -> list[prompts.Message]:
        """Question, gold solution and the type to make."""
        return prompts.render(
            self.task,
            question=input["question"],
            reference_solution=gold_trajectory(input["gold_solution"], input["gold_answer"]),
            error_type=input["requested_type"],
        )

    def format_output(self, output: str | None, input: Row | None = None) -> Row:
        """The wrong solution and the number of the marked step."""
        injection = prompts.parse_reply(self.task, output or "")
        solution = as_output(injection.solution)
        mark = injection.wrong_begin + len(solution) - len(injection.solution)
        return {
            "erroneous_solution": solution,
            "declared_step": step_at(segment(solution), mark),
            "explanation": injection.explanation,
            "teacher": self.llm.model_name,
        }


def step_at(steps: list[str], offset: int) -> int:
    """The 1-based number of the step that holds the character at `offset`."""
    end = 0
    for number, step in enumerate(steps, 1):
        end += len(step)
        if offset < end:
            return number
    return len(steps)
