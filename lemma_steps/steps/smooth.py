"""Step: reflection and correction made to read as one thought."""

from __future__ import annotations

from typing import ClassVar

from lemma_steps import prompts
from lemma_steps.segmentation import segment
from lemma_steps.steps.base import Row
from lemma_steps.steps.teacher_task import TeacherTask


class Smooth(TeacherTask):
    """Asks the teacher to add transitions and connections (paper, section 3.4).

    The paper smooths the whole text; here the teacher rewrites reflection and correction only, so that the erroneous
    prefix stays what the student or injector wrote (design, principle 2).

    Input columns:
        - question, erroneous_prefix, draft_reflection, draft_correction (`str`): what the teacher sees.

    Output columns:
        - smooth_reflection, smooth_correction (`str`): the teacher's words.
        - provenance (`list[dict]`): the calls made.

    Categories:
        - text-generation
    """

    task: ClassVar[str] = "smooth"

    @property
    def inputs(self) -> list[str]:
        """Columns read."""
        return ["question", "erroneous_prefix", "draft_reflection", "draft_correction"]

    @property
    def outputs(self) -> list[str]:
        """Columns added."""
        return ["smooth_reflection", "smooth_correction", "provenance"]

    def request_identity(self, row: Row) -> tuple[str | None, ...]:
        """One request per candidate."""
        return (row.get("id"),)

    def format_input(self, input: Row) -> list[prompts.Message]:
        """Question, attempt up to the wrong step, and the drafts."""
        return prompts.render(
            self.task,
            question=input["question"],
            attempt=segment(input["erroneous_prefix"]),
            reflection=input["draft_reflection"],
            correction=input["draft_correction"],
        )

    def format_output(self, output: str | None, input: Row | None = None) -> Row:
        """Reflection and correction as the teacher smoothed them."""
        revision = prompts.parse_reply(self.task, output or "")
        return {"smooth_reflection": revision.reflection, "smooth_correction": revision.correction}
