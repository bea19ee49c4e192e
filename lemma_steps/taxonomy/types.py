"""Error types: one record per type of the paper's Table 12, read from `taxonomy.yaml`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib.resources import files

import yaml

_SUFFIX = re.compile(r" (error|errors|mistake|mistakes)$")


@dataclass(frozen=True, slots=True)
class ErrorType:
    """One kind of mistake.

    Attributes:
        code: Two letters, the value of the column `error_type`.
        name: The paper's name for the type.
        definition: What makes an error one of this type, in our words.
        example: A question in short and the wrong step, with the right one in brackets.
        recomputable: How the offline teacher's errors of this type are recognised by computation; may be empty.
        aliases: Other spellings that mean this type.
    """

    code: str
    name: str
    definition: str
    example: str
    recomputable: str
    aliases: tuple[str, ...]

    def __str__(self) -> str:
        """The line by which a teacher is told of the type: `CA: Calculation Error. <definition> Example: <example>`."""
        return f"{self.code}: {self.name}. {self.definition} Example: {self.example}"


def _key(spelling: str) -> str:
    """A spelling without case, punctuation and the closing word "error"."""
    return _SUFFIX.sub("", " ".join(re.findall(r"[^\W_]+", spelling.casefold())))


def _load() -> dict[str, ErrorType]:
    records = yaml.safe_load(files(__package__).joinpath("taxonomy.yaml").read_text("utf-8"))
    return {r["code"]: ErrorType(**(r | {"aliases": tuple(r["aliases"])})) for r in records}


TAXONOMY: dict[str, ErrorType] = _load()
"""The error types by code, in the paper's order."""

_CODES = {_key(s): t.code for t in TAXONOMY.values() for s in (t.name, *t.aliases)}


def resolve(spelling: str) -> str | None:
    """The code of the error type that `spelling` (a code, a name or an alias) means, or None if it means none.

    Codes are in capitals: "NO" is nonsensical output, while "no" and "no error" mean no type at all.
    """
    bare = spelling.strip(" \n*_`'\".")
    return bare if bare in TAXONOMY else _CODES.get(_key(spelling))
