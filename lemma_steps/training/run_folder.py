"""The folder of one training run: one configuration, one set, and what was found out before it started."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from lemma_steps.errors import RefusedError
from lemma_steps.training.history import checkpoints, is_whole, last_checkpoint

CONFIG, FACTS, PREPARED = "axolotl.yaml", "training.json", "prepared"
_INDIFFERENT = (".lock", ".pid", FACTS, f".{FACTS}.partial", f".{CONFIG}.partial")
"""What a run leaves that was killed before it had a configuration."""


class RunFolder:
    """`OUTPUT` of a training run.

    Args:
        path: the folder; the model is written to its top, checkpoints below it.
    """

    def __init__(self, path: Path) -> None:
        self.path, self.config, self._facts = path, path / CONFIG, path / FACTS

    def facts(self) -> dict[str, Any]:
        """What `training.json` holds; empty where there is none.

        Raises:
            RefusedError: it cannot be read.
        """
        try:
            return json.loads(self._facts.read_text(encoding="utf-8")) if self._facts.exists() else {}
        except (OSError, ValueError):
            raise RefusedError(f"{self._facts}: cannot be read as facts of a run; give another --output") from None

    def check(self, config: Mapping[str, Any], data_id: str) -> None:
        """Look whether a run of this configuration on this set may start or go on here; writes nothing.

        Raises:
            RefusedError: the folder holds another run, or something that is of none.
        """
        if not self.config.exists():
            others = sorted(entry.name for entry in self.path.glob("*") if entry.name not in _INDIFFERENT)
            if others:
                raise RefusedError(f"{self.path}: holds {others[0]}, which is of no run; give a new or empty --output")
            return
        former = self.facts().get("data", {}).get("id")
        if former != data_id:
            raise RefusedError(
                f"{self.path}: holds a run on another set (id {str(former)[:12]}, not {data_id[:12]}); give another --output"
            )
        try:
            held = yaml.safe_load(self.config.read_text(encoding="utf-8"))
        except (OSError, ValueError, yaml.YAMLError):
            held = None
        config = yaml.safe_load(yaml.safe_dump(dict(config)))  # as it is read again
        if held != config:
            keys = {**config, **held} if isinstance(held, dict) else config
            differing = [key for key in keys if not isinstance(held, dict) or held.get(key) != config.get(key)]
            raise RefusedError(
                f"{self.path}: holds a run with another configuration ({', '.join(differing[:3])} differs in {CONFIG}); "
                "give another --output, or the configuration of that run"
            )

    def begin(self, config: Mapping[str, Any], facts: Mapping[str, Any], origin: str) -> Path | None:
        """Write configuration and facts, clear what a kill left half done; returns the checkpoint that training goes on from.

        Axolotl would go on from a checkpoint that was being written when the machine went down, and trains on prepared rows
        without looking whether they are whole: the one is deleted, the others are made again.
        """
        for checkpoint in checkpoints(self.path):
            if not is_whole(checkpoint):
                shutil.rmtree(checkpoint)
        shutil.rmtree(self.path / PREPARED, ignore_errors=True)
        text = yaml.safe_dump(dict(config), sort_keys=False, allow_unicode=True)
        if not self.config.exists():  # facts last: a folder with a configuration and no facts is refused as broken
            self._write(self._facts, json.dumps(facts, indent=1, ensure_ascii=False) + "\n")
            self._write(self.config, f"# Written by recipes/train.py from {origin}\n{text}")
        return self.last_checkpoint()

    def last_checkpoint(self) -> Path | None:
        """The newest checkpoint that is whole."""
        return last_checkpoint(self.path)

    def finish(self, facts: Mapping[str, Any]) -> None:
        """Write the facts again, with those of the end; the prepared rows are not needed any more."""
        self._write(self._facts, json.dumps(facts, indent=1, ensure_ascii=False) + "\n")
        shutil.rmtree(self.path / PREPARED, ignore_errors=True)

    def _write(self, path: Path, text: str) -> None:
        partial = path.with_name(f".{path.name}.partial")
        try:
            partial.write_text(text, encoding="utf-8")
            os.replace(partial, path)
        except OSError as error:
            raise RefusedError(
                f"{path}: cannot be written ({error.strerror}); free some space or give another --output"
            ) from None
