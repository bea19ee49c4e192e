"""The measurements of locators and classifiers: those that come with the package, and the user's own."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping, Sequence
from importlib.resources import files
from logging import getLogger
from pathlib import Path
from typing import Any, Literal

from pydantic import ValidationError

from lemma_steps.errors import StoppedError
from lemma_steps.evaluation.benchmarks.remote import write_whole
from lemma_steps.label_quality import stored
from lemma_steps.labelled import registry
from lemma_steps.seeds import digest

Kind = Literal["locator", "classifier"]
Measurement = dict[str, Any]
"""`kind`, `teacher`, `template`, `seed`, `sampling`, `limit`, `made` and `sets`: {set: its figures}; of a locator
`with_reference`, `votes`, `checker` and `averages` too; `made` is with a set of its own where it was measured by another
command. A figure is {`value`, `low`, `high`}: shares between 0 and 1 and the bounds
of the 95 % interval, None where there is nothing to count."""

SETTINGS = ("kind", "teacher", "template", "with_reference", "votes", "checker", "seed", "sampling", "limit")
"""Measurements with the same of these are one: of a set that was measured twice the later figures count."""
_DRAW = ("seed", "limit")
_LARGEST = 5_000_000
_log = getLogger(__name__)


def own_folder() -> Path:
    """Where the user's measurements are: `LEMMA_MEASURED`, else ~/.local/share/lemma/measured."""
    return Path(os.environ.get("LEMMA_MEASURED") or "~/.local/share/lemma/measured").expanduser()


def store(measurement: Mapping[str, Any], folder: Path | None = None) -> Path:
    """Keep a measurement, so that datasets made by this teacher quote it; returns its file.

    Sets that were measured in the same way before and are not in it are kept.

    Args:
        measurement: see `Measurement`.
        folder: where to; default the user's own.

    Raises:
        StoppedError: the folder cannot be written.
    """
    folder = folder or own_folder()
    name = re.sub(r"[^A-Za-z0-9]+", "-", str(measurement["teacher"]))[:60].strip("-")
    path = folder / f"{measurement['kind']}-{name}-{digest(_key(measurement))}.json"
    former = _read(path) if path.exists() else None
    measurement = _together(measurement, former) if former else measurement
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_whole(path, (json.dumps(measurement, indent=1, ensure_ascii=False) + "\n").encode())
    except OSError as error:
        raise StoppedError(
            f"{path}: cannot be written ({error.strerror}); free some space, or name another folder in LEMMA_MEASURED"
        ) from None
    return path


def measured(kind: Kind, teacher: str, template: str) -> list[Measurement]:
    """What was measured of this teacher with this version of the prompt; the user's own first, then of most solutions."""
    found: dict[str, Measurement] = {}
    shipped = Path(str(files("lemma_steps").joinpath("data", "label_quality")))
    for path in (path for folder in (own_folder(), shipped) for path in sorted(folder.glob("*.json"))):
        one = _read(path)
        if one and (one["kind"], one["teacher"], one["template"]) == (kind, teacher, template):
            key = _key(one)
            found[key] = _together(found[key], one) if key in found else one
    return _largest(sorted(found.values(), key=lambda one: -solutions(one)))


def answered(measurement: Mapping[str, Any]) -> bool:
    """Whether there was any answer at all; of a server that was down nothing is worth keeping."""
    return any(figures["answered"]["value"] for figures in measurement["sets"].values())


def solutions(measurement: Mapping[str, Any]) -> int:
    """How many solutions stand behind a measurement."""
    return sum(figures["n"] for figures in measurement["sets"].values())


def _largest(found: Sequence[Measurement]) -> list[Measurement]:
    """Of several draws of one set, asked in the same way, the one of most solutions: a trial is not quoted beside it."""
    largest: dict[tuple[str, str], tuple[int, int]] = {}
    for place, one in enumerate(found):
        for name, figures in one["sets"].items():
            at = _key(one, _DRAW), name
            largest[at] = max(largest.get(at, (0, 0)), (figures["n"], -place))
    chosen = {(key, name, -place) for (key, name), (_, place) in largest.items()}
    left = [
        {**one, "sets": {name: of for name, of in one["sets"].items() if (_key(one, _DRAW), name, place) in chosen}}
        for place, one in enumerate(found)
    ]
    return [one for one in left if one["sets"]]


def _key(measurement: Mapping[str, Any], but: Sequence[str] = ()) -> str:
    return json.dumps([measurement.get(part) for part in SETTINGS if part not in but], sort_keys=True)


def _together(first: Mapping[str, Any], second: Mapping[str, Any]) -> Measurement:
    """The first, with those sets of the second that it lacks."""
    added = {
        name: {"made": second["made"], **found} for name, found in second["sets"].items() if name not in first["sets"]
    }
    both = {**first, "sets": {**first["sets"], **added}}
    # a mean over several sets is that of figures measured together
    again = {by.average for name, by in registry().items() if name in first["sets"]}
    means = {name: found for name, found in second.get("averages", {}).items() if name not in again}
    return {**both, "averages": {**means, **first["averages"]}} if "averages" in first else both


def _read(path: Path) -> Measurement | None:
    """The measurement in a file; None, with a warning, where there is none: no dataset must fail for a damaged file."""
    try:
        if path.stat().st_size > _LARGEST:
            raise ValueError(f"over {_LARGEST:,} bytes")
        measurement: Measurement = json.loads(path.read_text(encoding="utf-8"))
        stored.check(measurement)
    except ValidationError as error:
        first = error.errors()[0]
        _log.warning(
            "%s is no measurement (%s: %s) and is left out", path, ".".join(map(str, first["loc"])), first["msg"]
        )
    except (OSError, ValueError, RecursionError) as error:
        _log.warning("%s is no measurement (%s) and is left out", path, error)
    else:
        return measurement
    return None
