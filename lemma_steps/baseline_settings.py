"""What a baseline is: a section of recipes/configs/baselines.yaml, with the command line on top of it."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from lemma_steps.settings import Sampling, Settings

Method = Literal["sft", "rft", "metamath", "dart_math_uniform", "dart_math_hard", "lemma_published"]


class BaselineSettings(Settings):
    """Everything that decides what a baseline writes; what concerns a teacher is left out of report and card.

    Attributes:
        method: what the rows are.
        gold: SPECs of the problem sets that hold the answers, where `problems` are sets of solutions.
    """

    method: Method
    gold: list[str] = Field(default_factory=list)
    teacher: Literal["none"] = Field(default="none", exclude=True)
    sampling: Sampling = Field(default_factory=Sampling, exclude=True)
    distribution: None = Field(default=None, exclude=True)
    teacher_endpoint: dict[str, str] = Field(default_factory=dict, exclude=True, max_length=0)  # type: ignore[assignment]
    ablate: list[Literal["decontamination"]] = Field(default_factory=list)  # type: ignore[assignment]

    @property
    def of_solutions(self) -> bool:
        """Whether `problems` are sets of solutions, several to a question."""
        return self.method not in ("sft", "rft")

    @property
    def admitted(self) -> int:
        """As for the recipe; what asks no model needs no queue."""
        return 64 if self.student == "none" else super().admitted
