"""The card of a trained model: `README.md` of its repository on the Hub."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

from huggingface_hub import ModelCardData
from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from lemma_steps.output.card import cell, fenced
from lemma_steps.output.report import number
from lemma_steps.prompts import INFERENCE_STOP, inference_prompt
from lemma_steps.publish.base_model import BaseModel
from lemma_steps.publish.model_folder import ModelFolder
from lemma_steps.publish.model_scores import ModelScores
from lemma_steps.publish.records import command_for_others
from lemma_steps.publish.target import hub_id
from lemma_steps.publish.training_facts import TrainingFacts

UNKNOWN = "not recorded"
_STRATEGIES = {
    "lemma_steps.training.response": "the whole response, the wrong step included, as in the paper",
    "lemma_steps.training.masked_response": "the response without the wrong step",
    "lemma_steps.training.published": "the whole response of the published set's rows",
}


def render_model_card(
    repo: str,
    folder: ModelFolder,
    facts: TrainingFacts,
    scores: ModelScores,
    base: BaseModel,
    *,
    data_repo: str | None = None,
    methods: Sequence[str] = (),
    command: str = "",
) -> str:
    """The card: front matter for the Hub, how to prompt the model, what it was trained on and how, scores, limits.

    Whatever is not known is said to be not recorded or not measured. Names and texts from files are escaped: they cannot
    add markup, columns or front matter.

    Args:
        repo: where the model is published.
        folder: the model.
        facts: what is recorded of its training.
        scores: the runs that measured it; may be none.
        base: what is known of its base model.
        data_repo: the Hub id of the data, where they are published.
        methods: the values of the data's column `method`, where the data are at hand.
        command: the command that writes this card.
    """
    data_repo = data_repo or hub_id(str(facts.data.get("id", "")).partition("@")[0])
    counts = folder.parameters()
    seconds = facts.part("finished").get("seconds")
    return _template().render(
        front_matter=_front_matter(repo, folder, scores, base, data_repo).to_yaml(),
        repo=repo,
        folder=folder,
        facts=facts,
        record=facts.record,
        data=facts.data,
        data_repo=data_repo,
        precision=facts.part("precision"),
        hours=round(seconds / 3600, 2) if isinstance(seconds, int | float) else None,
        strategy=_STRATEGIES.get(facts.strategy or "", facts.strategy),
        methods=methods,
        base=base,
        scores=scores,
        self_correction=scores.self_correction(),
        parameters=sum(counts.values()),
        kinds=", ".join(f"{kind} {count:,}" for kind, count in counts.most_common()),
        prompt=inference_prompt("QUESTION"),
        stop=INFERENCE_STOP[0],
        commands=[*map(command_for_others, [*scores.commands(), *([command] if command else [])])],
    )


def _known(value: Any) -> str:
    """A recorded value as plain words; what is missing says so."""
    if value is None or value == "":
        return UNKNOWN
    if isinstance(value, bool):
        return "on" if value else "off"
    return number(value) if isinstance(value, int) else cell(f"{value:g}" if isinstance(value, float) else value)


def _front_matter(
    repo: str, folder: ModelFolder, scores: ModelScores, base: BaseModel, data_repo: str | None
) -> ModelCardData:
    results = scores.eval_results()
    return ModelCardData(
        language="en",
        license=base.licence,
        library_name="peft" if folder.is_adapter else "transformers",
        pipeline_tag="text-generation",
        base_model=base.hub,
        datasets=[data_repo] if data_repo else None,
        tags=["math", "reasoning", "self-correction", "lemma", "axolotl"],
        model_name=repo if results else None,
        eval_results=results or None,
        base_model_relation=("adapter" if folder.is_adapter else "finetune") if base.hub else None,
    )


@cache
def _template() -> Template:
    loader = PackageLoader("lemma_steps", "templates")
    environment = Environment(loader=loader, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    filters: dict[str, Callable[..., str]] = {"cell": cell, "fenced": fenced, "known": _known, "pythonic": json.dumps}
    environment.filters.update(filters)
    return environment.get_template("model_card.md.jinja2")
