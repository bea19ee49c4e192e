"""What may lie beside what: parts of one run in one output directory, never parts and a run of its own."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from lemma_steps.errors import RefusedError
from lemma_steps.output.writer import FIGURES
from lemma_steps.run_directory import SETTINGS
from lemma_steps.shards.part import Part
from lemma_steps.shards.shard import Shard

RESULT = (
    "train.parquet",
    "train.jsonl",
    "rejected.parquet",
    "report.json",
    "report.html",
    "README.md",
    FIGURES,
    SETTINGS,
)


def parts_in(output: Path) -> list[Part]:
    """The parts whose directories lie in `output`, by number."""
    if not output.is_dir():
        return []
    found = [Part(path, shard) for path in output.iterdir() if path.is_dir() and (shard := Shard.of_folder(path.name))]
    return sorted(found, key=lambda part: part.shard)


def claim_output(output: Path, shard: Shard | None, pipeline_yaml: str) -> None:
    """See that a run, or part `shard` of one, may go to `output`: parts of one run, or one run of its own.

    Raises:
        RefusedError: a run of its own is to go where parts are, where it would pay for their calls again; or a part to
            go where a run of its own is, or parts of another number or under other settings are.
    """
    others = parts_in(output)
    if shard is None and others:
        raise RefusedError(
            f"{output}: holds parts of a run of {others[0].shard.parts}; join them with "
            f"`python recipes/lemma.py merge {output}`, or give another --output"
        )
    if shard is None:
        return
    if not others and (output / SETTINGS).exists():
        raise RefusedError(f"{output}: holds a run of its own, not parts of one; give another --output")
    for other in others:
        if other.shard.parts != shard.parts:
            raise RefusedError(
                f"{output}: holds {other.shard.folder}, and --shard {shard} is one of {shard.parts}; "
                f"give --shard I/{other.shard.parts}, or another --output"
            )
        if other.shard != shard and not other.is_empty() and not other.is_under(pipeline_yaml, shard):
            raise RefusedError(
                f"{output}: {other.shard.folder} is of a run with other settings ({SETTINGS} differs); "
                "give another --output, or the settings of that run"
            )


def merge_output(output: Path, pipeline_yaml: str) -> Path:
    """Make `output` fit to take a merged result: new, empty, or holding nothing but parts, their logs and a result.

    Raises:
        RefusedError: something else lies there, or it cannot be written.
    """
    try:
        output.mkdir(parents=True, exist_ok=True)
        if others := sorted(_foreign(output)):
            raise RefusedError(f"{output}: holds {others[0]}, which is not of a run; give another --output")
        if not (output / SETTINGS).exists():
            partial = output / f".{SETTINGS}.partial"
            partial.write_text(pipeline_yaml, encoding="utf-8")
            os.replace(partial, output / SETTINGS)
    except OSError as error:
        raise RefusedError(f"{output}: cannot be written ({error.strerror}); give another --output") from None
    return output


def _foreign(output: Path) -> Iterator[str]:
    for path in output.iterdir():
        name = path.name
        part = Shard.of_folder(name.removesuffix(".log"))
        if not (part or name in RESULT or name in (".lock", ".pid") or name.endswith((".partial", ".former"))):
            yield name
