"""What a study is: its YAML, checked before any work."""

from __future__ import annotations

import re
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, PositiveInt, ValidationError, model_validator

from lemma_steps.errors import RefusedError
from lemma_steps.settings import Settings, read_yaml
from lemma_steps.study.arm import Arm
from lemma_steps.study.evaluation_part import EvaluationPart
from lemma_steps.study.training_part import TrainingPart

BASE = "base"
"""What the untrained model is called in tables."""
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")


class StudyConfig(BaseModel):
    """A study.

    Attributes:
        data: settings of recipes/lemma.py, as its own YAMLs have them; the baselines take problems, limit, seed and student
            from here too.
        arms: name -> arm. Lists of sizes are spread out by `spread`.
        rows: most rows of an `equal_rows` arm; without it, as many as the smallest of their sets has.
        reference: the arm whose trained tokens the `equal_tokens` arms get.
        training, evaluation: how.
        comparisons: pairs of arms; each gets the difference of the first over the second.
    """

    model_config = ConfigDict(extra="forbid")

    data: Settings
    arms: dict[str, Arm] = Field(min_length=1)
    rows: PositiveInt | None = None
    reference: str | None = None
    training: TrainingPart
    evaluation: EvaluationPart
    comparisons: list[tuple[str, str]] = Field(default_factory=list)

    @model_validator(mode="after")
    def _consistent(self) -> StudyConfig:
        for name in self.arms:
            if not _NAME.fullmatch(name) or name == BASE:
                raise ValueError(f"arms.{name}: a name is letters, digits, `_`, `.` and `-`, and not `{BASE}`")
        for name in [
            *([self.reference] if self.reference else []),
            *(one for pair in self.comparisons for one in pair),
        ]:
            if name not in self.arms and not (name == BASE and self.evaluation.base and name != self.reference):
                raise ValueError(f"{name}: no such arm; there are {', '.join(self.arms)}")
        if self.has_equal_tokens:
            if self.reference is None:
                raise ValueError("reference: name the arm whose trained tokens the `equal_tokens` arms get")
            if isinstance(rows := self.arms[self.reference].rows, list) or rows == "equal_tokens":
                raise ValueError(f"reference: {self.reference} has no one size of its own")
        return self

    @property
    def has_equal_tokens(self) -> bool:
        """Whether some arm is to be trained on as many tokens as the reference."""
        return any(arm.rows == "equal_tokens" for arm in self.arms.values())

    @classmethod
    def read(cls, file: Path) -> StudyConfig:
        """The study of a YAML file.

        Raises:
            RefusedError: the file is missing, is no YAML mapping, or a value is not allowed; says which.
        """
        written = read_yaml(file)
        if not isinstance(written, dict):
            raise RefusedError(f"{file}: a study is a mapping; see recipes/configs/study_smoke.yaml")
        try:
            return cls(**written)
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(map(str, first["loc"]))
            said = first["msg"].removeprefix("Value error, ")
            raise RefusedError(
                f"{file}: {where}{': ' if where else ''}{said}; see recipes/configs/study_smoke.yaml"
            ) from None

    def spread(self) -> dict[str, Arm]:
        """The arms with every list of sizes spread out, the reference first: others are measured against it."""
        single: dict[str, Arm] = {}
        for name, arm in sorted(self.arms.items(), key=lambda item: item[0] != self.reference):
            if isinstance(arm.rows, list):
                single |= {f"{name}@{rows}": arm.model_copy(update={"rows": rows}) for rows in arm.rows}
            else:
                single[name] = arm
        return single

    def pairs(self) -> list[tuple[str, str]]:
        """The comparisons; arms with several sizes are compared at each size that both have."""
        arms = [*self.spread(), BASE]

        def of(name: str) -> dict[str, str]:
            return {arm.partition("@")[2]: arm for arm in arms if arm.partition("@")[0] == name}

        found = []
        for first, second in self.comparisons:
            ours, theirs = of(first), of(second)
            found += [
                (arm, other)
                for size, arm in ours.items()
                for other_size, other in theirs.items()
                if "" in (size, other_size) or size == other_size
            ]
        return found

    def config_of(self, arm: Arm, root: Path) -> Path:
        """The Axolotl configuration of an arm.

        Raises:
            RefusedError: there is no such file.
        """
        file = root / self.training.configs / f"{arm.config or self.training.config}.yaml"
        if not file.is_file():
            raise RefusedError(f"{file}: no such Axolotl configuration; correct training.configs or an arm's config")
        return file
