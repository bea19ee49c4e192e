"""The record of a training as it may be seen by others: without secrets, and without the folders of one machine."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml

from lemma_steps.publish.training_facts import TrainingFacts
from lemma_steps.training.secret_keys import refuse_secrets

_FOLDERS = re.compile(r"(?<![\w./:~-])(?:~?/|[A-Za-z]:[\\/])(?:[^\s/\\'\"=,]+[\\/])*(?=[^\s/\\])")
"""What stands before the last part of a whole path, in a value or in a command."""


def for_others(facts: TrainingFacts) -> TrainingFacts:
    """The facts with every whole path cut to its last part.

    Raises:
        RefusedError: they hold a secret.
    """
    refuse_secrets(dict(facts.config), "axolotl.yaml")
    refuse_secrets(dict(facts.record), "training.json")
    return replace(facts, record=_cut(facts.record), config=_cut(facts.config))


def command_for_others(command: str) -> str:
    """A command with every whole path cut to its last part.

    Raises:
        RefusedError: it holds a secret.
    """
    refuse_secrets(command, "a command on the card")
    return _FOLDERS.sub("", command)


def write_records(facts: TrainingFacts, folder: Path) -> dict[str, Path]:
    """Write `training.json` and `axolotl.yaml`, as far as there is something in them, and return them by name."""
    texts = {
        "training.json": facts.record and json.dumps(facts.record, indent=1, ensure_ascii=False) + "\n",
        "axolotl.yaml": facts.config and yaml.safe_dump(dict(facts.config), sort_keys=False, allow_unicode=True),
    }
    found = {name: folder / name for name, text in texts.items() if text}
    for name, path in found.items():
        path.write_text(str(texts[name]), encoding="utf-8")
    return found


def _cut(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _cut(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_cut(inner) for inner in value]
    return _FOLDERS.sub("", value) if isinstance(value, str) else value
