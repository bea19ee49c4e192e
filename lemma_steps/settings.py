"""What a run is: the recipe's YAML, with the command line on top of it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator
from typing_extensions import TypedDict  # pydantic asks for it before Python 3.12

from lemma_steps.errors import RefusedError

Ablation = Literal["error-augmentation", "fresh-restart", "fix-continue", "truncation", "smooth", "decontamination"]

EndpointField = Literal[
    "api", "max_in_flight", "timeout_s", "max_attempts", "requests_per_minute", "tokens_per_minute", "copies"
]
"""No address and no key: one is part of the SPEC, the other belongs into no file."""


class Sampling(TypedDict, total=False):
    """How a model is sampled; `None` leaves a choice to the server."""

    __pydantic_config__ = ConfigDict(extra="forbid")  # type: ignore[misc]

    temperature: float | None
    top_p: float | None
    max_new_tokens: int
    stop: list[str] | None
    extra_body: dict[str, Any]


class ModelSettings(BaseModel):
    """Which models a run asks, and how.

    Attributes:
        teacher, student: SPECs of models; the student may be `none`.
        seed: seed of the run.
        sampling, student_sampling: temperature, top_p, max_new_tokens, stop, extra_body of teacher and student.
        max_in_flight: requests under way at once per endpoint.
        teacher_endpoint, student_endpoint: fields of `OpenAICompatibleLLM` for one of them, such as `api: completions`,
            `timeout_s`, `max_attempts`, `requests_per_minute`, `tokens_per_minute`.
        prices: YAML of prices that come before the bundled ones.
        batch: send requests through OpenAI's batch API.
        steps: parameters of single steps, by step name.
    """

    model_config = ConfigDict(extra="forbid")
    options: ClassVar[Mapping[str, str]] = {}
    """Names of command-line options where they are not those of the settings."""

    teacher: str
    student: str = "none"
    seed: int = Field(default=0, ge=0)
    sampling: Sampling = Field(default_factory=Sampling)
    student_sampling: Sampling = Field(default_factory=Sampling)
    max_in_flight: int = Field(default=100, ge=1)
    teacher_endpoint: dict[EndpointField, Any] = Field(default_factory=dict)
    student_endpoint: dict[EndpointField, Any] = Field(default_factory=dict)
    prices: str | None = None
    batch: bool = False
    steps: dict[str, dict[str, Any]] = Field(default_factory=dict)

    @property
    def admitted(self) -> int:
        """Problems under way at once: about ten per request in flight; a teacher that computes at once needs no queue.

        A batch should hold all that can be asked at one stage.
        """
        if self.batch:
            return 100_000
        waits = self.teacher != "offline" or self.student not in ("none", "offline")
        return 10 * self.max_in_flight if waits else 64

    @classmethod
    def read(cls, config: Path, overrides: dict[str, Any], section: str | None = None) -> Self:
        """The YAML at `config`, or a section of it, with every override that is not `None` in place of its value.

        A file that says `extends: OTHER.yaml` is what the other one is, and what it says itself on top of that.

        Raises:
            RefusedError: the file, or one that it extends, is missing or no YAML mapping, or a value is not allowed;
                says which.
        """
        written = read_extended(config)
        if section is not None and isinstance(written, dict):
            written, config = written.get(section), Path(f"{config}, {section}")
        if not isinstance(written, dict):
            raise RefusedError(f"{config}: a recipe is a mapping of settings; see recipes/configs/offline.yaml")
        try:
            return cls(**{**written, **{name: value for name, value in overrides.items() if value is not None}})
        except ValidationError as error:
            first = error.errors()[0]
            name = str(first["loc"][0])
            where = f"{config}: {'.'.join(map(str, first['loc']))}"
            if (given := overrides.get(name)) is not None:
                option = cls.options.get(name, name.replace("_", "-"))
                where = f"--{option} {' '.join(map(str, given)) if isinstance(given, list) else given}"
            raise RefusedError(f"{where}: {first['msg'].removeprefix('Value error, ')}; see --help") from None


class Settings(ModelSettings):
    """Everything that decides what a run of the recipe writes: its problems, its models, what is left out.

    Attributes:
        problems: SPECs of problem sets.
        columns: names of question, solution and answer in sets that call them otherwise.
        licence: licence of the problem sets that have no name here, for the dataset card.
        limit: first rows of each source.
        student_samples: file of recorded samples, `starter` for the bundled ones, or none.
        distribution: file of the student's measured error types.
        ablate: parts of the method left out.
    """

    problems: list[str] = Field(min_length=1)
    columns: dict[Literal["question", "solution", "answer"], str] = Field(default_factory=dict)
    licence: str | None = None
    limit: int | None = Field(default=None, ge=1)
    student_samples: str | None = None
    distribution: str | None = None
    ablate: list[Ablation] = Field(default_factory=list)

    @field_validator("student_samples")
    @classmethod
    def _none(cls, value: str | None) -> str | None:
        return None if value == "none" else value

    def refuse_without_errors(self) -> None:
        """Refuse what has no student and makes no error without one, before anything is asked.

        Raises:
            RefusedError: no problem could get an error.
        """
        if self.student != "none" or self.student_samples:
            return
        if "error-augmentation" in self.ablate:
            why = "without error augmentation all errors are the student's"
        elif (self.steps.get("error_type_sampler") or {}).get("k_max") is not None:
            why = "k_max gives a problem as many errors as the student's failure rate says"
        else:
            return
        raise RefusedError(f"no student, and {why}; give --student or --student-samples")


def read_extended(config: Path, below: tuple[Path, ...] = ()) -> Any:
    """What a file holds, on top of the file that its `extends` names (relative to it), if it names one.

    Mappings are merged, such as the parameters of one step; every other value, lists too, takes the place of the other's.

    Args:
        config: the file.
        below: the files that extend it, as resolved paths.

    Raises:
        RefusedError: as `read_yaml`, of any of the files; or they extend each other in a circle.
    """
    written = read_yaml(config)
    if not isinstance(written, dict) or "extends" not in written:
        return written
    other, here = written.pop("extends"), config.resolve()
    if not isinstance(other, str) or not other:
        raise RefusedError(f"{config}: extends: name one file, relative to this one")
    base = config.parent / other
    if base.resolve() in (*below, here):
        raise RefusedError(f"{config}: extends {other}, which extends this file again; break the circle")
    if not base.is_file():
        raise RefusedError(f"{config}: extends {other}, but there is no file {base}; correct the name")
    found = read_extended(base, (*below, here))
    if not isinstance(found, dict):
        raise RefusedError(f"{base}: a recipe is a mapping of settings; {config} extends it")
    return _merged(found, written)


def _merged(base: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    both = {
        name: _merged(value, over[name])
        for name, value in base.items()
        if isinstance(value, dict) and isinstance(over.get(name), dict)
    }
    return base | over | both


def read_yaml(config: Path) -> Any:
    """What the file of `--config` holds.

    Raises:
        RefusedError: it cannot be read, or is no YAML; says why.
    """
    try:
        return yaml.safe_load(config.read_text(encoding="utf-8"))
    except OSError as error:
        raise RefusedError(f"{config}: {error.strerror}; check --config") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise RefusedError(f"{config}: not YAML ({' '.join(str(error).split())}); correct the file") from None
