"""One configuration as text: the base, changed where the model and the variant say so, every value with its reason."""

from __future__ import annotations

import textwrap
from typing import Any

import jinja2
import yaml

from lemma_steps.training.configs.catalogue import read
from lemma_steps.training.precision import Precision

WIDTH = 120
_TEMPLATES = jinja2.Environment(undefined=jinja2.StrictUndefined)
_HEAD = """\
# {name}, {variant}: {title}
# Hardware: {hardware}
# Precision: {precision}
# Paper: arXiv 2503.17439. Published script: scripts/train.sh of its code, which drives LLaMA-Factory.
# Written by recipes/build_axolotl_configs.py from lemma_steps/training/configs/: change it there.
"""


def said(slug: str, variant: str) -> dict[str, str]:
    """`title`, `hardware` and `remark` of a variant, as they hold for a model."""
    model, words = read("models")[slug], dict(read("variants")[variant])
    if "hardware" in model:
        words["hardware"] = model["hardware"]
    if "zero3" in str((model.get("set") or {}).get("deepspeed")) and words["hardware"].startswith("8 "):
        words["hardware"] = words["hardware"].replace("8 GPUs", "32 GPUs", 1)
    if model["quantised_lora"]:
        words["title"] = words.get("quantised_title", words["title"])
    return words | (model.get("said") or {}).get(variant, {})


def settings(slug: str, variant: str) -> list[dict[str, Any]]:
    """The keys that the configuration has, in order: `key`, `value`, and `section`, `why`, `above` where they are said."""
    model, changes = read("models")[slug], read("variants")[variant]
    layers = [model.get("set"), changes["set"], changes.get("quantised") if model["quantised_lora"] else None]
    set_here: dict[str, Any] = {}
    for layer in [*layers, (model.get("set_variants") or {}).get(variant)]:
        set_here |= layer or {}
    facts = {"model": model, "slug": slug, "variant": variant}
    kept, section = [], ""
    for entry in read("base"):
        if "section" in entry:
            section = entry["section"]
            continue
        entry = entry | set_here.pop(entry["key"], {})
        if entry["key"] == "datasets":
            entry["value"] = [_dataset(changes)]
        if entry.get("value") is None:
            continue
        kept.append({name: _filled(value, facts) for name, value in entry.items()} | {"section": section})
    if set_here:
        raise KeyError(f"{slug}/{variant} sets keys that base.yaml does not order: {sorted(set_here)}")
    return kept


def values(slug: str, variant: str) -> dict[str, Any]:
    """The configuration as Axolotl reads it."""
    return {entry["key"]: entry["value"] for entry in settings(slug, variant)}


def config_text(slug: str, variant: str) -> str:
    """The configuration as a file."""
    words, model = said(slug, variant), read("models")[slug]
    precision = Precision.of(values(slug, variant))
    head = _HEAD.format(
        name=model["name"], variant=variant, precision=precision, title=words["title"], hardware=words["hardware"]
    )
    parts, section = [head], ""
    for entry in settings(slug, variant):
        if entry["section"] != section:
            section = entry["section"]
            parts.append(f"\n# {section}\n")
        if "above" in entry:
            parts.append(textwrap.fill(entry["above"], WIDTH, initial_indent="# ", subsequent_indent="# ") + "\n")
        parts.append(_datasets(read("variants")[variant]) if entry["key"] == "datasets" else _line(entry))
    return "".join(parts)


def _dataset(changes: dict[str, Any]) -> dict[str, str]:
    if "path" in changes:
        return {"path": changes["path"], "split": "train", "type": changes["type"]}
    return {
        "path": "out/train.parquet",
        "ds_type": "parquet",
        "type": changes.get("type", "lemma_steps.training.response"),
    }


def _datasets(changes: dict[str, Any]) -> str:
    entry = _dataset(changes)
    why = {
        "path": "the released rows, on the Hub" if "path" in changes else "what recipes/lemma.py writes",
        "type": changes.get("type_why", "loss on the response, wrong step included; prompt as in evaluation"),
    }
    lines = [f"{name}: {value}" + (f" # {why[name]}" if name in why else "") for name, value in entry.items()]
    return "datasets:\n  - " + "\n    ".join(lines) + "\n"


def _line(entry: dict[str, Any]) -> str:
    """A key and its value, with the reason after it."""
    text = yaml.safe_dump({entry["key"]: entry["value"]}, allow_unicode=True, sort_keys=False, width=WIDTH)
    first, _, rest = text.partition("\n")
    rest = rest.replace("- ", "  - ") if rest.startswith("- ") else rest
    return first + (f" # {entry['why']}" if entry.get("why") else "") + "\n" + rest


def _filled(value: Any, facts: dict[str, Any]) -> Any:
    if isinstance(value, str):
        return _TEMPLATES.from_string(value).render(facts)
    return {name: _filled(inner, facts) for name, inner in value.items()} if isinstance(value, dict) else value
