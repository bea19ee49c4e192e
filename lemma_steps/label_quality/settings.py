"""What decides a measurement of a locator: the recipe's YAML, with the command line on top of it."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

import yaml
from pydantic import Field, field_validator

from lemma_steps.errors import RefusedError
from lemma_steps.labelled import Conventions, registry
from lemma_steps.settings import ModelSettings

Checker = Literal["off", "vote", "earliest"]


class ScoreSettings(ModelSettings):
    """Which solutions a teacher is asked about, and how.

    Attributes:
        sets: names of labelled sets.
        limit: solutions of each set; all without it.
        votes: how often the locator is asked about each.
        reference: whether it sees the reference solution; `both` asks once with and once without it.
        checker: what the arithmetic check may say; `compare` scores every way, from the same replies.
        types: whether the classifier of error types is asked too, on the sets that have types.
    """

    options: ClassVar[dict[str, str]] = {"sets": "set"}

    sets: list[str] = Field(default_factory=lambda: list(registry()), min_length=1)
    limit: int | None = Field(default=None, ge=1)
    votes: int = Field(default=1, ge=1)
    reference: Literal["with", "without", "both"] = "both"
    checker: Literal["off", "vote", "earliest", "compare"] = "compare"
    types: bool = True

    @field_validator("sets")
    @classmethod
    def _known(cls, value: list[str]) -> list[str]:
        for name in value:
            try:
                Conventions.of(name)
            except RefusedError as error:
                raise ValueError(str(error)) from None
        return list(dict.fromkeys(value))

    @field_validator("steps")
    @classmethod
    def _none(cls, value: dict[str, Any]) -> dict[str, Any]:
        if value:
            raise ValueError(
                "the steps have no parameters here but votes, reference and checker, which stand by themselves"
            )
        return value

    @property
    def references(self) -> list[bool]:
        """With the reference solution, without it, or the one and then the other."""
        return [seen for seen in (True, False) if self.reference in ("both", "with" if seen else "without")]

    @property
    def checkers(self) -> list[Checker]:
        """Every say of the arithmetic check that is scored."""
        every: list[Checker] = ["off", "vote", "earliest"]
        return [checker for checker in every if self.checker in ("compare", checker)]

    @property
    def typed_sets(self) -> list[str]:
        """The sets whose error types are asked for."""
        return [name for name in self.sets if self.types and Conventions.of(name).has_types]

    def identity(self) -> str:
        """What a directory knows the run by: who is asked, and how. More sets, solutions or votes go on in it."""
        kept: dict[str, Any] = self.model_dump(include={"teacher", "sampling", "teacher_endpoint", "seed"})
        return yaml.safe_dump({"recipe": "score_locator", **kept}, sort_keys=True, allow_unicode=True)
