"""Reading what lm-eval wrote: one results file and, beside it, the logged samples of its tasks.

lm-eval writes `OUTPUT/MODEL/results_<stamp>.json` and `OUTPUT/MODEL/samples_<task>_<stamp>.jsonl`; the files of one run
share their stamp. Nothing here imports lm-eval: a run can be read where it is not installed.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lemma_steps.errors import RefusedError

FILTER = "none"
"""lm-eval names a metric `metric,filter`; our tasks have this one filter."""

_PARTS = ("results", "versions", "configs", "n-samples", "n-shot")


@dataclass(frozen=True)
class Run:
    """One run of lm-eval.

    Attributes:
        file: its results file.
        results: what that file holds.
        older: how many results files of the same model lay beside it and were passed over.
    """

    file: Path
    results: dict[str, Any]
    older: int = 0

    @classmethod
    def read(cls, path: str | Path) -> Run:
        """The newest run under a folder, or the run of a results file. Samples are only read when they are asked for.

        Raises:
            RefusedError: there is no run, there are runs of several models, or a file is damaged.
        """
        path = Path(path)
        if path.is_file():
            return cls(path, _results(path))
        # by the stamp in the name: a copied folder has other file times
        files = sorted(path.rglob("results_*.json"), key=lambda file: (file.name, str(file)))
        if not files:
            raise RefusedError(
                f"{path}: no results_*.json; give the folder that lm_eval was told to write (--output_path)"
            )
        models = sorted({file.parent.name for file in files if file.parent != path})
        if len(models) > 1:
            raise RefusedError(f"{path}: holds runs of {len(models)} models; give one of {', '.join(models)} in it")
        beside = [file for file in files[:-1] if file.parent == files[-1].parent]
        return cls(files[-1], _results(files[-1]), len(beside))

    @property
    def stamp(self) -> str:
        """The date in the names of its files."""
        return self.file.stem.rpartition("_")[2]

    @property
    def model(self) -> str:
        """The model's name as lm-eval was given it; any text."""
        return str(self.results.get("model_name") or self.file.parent.name)

    @property
    def tasks(self) -> list[str]:
        """The tasks that were run, without groups."""
        return list(self.results["n-samples"])

    def version(self, task: str) -> str:
        """The task's version."""
        return str(self.results["versions"].get(task))

    def shots(self, task: str) -> int | None:
        """Demonstrations in the prompt; None where the file does not say."""
        shots = self.results["n-shot"].get(task)
        return shots if isinstance(shots, int) else None

    def size(self, task: str) -> int:
        """Rows that were graded."""
        return int(self.results["n-samples"][task]["effective"])

    def full_size(self, task: str) -> int | None:
        """Rows of the full set, whether they were there or not; None where others stood in for them."""
        subset = self.subset(task)
        if subset is None:
            return int(self.results["n-samples"][task]["original"])
        found = re.search(r"of ([\d,]+)", subset)
        return int(found[1].replace(",", "")) if found else None

    def subset(self, task: str) -> str | None:
        """`1,219 of 1,319 rows` where rows of the set were missing, `20 stand-in rows` for others; None for a full set."""
        metadata = self.results["configs"].get(task, {}).get("metadata") or {}
        return metadata.get("subset")

    def part(self, task: str) -> str | None:
        """What part of the published set was graded, for want of rows or by `--limit`; None for all of it, or not known."""
        if task not in self.results["n-samples"]:
            return None
        size, full = self.size(task), self.full_size(task)
        if full is None:
            return f"{size:,} of {self.subset(task)}"
        return f"{size:,} of {full:,} rows" if size != full else None

    def score(self, task: str, metric: str) -> float | None:
        """A metric's mean over the rows; None where it was not measured."""
        value = self.results["results"].get(task, {}).get(f"{metric},{FILTER}")
        number = isinstance(value, int | float) and math.isfinite(value)
        return float(value) if number else None

    def samples_file(self, task: str) -> Path | None:
        """The file of a task's logged samples; None without `--log_samples`."""
        file = self.file.with_name(f"samples_{task}_{self.stamp}.jsonl")
        return file if file.is_file() else None

    def samples(self, task: str) -> Iterator[dict[str, Any]]:
        """The logged samples of a task, one after the other, as lm-eval wrote them.

        Raises:
            RefusedError: they were not logged, or a line is damaged.
        """
        file = self.samples_file(task)
        if file is None:
            raise RefusedError(f"{self.file.parent}: no samples of {task}; run lm_eval with --log_samples")
        with file.open(encoding="utf-8") as lines:
            for number, line in enumerate(_readable(lines, file), 1):
                sample = _json(line, f"{file}, line {number}")
                if not isinstance(sample, dict) or not isinstance(sample.get("doc"), dict):
                    raise RefusedError(f"{file}, line {number}: no sample of lm_eval; run the evaluation again")
                yield sample


def _results(file: Path) -> dict[str, Any]:
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise RefusedError(f"{file}: cannot be read ({error}); run the evaluation again") from None
    results = _json(text, str(file))
    if not isinstance(results, dict) or not all(isinstance(results.get(part), dict) for part in _PARTS):
        raise RefusedError(f"{file}: no results of lm_eval 0.4.11 or later; give the folder of such a run")
    if not all(isinstance(n, dict) and {"effective", "original"} <= n.keys() for n in results["n-samples"].values()):
        raise RefusedError(f"{file}: does not say how many rows were graded; evaluate with lm_eval 0.4.11 or later")
    return results


def _json(text: str, where: str) -> Any:
    try:
        return json.loads(text)
    except (json.JSONDecodeError, RecursionError):
        raise RefusedError(f"{where}: damaged or cut off; run the evaluation again") from None


def _readable(lines: Iterator[str], file: Path) -> Iterator[str]:
    try:
        yield from lines
    except UnicodeDecodeError:
        raise RefusedError(f"{file}: damaged; run the evaluation again") from None
