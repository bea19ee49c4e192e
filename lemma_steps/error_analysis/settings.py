"""What an error analysis is: a YAML of recipes/configs, with the command line on top of it."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, model_validator

from lemma_steps.errors import RefusedError
from lemma_steps.settings import ModelSettings


class AnalysisSettings(ModelSettings):
    """Everything that decides what an analysis finds.

    Attributes:
        samples: `[LABEL=]PATH` of recorded samples, or `starter`; empty where a student is sampled.
        problems: SPECs of problem sets with the gold answers; of the records themselves where they hold them.
        columns: names of question, solution and answer in sets that call them otherwise.
        source: name of the problem set of samples that are in none of `problems` and do not say theirs.
        limit: first problems of each model and source; of each problem set where a student is sampled.
        temperatures: at which the student is sampled, one after the other.
    """

    samples: list[str] = Field(default_factory=list)
    problems: list[str] = Field(default_factory=list)
    columns: dict[Literal["question", "solution", "answer"], str] = Field(default_factory=dict)
    source: str | None = None
    limit: int | None = Field(default=None, ge=1)
    temperatures: list[float] = Field(default_factory=list)

    @model_validator(mode="before")
    @classmethod
    def _one_input(cls, values: dict[str, Any]) -> dict[str, Any]:
        """Samples are either recorded or asked for.

        Raises:
            RefusedError: they are neither, or both.
        """
        recorded, asked = values.get("samples"), values.get("student", "none") != "none"
        if recorded and (asked or values.get("temperatures")):
            raise RefusedError("samples are recorded or asked for; give SAMPLES, or --student and --config, not both")
        if values.get("temperatures") and not asked:
            raise RefusedError("temperatures are those of a student; name one with --student")
        if not recorded and not asked:
            raise RefusedError("nothing to analyse; give files of samples, or a model with --student")
        return values
