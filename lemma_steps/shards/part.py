"""One part of a run as it lies on disk."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import yaml
from pyarrow import parquet

from lemma_steps.run_directory import SETTINGS, decisive
from lemma_steps.shards.order import REPORT, read_facts, read_order, report_digest
from lemma_steps.shards.shard import Shard

_ROWS_AT_ONCE = 500


class Part:
    """The directory of one part.

    Args:
        path: the directory.
        shard: which part it is.
    """

    def __init__(self, path: Path, shard: Shard) -> None:
        self.path, self.shard = path, shard

    @property
    def settings_text(self) -> str:
        """Its `pipeline.yaml`.

        Raises:
            OSError, ValueError: it cannot be read as text.
        """
        return (self.path / SETTINGS).read_text(encoding="utf-8")

    def is_empty(self) -> bool:
        """Whether the part never began."""
        return not (self.path / SETTINGS).exists()

    def is_under(self, pipeline_yaml: str, shard: Shard) -> bool:
        """Whether it was made under the settings of that part, but for what parts of one run may differ in."""
        try:
            own = self.settings_text
            # reading YAML takes a third of a second, and there may be hundreds of parts: first look at the text
            return _text(own, self.shard) == _text(pipeline_yaml, shard) or comparable(own) == comparable(pipeline_yaml)
        except (OSError, ValueError, KeyError, TypeError):
            return False

    def unfinished(self) -> str | None:
        """Why the part cannot be merged yet, in a few words; `None` where it can."""
        if self.is_empty():
            return "holds no run"
        if not (self.path / REPORT).exists():
            return "has not ended"
        try:
            facts, report = self.facts(), self.report()
            rows = [_count(self.path / f"{name}.parquet") for name in ("train", "rejected")]
        except (OSError, ValueError, KeyError, pa.ArrowException) as error:
            return f"is not whole ({type(error).__name__}: {str(error).splitlines()[0][:200] if str(error) else ''})"
        if facts["report"] != report_digest(self.path):
            return "was not written to its end"
        if rows != [report["kept"], report["rejected"]] or facts["rows"] != sum(rows):
            return f"is not whole ({rows[0]} and {rows[1]} rows, {report['kept']} and {report['rejected']} reported)"
        return None

    def facts(self) -> dict[str, Any]:
        """What block of the problems it holds (`LoadProblems.block`), and which report it belongs to."""
        return read_facts(self.path)

    def report(self) -> dict[str, Any]:
        """Its `report.json`."""
        return json.loads((self.path / REPORT).read_text(encoding="utf-8"))

    def rows(self) -> Iterator[dict[str, Any]]:
        """Its records, kept and rejected, in the order in which they left the chain; a bounded number in memory."""
        kept, rejected = (_records(self.path / f"{name}.parquet") for name in ("train", "rejected"))
        for is_kept in read_order(self.path):
            yield next(kept if is_kept else rejected)


def _text(pipeline_yaml: str, shard: Shard) -> str:
    return pipeline_yaml.replace(f"shard: {shard}\n", "").replace(shard.folder, "")


def comparable(pipeline_yaml: str) -> Any:
    """A `pipeline.yaml` without what parts of one run may differ in: their shard, where and how fast models are asked."""
    return _set(decisive(pipeline_yaml), "shard", None)


def whole(part: Part) -> dict[str, Any]:
    """The pipeline of all problems of which this part's is a piece, with the store that one run would have.

    Raises:
        OSError, ValueError: the part's `pipeline.yaml` cannot be read.
    """
    pipeline = yaml.safe_load(part.settings_text)
    return _set(_set(pipeline, "shard", None), "store", lambda path: re.sub(rf"{part.shard.folder}[\\/]", "", path))


def _set(value: Any, field: str, to: Any) -> Any:
    """The value with every entry `field` that is not empty replaced, however deep."""
    if isinstance(value, list):
        return [_set(item, field, to) for item in value]
    if not isinstance(value, dict):
        return value
    changed = {name: _set(item, field, to) for name, item in value.items()}
    if isinstance(found := changed.get(field), str):
        changed[field] = to(found) if callable(to) else to
    return changed


def _count(path: Path) -> int:
    with parquet.ParquetFile(path) as file:
        return file.metadata.num_rows


def _records(path: Path) -> Iterator[dict[str, Any]]:
    with parquet.ParquetFile(path) as file:
        for batch in file.iter_batches(batch_size=_ROWS_AT_ONCE):
            yield from batch.to_pylist()
