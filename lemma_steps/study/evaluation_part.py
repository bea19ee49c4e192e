"""The part of a study that says how its models are evaluated."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class EvaluationPart(BaseModel):
    """How every model is evaluated; the fields are options of recipes/evaluate.py.

    Attributes:
        tasks: lm-eval tasks of eval_tasks, single ones, without groups.
        limit: first documents of each task; None for all.
        gen_kwargs: changes how replies are sampled, such as `max_gen_toks=128`.
        batch_size: replies made at once; None for evaluate.py's default.
        model: lm-eval's kind of model.
        model_args: what is added to `pretrained=MODEL`, such as `dtype=float32`.
        metric: whose grading the table shows.
        base: whether the model is also evaluated as it was before training.
    """

    model_config = ConfigDict(extra="forbid")

    tasks: list[str] = Field(min_length=1)
    limit: int | None = Field(default=None, ge=1)
    gen_kwargs: str | None = None
    batch_size: str | int | None = None
    model: Literal["hf", "vllm"] = "hf"
    model_args: str = ""
    metric: Literal["math_verify", "qwen_match"] = "math_verify"
    base: bool = True
