"""What `axolotl_configs/` holds besides the DeepSpeed files: path inside the folder -> text."""

from __future__ import annotations

from lemma_steps.training.configs.catalogue import read
from lemma_steps.training.configs.readme import index_text, readme_text
from lemma_steps.training.configs.render import config_text


def config_paths() -> list[tuple[str, str]]:
    """Model and variant of every configuration."""
    return [(slug, variant) for slug, model in read("models").items() for variant in model["variants"]]


def config_files() -> dict[str, str]:
    """Every configuration and README."""
    written = {f"{slug}/{variant}.yaml": config_text(slug, variant) for slug, variant in config_paths()}
    return written | {f"{slug}/README.md": readme_text(slug) for slug in read("models")} | {"README.md": index_text()}
