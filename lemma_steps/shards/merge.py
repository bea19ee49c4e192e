"""Joins the parts of a run into the result that one run would have left."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from lemma_steps.errors import RefusedError
from lemma_steps.output import write_result
from lemma_steps.progress import told
from lemma_steps.run_directory import run_directory
from lemma_steps.runner import Runner
from lemma_steps.shards.chains import ordered_steps
from lemma_steps.shards.part import whole
from lemma_steps.shards.parts_of_run import PartsOfRun
from lemma_steps.shards.places import merge_output
from lemma_steps.steps.base import OrderedStep

if TYPE_CHECKING:
    from distilabel.pipeline import Pipeline

Row = dict[str, Any]


class Merge:
    """The merge of the parts that lie in `directories`.

    Args:
        directories: output directories that hold parts, or directories of single parts.

    Raises:
        RefusedError: as `PartsOfRun`.
    """

    def __init__(self, directories: Sequence[Path]) -> None:
        self._run = PartsOfRun(directories)

    async def write(self, output: Path | None, command: str, *, repo: str | None = None) -> Path:
        """Run the ordered steps over the rows of all parts, write the result of the whole run, and return its directory.

        The same parts give the same bytes however often they are merged. At most a batch of rows is in memory, besides
        what the ordered steps remember.

        Args:
            output: where to; default the directory that holds the parts.
            command: the command that merges these parts again.
            repo: the Hub repository that the card names, if the set will be published.

        Raises:
            RefusedError: a part is being written, or `output` holds something else, or no row was kept.
            StoppedError: a file cannot be written.
        """
        text, pipeline = self._pipeline()
        steps, ordered = list(Runner(pipeline).counts), ordered_steps(pipeline)
        output = merge_output(output or self._run.home, text)
        with run_directory(output, text), self._run.held(), ExitStack() as loaded:
            for step in ordered:
                step.load()
                loaded.callback(step.unload)
            reports = [part.report() for part in self._run.parts]
            total = sum(report["entered"] for report in reports)
            runs = [{"part": str(p.shard), **report["run"]} for p, report in zip(self._run.parts, reports, strict=True)]
            rows = told(self._rows(ordered), total, "merging")
            await write_result(
                rows, steps, output, reports[0]["settings"], command, run=lambda: _joined(runs), repo=repo
            )
        return output

    def _pipeline(self) -> tuple[str, Pipeline]:
        """The pipeline of the whole run: what its file holds, and made."""
        from distilabel.pipeline import Pipeline

        try:
            described = whole(self._run.parts[0])
            text = yaml.safe_dump(described, sort_keys=False, allow_unicode=True)
            return text, Pipeline.from_dict(described)
        except Exception as error:  # whatever a step of another version makes of options that it does not know
            why = f"{type(error).__name__}: {str(error).strip().splitlines()[0][:200] if str(error).strip() else ''}"
            raise RefusedError(
                f"{self._run.parts[0].path}: its pipeline is not of this version ({why}); merge with the version that made it"
            ) from None

    async def _rows(self, ordered: Sequence[OrderedStep]) -> AsyncIterator[Row]:
        for part in self._run.parts:
            for row in part.rows():
                for step in ordered:
                    row = step.process_in_order(row)
                yield row


def _joined(runs: list[dict[str, Any]]) -> dict[str, Any]:
    """What every part says of its run, and the sums of what they asked and paid."""
    paid = [name for name, value in runs[0].items() if isinstance(value, dict) and name.startswith("requests")]
    sums = {name: {key: sum(run[name][key] for run in runs) for key in runs[0][name]} for name in paid}
    return {**sums, "merged_from": runs}
