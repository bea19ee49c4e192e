"""The READMEs of the configurations: commands, hardware, precision, memory by arithmetic, scores of the paper."""

from __future__ import annotations

from importlib.resources import files
from typing import Any

import jinja2
import yaml

from lemma_steps.training.batch import steps
from lemma_steps.training.configs.catalogue import model_shape, parameters, read
from lemma_steps.training.configs.gpus import global_batch, written_for
from lemma_steps.training.configs.render import said, values
from lemma_steps.training.memory import ALLOWANCE, Memory
from lemma_steps.training.precision import Precision

ROWS, TOKENS = 88_904, 770
"""Rows of the released set, and about how many tokens one has: 623 in the solution (paper, Table 7), question and prompt."""
METHODS = ("SFT", "RFT", "MetaMath", "RefAug-90k", "LEMMA")

_TEMPLATES = jinja2.Environment(
    loader=jinja2.PackageLoader(__package__, "templates"),
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
)


def readme_text(slug: str) -> str:
    """The README of a base model."""
    model = read("models")[slug]
    facts = {"slug": slug, "model": model, "parameters": parameters(slug), "rows": ROWS, "scores": _scores(model)}
    variants = [_variant(slug, variant) for variant in model["variants"]]
    return _TEMPLATES.get_template("model.md.jinja2").render(facts, variants=variants, allowance=ALLOWANCE / 1e9)


def index_text() -> str:
    """The README of the folder."""
    models, variants = read("models"), read("variants")
    large = [_variant("llama3-8b", variant) for variant in variants]
    counts = {slug: parameters(slug) for slug in models}
    return _TEMPLATES.get_template("index.md.jinja2").render(
        models=models, variants=variants, large=large, parameters=counts
    )


def _variant(slug: str, variant: str) -> dict[str, Any]:
    """Everything that a table says of a variant; sizes in GB (1e9 bytes), with rows of full length."""
    config = values(slug, variant)
    shape, gpus = model_shape(slug, config.get("lora_r", 0)), written_for(config)
    batch = global_batch(config)
    sequences = ROWS * TOKENS // config["sequence_len"] if config["sample_packing"] else ROWS
    return {
        "name": variant,
        **said(slug, variant),
        "config": {entry["key"]: None for entry in read("base") if "key" in entry} | config,
        "gpus": gpus,
        "batch": batch,
        "steps": steps(sequences, config["num_epochs"], batch),
        "adapter": shape.adapter_parameters,
        "precision": Precision.of(config),
        "memory": Memory.estimate(shape, config, gpus),
    }


def _scores(model: dict[str, Any]) -> dict[str, Any] | None:
    if "paper" not in model:
        return None
    paper = files("lemma_steps.evaluation.results").joinpath("paper.yaml").read_text(encoding="utf-8")
    main = yaml.safe_load(paper)["main"]
    rows = main["models"][model["paper"]]
    return {
        "source": main["source"][model["paper"]],
        "columns": main["columns"],
        "rows": {method: rows[method] for method in METHODS if method in rows},
    }
