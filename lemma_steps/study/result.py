"""What a study found: scores of every model, and differences on the same documents."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lemma_steps.errors import RefusedError
from lemma_steps.evaluation.results.comparable import check_comparable
from lemma_steps.evaluation.results.layout import Layout, layouts
from lemma_steps.evaluation.results.run_scores import RunScores
from lemma_steps.evaluation.results.table import Table
from lemma_steps.evaluation.runs.run import Run
from lemma_steps.study.config import BASE, StudyConfig
from lemma_steps.study.difference import Difference
from lemma_steps.study.trained import Trained

AVERAGE = "Avg."
_HEADINGS = {f"lemma_{task}": heading for table in layouts("math_verify") for heading, task in table.columns.items()}


@dataclass(frozen=True)
class StudyResult:
    """The result of a study.

    Attributes:
        config: the study.
        trained: every trained model.
        table: scores of every model, the untrained one first.
        differences: heading of a task, or `Avg.`, -> the difference of every comparison.
        means: arm -> heading -> its score in percent under each seed, in the seeds' order.
        silent: headings of tasks on which every model scored 0, or every model everything.
    """

    config: StudyConfig
    trained: Sequence[Trained]
    table: Table
    differences: dict[str, list[Difference]]
    means: dict[str, dict[str, list[float]]] = field(default_factory=dict)
    silent: Sequence[str] = ()

    @classmethod
    def of(cls, config: StudyConfig, trained: Sequence[Trained], base: Path | None) -> StudyResult:
        """Read the evaluations of all arms.

        Raises:
            RefusedError: one is missing, damaged, or not of the same documents as the others.
        """
        tasks = {_HEADINGS.get(task, task.removeprefix("lemma_")): task for task in config.evaluation.tasks}
        several = len(config.training.seeds) > 1
        folders = [(BASE, BASE, base)] if base else []
        folders += [
            (one.name, f"{one.name}, seed {one.seed}" if several else one.name, one.evaluation) for one in trained
        ]
        runs = [Run.read(folder) for _, _, folder in folders]
        labels = [label for _, label, _ in folders]
        check_comparable(runs, labels)
        metric = config.evaluation.metric
        layout = Layout(
            "study",
            f"Accuracy in %, {metric}",
            {heading: task.removeprefix("lemma_") for heading, task in tasks.items()},
            [("", "", metric)],
            averaged=len(tasks) > 1,
        )
        table = Table.build(layout, [RunScores(run) for run in runs], labels, {})
        if table is None:
            raise RefusedError(f"{folders[0][2]}: {', '.join(config.evaluation.tasks)} not measured with {metric}")

        scores: dict[str, dict[str, dict[str, list[float]]]] = {}
        for (arm, _, _), run in zip(folders, runs, strict=True):
            for heading, task in tasks.items():
                by_document = scores.setdefault(arm, {}).setdefault(heading, {})
                for document, score in _documents(run, task, metric).items():
                    by_document.setdefault(document, []).append(score)
        found = {
            arm: {heading: _arrays(documents, arm, heading) for heading, documents in of_arm.items()}
            for arm, of_arm in scores.items()
        }
        differences: dict[str, list[Difference]] = {heading: [] for heading in tasks}
        for first, second in config.pairs():
            parts = [Difference.of(first, second, found[first][one], found[second][one], one) for one in tasks]
            for heading, part in zip(tasks, parts, strict=True):
                differences[heading].append(part)
            if len(parts) > 1:
                differences.setdefault(AVERAGE, []).append(Difference.mean(parts))
        means = {
            arm: {heading: [100 * float(one) for one in np.mean(list(documents.values()), axis=0)]
                  for heading, documents in of_arm.items()}
            for arm, of_arm in found.items()
        }  # fmt: skip
        silent = [one for one in tasks if {score for arm in means.values() for score in arm[one]} in ({0.0}, {100.0})]
        return cls(config, trained, table, differences, means, silent)


def _documents(run: Run, task: str, metric: str) -> dict[str, float]:
    """Document -> score."""
    found = {}
    for sample in run.samples(task):
        value = sample.get(metric)
        if not isinstance(value, int | float):
            raise RefusedError(f"{run.samples_file(task)}: {metric} was not measured; evaluate again")
        found[f"{sample.get('doc_id')} {sample['doc'].get('id')}"] = float(value)
    return found


def _arrays(documents: dict[str, list[float]], arm: str, heading: str) -> dict[str, NDArray[np.float64]]:
    if len({len(scores) for scores in documents.values()}) != 1:
        raise RefusedError(f"{heading}: the seeds of {arm} were asked different documents; evaluate again")
    return {document: np.array(scores) for document, scores in documents.items()}
