"""What runs are called in tables. The names of models are other people's text."""

from __future__ import annotations

import re
from collections.abc import Sequence

from lemma_steps.evaluation.runs.run import Run

LONGEST = 48


def printable(text: str) -> str:
    """The text on one line, with a question mark for every character that would not show, or would act on a terminal."""
    return "".join(mark if mark.isprintable() else "?" for mark in " ".join(text.split()))


def short_name(model: str) -> str:
    """The last two parts of a path (`ORG/NAME` stays), the end of it where it is long."""
    name = printable("/".join([part for part in re.split(r"[/\\]+", model) if part.strip()][-2:])) or "unnamed"
    return name if len(name) <= LONGEST else "…" + name[1 - LONGEST :]


def labels_of(runs: Sequence[Run], given: Sequence[str | None]) -> list[str]:
    """A different label for every run: the one given, else its model; equal ones get their folders, then numbers."""
    labels = [short_name(label or run.model) for run, label in zip(runs, given, strict=True)]
    for distinguish in (lambda n: short_name(str(runs[n].file.parents[1].resolve())), lambda n: str(n + 1)):
        labels = [f"{label} ({distinguish(n)})" if labels.count(label) > 1 else label for n, label in enumerate(labels)]
    return labels
