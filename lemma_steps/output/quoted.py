"""Which measurements of the labels a card, a page and a figure quote, and what the sets in them are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from lemma_steps.labelled import registry

Measurement = Mapping[str, Any]


def quoted(found: Sequence[Measurement]) -> list[Measurement]:
    """Of every model and version of its prompt the first measurement: that which was asked most like the run."""
    first: dict[tuple[Any, Any], Measurement] = {}
    for one in found:
        first.setdefault(_who(one), one)
    return list(first.values())


def unmeasured(asked: Iterable[Measurement], found: Iterable[Measurement]) -> list[Measurement]:
    """Those that were asked and that nobody measured."""
    known = {_who(one) for one in found}
    return [one for one in asked if _who(one) not in known]


def set_title(name: str) -> str:
    """What a labelled set is called; a measurement of another version may name one that is not here."""
    known = registry().get(name)
    return known.title if known else name


def labelled_by(name: str) -> str:
    """Who made the labels of a set."""
    known = registry().get(name)
    return known.labels if known else "not known"


def _who(one: Measurement) -> tuple[Any, Any]:
    return one.get("teacher"), one.get("template")
