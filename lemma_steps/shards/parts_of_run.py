"""The parts of one run, found and checked: what a merge may join."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from lemma_steps.errors import RefusedError
from lemma_steps.run_directory import SETTINGS, run_directory
from lemma_steps.shards.part import Part
from lemma_steps.shards.places import parts_in
from lemma_steps.shards.shard import Shard


class PartsOfRun:
    """All parts of one run, each finished, of the same settings and of the same problems.

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

    @property
    def home(self) -> Path:
        """The directory that holds the first part."""
        return self.parts[0].path.parent

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold all parts, so that none is written while it is read.

        Raises:
            RefusedError: a part is being written, or was spoilt since the parts were found.
        """
        with ExitStack() as held:
            for part in self.parts:
                held.enter_context(run_directory(part.path, part.settings_text))
            self._refuse_unfinished(self.home)
            yield

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
        other = next((p for p in self.parts if not p.is_under(first.settings_text, first.shard)), None)
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
