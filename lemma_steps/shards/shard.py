"""Which of N parts of a run this is."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from lemma_steps.errors import RefusedError

_SPEC = re.compile(r"([1-9][0-9]{0,5})/([1-9][0-9]{0,5})")
_FOLDER = re.compile(r"part-([1-9][0-9]{0,5})-of-([1-9][0-9]{0,5})")


@dataclass(frozen=True, slots=True, order=True)
class Shard:
    """Part `index` (from 1) of `parts`: one contiguous block of the problems of all sources after each other."""

    parts: int
    index: int

    @classmethod
    def parse(cls, spec: str) -> Shard:
        """The shard that `I/N` names.

        Raises:
            RefusedError: the spec has another form, or no such part exists.
        """
        found = _SPEC.fullmatch(spec.strip())
        if not found or int(found[1]) > int(found[2]):
            raise RefusedError(f"--shard {spec}: no part of a run; write I/N with I from 1 to N, such as 1/4")
        return cls(int(found[2]), int(found[1]))

    @classmethod
    def of_folder(cls, name: str) -> Shard | None:
        """The shard whose folder has this name; `None` for any other name."""
        found = _FOLDER.fullmatch(name)
        return cls(int(found[2]), int(found[1])) if found and int(found[1]) <= int(found[2]) else None

    def __str__(self) -> str:
        return f"{self.index}/{self.parts}"

    @property
    def folder(self) -> str:
        """Name of the part's own directory inside the output directory."""
        return f"part-{self.index}-of-{self.parts}"

    def log(self, output: Path) -> Path:
        """Where a part that another process started says what it does."""
        return output / f"{self.folder}.log"

    def block(self, total: int) -> range:
        """Positions (from 0) of this part's rows among `total` rows; the blocks of all parts make up `range(total)`."""
        return range((self.index - 1) * total // self.parts, self.index * total // self.parts)
