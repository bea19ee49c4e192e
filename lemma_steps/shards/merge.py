"""Joins the parts of a run into the result that one run would have left."""

from __future__ import annotations

import re
import shlex
import sys
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from lemma_steps.errors import RefusedError
from lemma_steps.output import write_result
from lemma_steps.run_directory import SETTINGS, run_directory
from lemma_steps.shards.chains import ordered_steps
from lemma_steps.shards.part import Part, comparable, whole
from lemma_steps.shards.places import merge_output, parts_in
from lemma_steps.shards.shard import Shard
from lemma_steps.steps.base import OrderedStep

if TYPE_CHECKING:
    from distilabel.pipeline import Pipeline

Row = dict[str, Any]
SAID_EVERY_S = 10.0


class Merge:
    """All parts of one run, found and checked.

    Args:
        directories: output directories that hold parts, or directories of single parts.

    Raises:
        RefusedError: a part is missing, unfinished, twice there, of other settings or of other problems. The text names
            it, and the command that makes it where one is known.
    """

    def __init__(self, directories: Sequence[Path]) -> None:
        self.parts = _find(directories)
        self._refuse_unfinished(directories[0])
        self._refuse_differing()

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
        described = whole(self.parts[0])
        text = yaml.safe_dump(described, sort_keys=False, allow_unicode=True)
        steps = [step["name"] for step in described["pipeline"]["steps"]]
        ordered = ordered_steps(self._pipeline(described))
        output = merge_output(output or self.home, text)
        with run_directory(output, text), self._held(), ExitStack() as loaded:
            for step in ordered:
                step.load()
                loaded.callback(step.unload)
            reports = [part.report() for part in self.parts]
            total = sum(report["entered"] for report in reports)
            runs = [{"part": str(p.shard), **report["run"]} for p, report in zip(self.parts, reports, strict=True)]
            rows = _told(self._rows(ordered), total)
            await write_result(
                rows, steps, output, reports[0]["settings"], command, run=lambda: _joined(runs), repo=repo
            )
        return output

    @property
    def home(self) -> Path:
        """The directory that holds the first part."""
        return self.parts[0].path.parent

    def _pipeline(self, described: dict[str, Any]) -> Pipeline:
        from distilabel.pipeline import Pipeline

        try:
            return Pipeline.from_dict(described)
        except Exception as error:  # whatever a step of another version makes of options that it does not know
            why = f"{type(error).__name__}: {str(error).strip().splitlines()[0][:200] if str(error).strip() else ''}"
            raise RefusedError(
                f"{self.parts[0].path}: its pipeline is not of this version ({why}); merge with the version that made it"
            ) from None

    @contextmanager
    def _held(self) -> Iterator[None]:
        """Hold all parts, so that none is written while it is read."""
        with ExitStack() as held:
            for part in self.parts:
                held.enter_context(run_directory(part.path, part.settings_text))
            self._refuse_unfinished(self.home)
            yield

    async def _rows(self, ordered: Sequence[OrderedStep]) -> AsyncIterator[Row]:
        for part in self.parts:
            for row in part.rows():
                for step in ordered:
                    row = step.process_in_order(row)
                yield row

    def _refuse_unfinished(self, output: Path) -> None:
        count = self.parts[0].shard.parts
        there = {part.shard.index for part in self.parts}
        if missing := sorted(set(range(1, count + 1)) - there):
            names = ", ".join(str(index) for index in missing[:10]) + (", ..." if len(missing) > 10 else "")
            raise RefusedError(
                f"{output}: no part {names} of {count}; make it with: {self._command(Shard(count, missing[0]))}"
            )
        for part in self.parts:
            if why := part.unfinished():
                raise RefusedError(f"{part.path}: {why}; run it to its end with: {self._command(part.shard)}")

    def _command(self, shard: Shard) -> str:
        """The command of this part, told from what another part says of its own."""
        for part in self.parts:
            try:
                words = shlex.split(part.report()["run"]["command"])
            except (OSError, ValueError, KeyError, TypeError):
                continue
            text = re.sub(r"(--shard[ =])[0-9]+/[0-9]+", rf"\g<1>{shard}", shlex.join(words))
            if f"{shard}" in text:
                return text
        return f"the command of this run with --shard {shard}"

    def _refuse_differing(self) -> None:
        first, facts = self.parts[0], [part.facts() for part in self.parts]
        try:
            expected = comparable(first.settings_text)
            other = next((part for part in self.parts if comparable(part.settings_text) != expected), None)
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise RefusedError(f"{first.path}: a part's {SETTINGS} is not of a run ({error}); make it again") from None
        if other:
            raise RefusedError(
                f"{other.path}: made under other settings than {first.path} ({SETTINGS} differs); "
                f"make it again in a new directory with: {self._command(other.shard)}"
            )
        for number in range(1, len(facts)):
            one, two = facts[number - 1], facts[number]
            if (one["total"], one["end"], one["after"]) != (two["total"], two["begin"], two["before"]):
                path = self.parts[number].path
                raise RefusedError(
                    f"{path}: its problems do not follow on those of {self.parts[number - 1].path}; the problem files "
                    f"were changed between the parts: make all of them again in a new directory, from the same files"
                )


def _joined(runs: list[dict[str, Any]]) -> dict[str, Any]:
    """What every part says of its run, and the sums of what they asked and paid."""
    paid = [name for name, value in runs[0].items() if isinstance(value, dict) and name.startswith("requests")]
    sums = {name: {key: sum(run[name][key] for run in runs) for key in runs[0][name]} for name in paid}
    return {**sums, "merged_from": runs}


async def _told(rows: AsyncIterator[Row], total: int) -> AsyncIterator[Row]:
    """The same rows; how far they are is said on standard error every ten seconds."""
    done, said = 0, time.monotonic()
    async for row in rows:
        done += 1
        if time.monotonic() - said >= SAID_EVERY_S:
            said = time.monotonic()
            print(f"merging: {done:,} of {total:,} rows", file=sys.stderr, flush=True)
        yield row


def _find(directories: Sequence[Path]) -> list[Part]:
    found: dict[Shard, Part] = {}
    for directory in directories:
        shard = Shard.of_folder(directory.resolve().name)
        parts = [Part(directory, shard)] if shard and directory.is_dir() else parts_in(directory)
        if not parts:
            raise RefusedError(
                f"{directory}: {'holds no part of a run' if directory.is_dir() else 'no such directory'}; "
                "give the --output of runs with --shard I/N"
            )
        for part in parts:
            if (
                twice := found.setdefault(part.shard, part)
            ) is not part and twice.path.resolve() != part.path.resolve():
                raise RefusedError(f"{part.path}: part {part.shard} is also in {twice.path}; name one of them only")
    counts = sorted({shard.parts for shard in found})
    if len(counts) > 1:
        raise RefusedError(
            f"{directories[0]}: parts of {counts[0]} and parts of {counts[1]}; name the directories of one run only"
        )
    return [found[shard] for shard in sorted(found)]
