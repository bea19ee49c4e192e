"""What a baseline is: a section of recipes/configs/baselines.yaml, with the command line on top of it."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, SerializerFunctionWrapHandler, model_serializer

from lemma_steps.errors import RefusedError
from lemma_steps.settings import Settings

Method = Literal[
    "sft", "rft", "metamath", "dart_math_uniform", "dart_math_hard", "lemma_published", "gptaug", "isc", "refaug"
]

WITH_STUDENT = ("rft", "isc")
WITH_TEACHER = ("gptaug", "isc", "refaug")
_OF_TEACHER = ("teacher", "sampling", "teacher_endpoint")


class BaselineSettings(Settings):
    """Everything that decides what a baseline writes; of a method without a teacher, report and card say nothing of one.

    Attributes:
        method: what the rows are.
        gold: SPECs of the problem sets that hold the answers, where `problems` are sets of solutions.
    """

    method: Method
    gold: list[str] = Field(default_factory=list)
    teacher: str = "none"
    distribution: None = Field(default=None, exclude=True)
    ablate: list[Literal["decontamination"]] = Field(default_factory=list)  # type: ignore[assignment]

    @model_serializer(mode="wrap")
    def _without_teacher(self, serialize: SerializerFunctionWrapHandler) -> dict[str, Any]:
        left_out = _OF_TEACHER if self.teacher == "none" else ()
        return {name: value for name, value in serialize(self).items() if name not in left_out}

    @property
    def of_solutions(self) -> bool:
        """Whether `problems` are sets of solutions, several to a question."""
        return self.method not in ("sft", *WITH_STUDENT, *WITH_TEACHER)

    @property
    def admitted(self) -> int:
        """As for the recipe; what asks no model needs no queue."""
        return 64 if self.student == self.teacher == "none" else super().admitted

    def check(self) -> None:
        """Make sure that the method has whom and what it needs, and nobody else.

        Raises:
            RefusedError: somebody is missing or of no use to the method; says what to give or leave out.
        """
        for who, asked, methods, option in (
            ("student", self.student != "none" or self.student_samples, WITH_STUDENT, "--student or --student-samples"),
            ("teacher", self.teacher != "none", WITH_TEACHER, "--teacher"),
        ):
            if bool(asked) != (self.method in methods):
                of = " and ".join(methods)
                wanted = f"give {option}" if not asked else f"leave out the {who}, who is of {of} alone"
                raise RefusedError(f"{self.method}: {wanted}")
        if self.teacher == "offline":
            raise RefusedError(
                f"{self.method}: the rule-based teacher solves nothing by itself; name a model with --teacher"
            )
        if self.gold and not self.of_solutions:
            raise RefusedError(f"{self.method}: its problems hold their answers; leave out --gold")
        if self.of_solutions and self.method != "metamath" and not self.gold:
            raise RefusedError(f"{self.method}: holds no answers to check against; name problem sets with --gold")
