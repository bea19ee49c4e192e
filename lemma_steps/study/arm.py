"""One arm of a study: what is trained on, how much of it, under which configuration."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, PositiveInt

Method = Literal["lemma", "sft", "rft", "metamath", "dart-math-uniform", "dart-math-hard", "published"]
"""What makes the rows: recipes/lemma.py, or the command of recipes/baselines.py with that name."""


class Arm(BaseModel):
    """A model to be trained.

    Attributes:
        method: what makes its rows.
        rows: `equal_rows` (as many as every other such arm of its group), `equal_tokens` (as many trained tokens as the
            study's reference arm), `all`, a number, or several, each of which becomes an arm of its own, `NAME@ROWS`
            (the paper's Figure 5).
        group: name shared by the arms whose `equal_rows` are to be equal; a small set need not hold back all others.
        config: variant in the study's folder of Axolotl configurations; None for the study's own.
        overrides: Axolotl keys of this arm alone.
    """

    model_config = ConfigDict(extra="forbid")

    method: Method
    rows: Literal["equal_rows", "equal_tokens", "all"] | PositiveInt | list[PositiveInt] = "equal_rows"
    group: str = ""
    config: str | None = None
    overrides: dict[str, Any] = Field(default_factory=dict)
