"""Which logged replies a user means: a run's folder, its results file, or files of samples alone."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lemma_steps.errors import RefusedError
from lemma_steps.evaluation.runs.reply import Reply
from lemma_steps.evaluation.runs.run import Run

_SAMPLES = re.compile(r"samples_(?P<task>.+)_(?P<stamp>[^_]+)\.jsonl")


@dataclass(frozen=True)
class Logged:
    """A run, those of its tasks whose replies are at hand, and what the user calls it."""

    run: Run
    tasks: Sequence[str]
    label: str | None = None

    @classmethod
    def find(cls, given: Sequence[str]) -> list[Logged]:
        """One per run, of paths or `LABEL=PATH`. Samples from one folder and with one stamp belong to one run.

        Raises:
            RefusedError: there is no run, or no samples of ours were logged.
        """
        found: dict[Path, Logged] = {}
        for label, path in map(_named, given):
            run, tasks = _of_samples(path) if path.suffix == ".jsonl" else _of_run(path)
            known = found.get(run.file, cls(run, ()))
            found[run.file] = cls(run, list(dict.fromkeys([*known.tasks, *tasks])), known.label or label)
        return list(found.values())

    def replies(self, task: str) -> Iterator[Reply]:
        """The replies of a task, those to one row one after the other.

        Raises:
            RefusedError: a line is not a sample of our tasks.
        """
        for number, sample in enumerate(self.run.samples(task), 1):
            doc, texts = sample["doc"], _texts(sample)
            gold, cut = doc.get("answer"), sample.get("length_cut")
            if texts is None or not isinstance(gold, str):
                raise RefusedError(
                    f"{self.run.samples_file(task)}, line {number}: no doc.answer and filtered_resps as our tasks log "
                    "them; evaluate with --include_path eval_tasks"
                )
            row = str(doc.get("id") or sample.get("doc_id"))
            share = float(cut) if isinstance(cut, int | float) and 0 <= cut <= 1 else None
            yield from (Reply(row, gold, text, share) for text in texts)


def _named(given: str) -> tuple[str | None, Path]:
    label, equals, path = given.partition("=")
    return (label, Path(path)) if equals and not Path(given).exists() else (None, Path(given))


def _of_run(path: Path) -> tuple[Run, list[str]]:
    run = Run.read(path)
    tasks = [task for task in run.tasks if task.startswith("lemma_") and run.samples_file(task)]
    if not tasks:
        raise RefusedError(f"{path}: no logged samples of our tasks; run lm_eval --tasks lemma --log_samples")
    return run, tasks


def _of_samples(path: Path) -> tuple[Run, list[str]]:
    named = _SAMPLES.fullmatch(path.name)
    if named is None or not path.is_file():
        raise RefusedError(f"{path}: no samples_<task>_<date>.jsonl of lm_eval; give such a file, or the run's folder")
    results = path.with_name(f"results_{named['stamp']}.json")
    if results.is_file():
        return Run.read(results), [named["task"]]
    empty: dict[str, Any] = {part: {} for part in ("results", "versions", "configs", "n-shot", "n-samples")}
    return Run(results, empty), [named["task"]]


def _texts(sample: dict[str, Any]) -> list[str] | None:
    """`[[reply, ...]]`, which our tasks log, or `[reply]`."""
    logged = sample.get("filtered_resps")
    replies = logged[0] if isinstance(logged, list) and len(logged) == 1 and isinstance(logged[0], list) else logged
    good = isinstance(replies, list) and replies and all(isinstance(reply, str) for reply in replies)
    return replies if good else None
