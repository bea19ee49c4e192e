"""The measurements of locators and classifiers: those that come with the package, and the user's own."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping
from importlib.resources import files
from logging import getLogger
from pathlib import Path
from typing import Any, Literal

from lemma_steps.errors import RefusedError
from lemma_steps.evaluation.benchmarks.remote import write_whole
from lemma_steps.seeds import digest

Kind = Literal["locator", "classifier"]
Measurement = dict[str, Any]
"""`kind`, `teacher`, `template`, `seed`, `sampling`, `limit`, `made` and `sets`: {set: its figures}; of a locator
`with_reference`, `votes` and `checker` too. A figure is {`value`, `low`, `high`}: shares between 0 and 1 and the bounds
of the 95 % interval, None where there is nothing to count."""

SETTINGS = ("kind", "teacher", "template", "with_reference", "votes", "checker", "seed", "sampling", "limit")
"""A measurement takes the place of an earlier one with the same of these."""
_LARGEST = 5_000_000
_log = getLogger(__name__)


def own_folder() -> Path:
    """Where the user's measurements are: `LEMMA_MEASURED`, else ~/.local/share/lemma/measured."""
    return Path(os.environ.get("LEMMA_MEASURED") or "~/.local/share/lemma/measured").expanduser()


def store(measurement: Mapping[str, Any], folder: Path | None = None) -> Path:
    """Keep a measurement, so that datasets made by this teacher quote it; returns its file.

    Args:
        measurement: see `Measurement`.
        folder: where to; default the user's own.

    Raises:
        RefusedError: the folder cannot be written.
    """
    folder = folder or own_folder()
    name = re.sub(r"[^A-Za-z0-9]+", "-", str(measurement["teacher"]))[:60].strip("-")
    key = digest(json.dumps([measurement.get(part) for part in SETTINGS], sort_keys=True))
    path = folder / f"{measurement['kind']}-{name}-{key}.json"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_whole(path, (json.dumps(measurement, indent=1, ensure_ascii=False) + "\n").encode())
    except OSError as error:
        raise RefusedError(
            f"{path}: cannot be written ({error.strerror}); free some space, or name another folder in LEMMA_MEASURED"
        ) from None
    return path


def measured(kind: Kind, teacher: str, template: str) -> list[Measurement]:
    """What was measured of this teacher with this version of the prompt; the user's own first, then of most solutions."""
    found: dict[str, Measurement] = {}
    for measurement in _all():
        if (measurement["kind"], measurement["teacher"], measurement["template"]) == (kind, teacher, template):
            found.setdefault(json.dumps([measurement.get(part) for part in SETTINGS], sort_keys=True), measurement)
    return sorted(found.values(), key=lambda one: -solutions(one))


def solutions(measurement: Mapping[str, Any]) -> int:
    """How many solutions stand behind a measurement."""
    return sum(figures["n"] for figures in measurement["sets"].values())


def _all() -> Iterator[Measurement]:
    shipped = Path(str(files("lemma_steps").joinpath("data", "label_quality")))
    for folder in (own_folder(), shipped):
        for path in sorted(folder.glob("*.json")):
            try:
                if path.stat().st_size > _LARGEST:
                    raise ValueError(f"over {_LARGEST:,} bytes")
                measurement = json.loads(path.read_text(encoding="utf-8"))
                solutions(measurement)
                missing = [part for part in ("kind", "teacher", "template") if part not in measurement]
                if missing:
                    raise ValueError(f"no {missing[0]}")
            except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
                # a dataset that is being written must not fail for a file that somebody damaged
                _log.warning("%s is no measurement (%s) and is left out", path, error)
                continue
            yield measurement
