"""Where the graders of a run say different things of the same replies."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from lemma_steps.errors import RefusedError
from lemma_steps.evaluation.runs.run import Run

MAIN = "math_verify"
OTHERS = ("qwen_match", "refaug_match")
"""The graders that are compared with the main one; RefAug's only grades MathChat."""


def graded_tasks(run: Run, asked: str | None = None) -> list[str]:
    """The tasks of a run that two graders graded, or the one that was asked for.

    Raises:
        RefusedError: there is none, or not this one.
    """
    tasks = [
        task
        for task in run.tasks
        if any(run.score(task, one) is not None for one in OTHERS) and run.score(task, MAIN) is not None
    ]
    if not tasks:
        raise RefusedError(f"{run.file}: no task with two graders; give a run of lm_eval --tasks lemma")
    if asked is not None and asked not in tasks:
        raise RefusedError(f"{run.file}: {asked} was not run; use one of {', '.join(tasks)}")
    return tasks if asked is None else [asked]


def compare(run: Run, task: str) -> Iterator[dict[str, Any] | None]:
    """One record per row on which graders differ, None for every other row.

    A record holds `task`, `part_of_set` (None for the whole set), `doc_id`, `doc`, `replies`, `scores` (of every metric, 0 to
    1) and `differ` (the graders that do not say what `math_verify` says). Where a row has many samples, its scores are
    shares, and rows are found whose shares differ.

    Raises:
        RefusedError: samples were not logged, or the file is damaged.
    """
    for sample in run.samples(task):
        scores = {name: sample.get(name) for name in sample.get("metrics", ())}
        differ = [one for one in OTHERS if scores.get(one) is not None and scores[one] != scores.get(MAIN)]
        yield (
            {
                "task": task,
                "part_of_set": run.part(task),
                "doc_id": sample.get("doc_id"),
                "doc": sample["doc"],
                "replies": _replies(sample),
                "scores": scores,
                "differ": differ,
            }
            if differ
            else None
        )


def verdict(record: dict[str, Any], grader: str) -> str:
    """What a grader says, in a word, or as a share where there are many samples."""
    score = record["scores"].get(grader)
    if score is None:
        return ""
    if grader == MAIN and score == 0:
        faults = [name for name in ("unparsed", "timed_out") if record["scores"].get(name) == 1]
        return faults[0].replace("_", " ") if faults else "wrong"
    return {0: "wrong", 1: "right"}.get(score, f"{100 * score:.0f} %")


def _replies(sample: dict[str, Any]) -> list[str]:
    """The replies of a row as they were graded."""
    found = sample.get("filtered_resps")
    while isinstance(found, list) and found and isinstance(found[0], list):
        found = found[0]
    return [str(reply) for reply in found] if isinstance(found, list) else []
