"""The self-correction telemetry of one task of a run, labelled for tables."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lemma_steps.evaluation.results.labels import printable
from lemma_steps.evaluation.runs.logged import Logged
from lemma_steps.evaluation.self_correction.observation import observe
from lemma_steps.evaluation.self_correction.telemetry import SelfCorrection


def entry_of(one: Logged, task: str, label: str, count: Callable[[str], int] | None = None) -> dict[str, Any]:
    """`task`, `run`, `version`, `subset` (None for the whole set), and what `SelfCorrection.report` holds.

    Raises:
        RefusedError: a logged sample is not one of our tasks.
    """
    counts = SelfCorrection.of(observe(one.replies(task)), count)
    part = one.run.part(task)
    return {
        "task": printable(task),
        "run": label,
        "version": one.run.results["versions"].get(task),
        "subset": printable(str(part)) if part else None,
        **counts.report(),
    }
