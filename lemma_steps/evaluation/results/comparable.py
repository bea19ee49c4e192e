"""Refuses to put numbers side by side that do not mean the same."""

from __future__ import annotations

from collections.abc import Sequence

from lemma_steps.errors import RefusedError
from lemma_steps.evaluation.runs.run import Run


def check_comparable(runs: Sequence[Run], labels: Sequence[str]) -> None:
    """See that tasks which several runs have are of one version and have as many demonstrations in all of them.

    Raises:
        RefusedError: they differ; the text names the task and says which run has what.
    """
    for task in dict.fromkeys(task for run in runs for task in run.tasks if task.startswith("lemma_")):
        having = [(run, label) for run, label in zip(runs, labels, strict=True) if task in run.tasks]
        for what, values in (
            ("task versions", [run.version(task) for run, _ in having]),
            ("numbers of demonstrations", [str(run.shots(task)) for run, _ in having]),
        ):
            if len(set(values)) > 1:
                told = ", ".join(f"{value} in {label}" for value, (_, label) in zip(values, having, strict=True))
                raise RefusedError(
                    f"{task}: different {what} cannot be compared ({told}); evaluate again with one of them"
                )
