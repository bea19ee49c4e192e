"""One stage of a study, and when it need not be run again."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lemma_steps.study.environment import Environment


@dataclass(frozen=True)
class Stage:
    """A program, what it reads and what it must leave.

    Attributes:
        name: such as `train:lemma`.
        environment: where it runs.
        program: a recipe and its arguments.
        folder: the folder that is its own; emptied when the stage is to be run with other inputs.
        inputs: files whose content decides what comes out; the marker of another stage stands for all it wrote. Of a folder
            (a model) the names, sizes and times of its files count.
        outputs: patterns of files in `folder` that a finished stage has left, none of them empty.
        kept: files in `folder` that stay when it is emptied, such as a store of paid replies.
    """

    name: str
    environment: Environment
    program: Sequence[str]
    folder: Path
    inputs: Sequence[Path] = ()
    outputs: Sequence[str] = ()
    kept: Sequence[str] = ()

    @property
    def file_name(self) -> str:
        """Its name as that of a file."""
        return self.name.replace(":", "-")

    def fingerprint(self, root: Path, place: Path) -> str:
        """What decides its outcome: the program, its arguments and the content of its inputs.

        A study may be moved: paths in its folder are taken from there. The code of the programs does not count.
        """

        def portable(text: str) -> str:
            return text.replace(str(place), "STUDY").replace(str(root), "CHECKOUT")

        facts = {
            "environment": self.environment.name,
            "program": [portable(part) for part in self.program],
            "inputs": {portable(str(file)): _digest(file) for file in self.inputs},
        }
        return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()

    def missing(self) -> list[Path]:
        """Outputs that are not there, or empty."""
        return [
            self.folder / pattern
            for pattern in self.outputs
            if not any(file.stat().st_size for file in self.folder.glob(pattern))
        ]


def read_marker(file: Path) -> Mapping[str, Any]:
    """What a marker says; nothing where there is none or it is damaged, so that the stage is run."""
    try:
        marker = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return marker if isinstance(marker, dict) else {}


def write_marker(file: Path, marker: Mapping[str, Any]) -> None:
    """Write a marker whole or not at all."""
    partial = file.with_name(f".{file.name}.partial")
    partial.write_text(json.dumps(marker, indent=1), encoding="utf-8")
    os.replace(partial, file)


def _digest(file: Path) -> str | None:
    if file.is_dir():
        facts = [(one.name, one.stat().st_size, one.stat().st_mtime_ns) for one in file.iterdir() if one.is_file()]
        return hashlib.sha256(json.dumps(sorted(facts)).encode()).hexdigest()
    if not file.is_file():
        return None
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()
