"""The models that `--teacher` and `--student` name."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from distilabel.models.llms import LLM
from pydantic import ValidationError

from lemma_steps.console import refuse_no_amount
from lemma_steps.errors import RefusedError
from lemma_steps.llms.embedded import EmbeddedLLM
from lemma_steps.llms.engine.prices import Prices
from lemma_steps.llms.open_weights import OpenWeights
from lemma_steps.llms.openai_compatible import OpenAICompatibleLLM, api_key
from lemma_steps.settings import ModelSettings

FORMS = "offline, openai:MODEL, vllm:URL#MODEL, embedded:NAME"


def parse_llm(spec: str, option: str, **options: Any) -> LLM:
    """The LLM that a SPEC of the command line names; `options` are fields of `OpenAICompatibleLLM`.

    Raises:
        RefusedError: the spec has no known form, a key that it needs is not set, an option is wrong, or an embedded
            model is unknown or not installed.
    """
    from lemma_steps.llms.offline import OfflineTeacher

    kind, _, rest = spec.partition(":")
    if spec == "offline":
        return OfflineTeacher()
    if kind == "openai" and rest:
        if not api_key():
            raise RefusedError(
                f"{option} {spec}: no key; set OPENAI_API_KEY, or OPENAI_API_KEY_FILE to a file that holds it"
            )
        return _made(option, model=rest, **options)
    if kind == "vllm" and rest:
        url, _, model = rest.partition("#")
        if not model or not url.startswith(("http://", "https://")):
            raise RefusedError(
                f"{option} {spec!r}: write vllm:URL#MODEL, such as vllm:http://localhost:8000/v1#my-model"
            )
        return _made(option, model=model, base_url=url, **options)
    if kind == "embedded" and rest:
        OpenWeights.named(rest).check()
        return _made(option, EmbeddedLLM, model=rest, **options | {"batch": False})
    raise RefusedError(f"{option} {spec!r}: unknown model; use one of {FORMS}")


def shared_options(settings: ModelSettings, store: str | None) -> dict[str, Any]:
    """The fields that all models of a run have alike; their replies go to the file `store`."""
    return {"store": store} | {name: getattr(settings, name) for name in ("max_in_flight", "prices", "batch")}


def teacher_llm(settings: ModelSettings, store: str | None) -> LLM:
    """The teacher that the settings name; its replies go to the file `store`.

    Raises:
        RefusedError: as `parse_llm`.
    """
    sampling = {"generation_kwargs": settings.sampling}
    return parse_llm(
        settings.teacher, "--teacher", **shared_options(settings, store) | sampling | settings.teacher_endpoint
    )


def student_llm(settings: ModelSettings, store: str | None) -> LLM | None:
    """The student that the settings name, if they name one; its replies go to the file `store`.

    Raises:
        RefusedError: as `parse_llm`, and for the rule-based teacher.
    """
    if settings.student == "none":
        return None
    if settings.student == "offline":
        raise RefusedError(
            "--student offline: the rule-based teacher is no student; name a model, or use --student-samples"
        )
    sampling = {"generation_kwargs": settings.student_sampling}
    return parse_llm(
        settings.student, "--student", **shared_options(settings, store) | sampling | settings.student_endpoint
    )


def refuse_unpriced(models: Iterable[LLM | None], prices: str | None, budget_usd: float | None) -> None:
    """Make sure that a budget can be kept, where there is one.

    Raises:
        RefusedError: it is no amount, or the price of a model that is asked for money is unknown.
    """
    if budget_usd is None:
        return
    refuse_no_amount(budget_usd)
    known = Prices.read(prices)
    for model in models:
        if isinstance(model, OpenAICompatibleLLM) and not known.knows(model.model):
            raise RefusedError(
                f"--budget-usd: no price is known for {model.model}; give one with --prices FILE, as a list of "
                "{model, input, cached, output} in dollars per million tokens"
            )


def _made(option: str, made: type[OpenAICompatibleLLM] = OpenAICompatibleLLM, **fields: Any) -> OpenAICompatibleLLM:
    try:
        model = made(**fields)
        if any(sign in model.url for sign in "@?"):
            raise RefusedError(
                f"{option}: a URL with a key in it would be written into files; give the key in OPENAI_API_KEY"
            )
        return model
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(map(str, first["loc"]))
        raise RefusedError(f"{option}, {name}: {first['msg']}; correct the recipe's YAML") from None
