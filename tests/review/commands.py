"""The recipes as a user runs them, in processes of their own."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

ROOT = Path(__file__).parents[2]


def recipe(name: str, *arguments: Any, code: int = 0) -> str:
    """Standard output of a recipe that ends with `code`."""
    command = [sys.executable, str(ROOT / "recipes" / f"{name}.py"), *map(str, arguments)]
    run = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert run.returncode == code, run.stdout + run.stderr
    return run.stdout


def password_in(told: str, name: str) -> str:
    """The password that `invite` printed for a reviewer."""
    return re.search(rf"^{name}: password (\S+)", told, re.MULTILINE).group(1)


def rows_of(directory: Path, name: str = "train") -> list[dict[str, Any]]:
    return pq.read_table(directory / f"{name}.parquet").to_pylist()


def part_of(directory: Path, rows: list[dict[str, Any]], to: Path) -> Path:
    """A result folder that holds these rows of another, as far as `push` and `pull` look."""
    to.mkdir(parents=True)
    pq.write_table(pa.Table.from_pylist(rows, schema=pq.read_schema(directory / "train.parquet")), to / "train.parquet")
    return to


def reviews_of(directory: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (directory / "reviews.jsonl").read_text(encoding="utf-8").splitlines()]
