"""What a model card says of the base model."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml

from lemma_steps.publish.target import hub_id
from lemma_steps.training.configs.catalogue import read


@dataclass(frozen=True)
class BaseModel:
    """A base model.

    Attributes:
        name: what the config calls it; None where that is not recorded.
        hub: its Hub id, where it has a known one.
        licence: the Hub's tag of its licence; None where it is not known.
        paper: what the paper calls it, where the paper trained it.
        notes: what its licence asks a card to say.
    """

    name: str | None
    hub: str | None = None
    licence: str | None = None
    paper: str | None = None
    notes: tuple[str, ...] = ()

    @classmethod
    def of(cls, name: str | None, *, hub: str | None = None, licence: str | None = None) -> BaseModel:
        """The base model of that name: a Hub id, or a folder whose last part names a model that is known here.

        Args:
            name: as the config has it.
            hub: its Hub id, if the user gives one.
            licence: the tag, if the user gives one.
        """
        known = _known()
        if hub is None and name is not None:
            hub = hub_id(name) or next((one for one in known if one.split("/")[1] == Path(name).name), None)
        about = known.get(hub or "", {})
        paper = next((model.get("paper") for model in read("models").values() if model["hub"] == hub), None)
        return cls(name, hub, licence or about.get("licence"), paper, tuple(filter(None, [about.get("note")])))


@cache
def _known() -> dict[str, dict[str, Any]]:
    return yaml.safe_load(files(__package__).joinpath("base_models.yaml").read_text(encoding="utf-8"))
