"""The base of the two correction strategies."""

from __future__ import annotations

from typing import ClassVar, Literal

from lemma_steps import prompts
from lemma_steps.segmentation import segment
from lemma_steps.steps.base import Row
from lemma_steps.steps.teacher_task import TeacherTask
from lemma_steps.trajectory import gold_trajectory


class RevisionTask(TeacherTask):
    """Asks the teacher for reflection and correction after an erroneous prefix; code joins them to it.

    Attributes:
        reference: what the teacher sees beside the attempt: nothing, a right solution of the student (the gold one where
            there is none), or the gold solution. The paper's restart prompt shows none (Figure 15), its code one of the
            other two.
    """

    strategy: ClassVar[str]
    reference: Literal["none", "student", "gold"] = "none"

    @property
    def inputs(self) -> list[str]:
        """Columns read."""
        shown = [] if self.reference == "none" else ["gold_solution", "gold_answer"]
        return ["question", "erroneous_prefix", *shown]

    @property
    def outputs(self) -> list[str]:
        """Columns added."""
        return ["draft_reflection", "draft_correction", "reference_seen", "provenance"]

    def applies(self, row: Row) -> bool:
        """Only candidates of this strategy; the other's are passed on."""
        return row.get("strategy", self.strategy) == self.strategy

    def request_identity(self, row: Row) -> tuple[str | None, ...]:
        """One request per candidate."""
        return (row.get("id"),)

    def format_input(self, input: Row) -> list[prompts.Message]:
        """Question, attempt up to the wrong step, and the reference if one is shown."""
        _, reference = self._reference(input)
        return prompts.render(
            self.task,
            question=input["question"],
            reference_solution=reference,
            attempt=segment(input["erroneous_prefix"]),
        )

    def format_output(self, output: str | None, input: Row | None = None) -> Row:
        """Reflection and correction as the teacher wrote them, and what it saw."""
        revision = prompts.parse_reply(self.task, output or "")
        return {
            "draft_reflection": revision.reflection,
            "draft_correction": revision.correction,
            "reference_seen": self._reference(input or {})[0],
        }

    def _reference(self, row: Row) -> tuple[str, str | None]:
        if self.reference == "none":
            return "none", None
        if self.reference == "student" and row.get("student_reference"):
            return "student", row["student_reference"].strip()
        return "gold", gold_trajectory(row["gold_solution"], row["gold_answer"])
