"""What tokens cost: the bundled table, and the user's own on top of it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml

from lemma_steps.errors import RefusedError
from lemma_steps.llms.engine.usage import Usage

BATCH_SHARE = 0.5
"""What the batch API charges of the ordinary price."""
PER = 1_000_000
"""Tokens that a price of the tables stands for."""
_FORM = "{model: NAME, input: 2.5, cached: 1.25, output: 10} in dollars per million tokens"
_REQUIRED, _OPTIONAL = ("input", "output"), ("cached", "written")


@dataclass(frozen=True, slots=True)
class Price:
    """Dollars per million tokens of one model.

    `cached` is for the part of a prompt that the server had in its cache, `fresh` for the rest of it, and `output` for
    the reply.
    """

    fresh: float
    cached: float
    output: float

    def usd(self, usage: Usage) -> float | None:
        """Dollars of one call; `None` where tokens that cost something were not counted by the server."""
        if (usage.tokens_in is None and (self.fresh or self.cached)) or (usage.tokens_out is None and self.output):
            return None
        read, written = usage.tokens_in or 0, usage.tokens_out or 0
        cached = min(usage.tokens_cached or 0, read)
        return ((read - cached) * self.fresh + cached * self.cached + written * self.output) / PER


class Prices:
    """Prices by the model's exact name: no name stands for another, not even one with a date for one without."""

    def __init__(self, by_model: Mapping[str, Price]) -> None:
        self._by_model = dict(by_model)

    @classmethod
    def read(cls, path: str | Path | None = None) -> Prices:
        """The bundled table, with the rows of the file at `path` in place of its own.

        Raises:
            RefusedError: the file cannot be read or a row is no price; says which row, and how to write it.
        """
        bundled = files("lemma_steps.llms") / "prices.yaml"
        by_model = dict(_table(bundled.read_text(encoding="utf-8"), str(bundled)))
        if path is not None:
            by_model |= dict(_table(_text(Path(path)), str(path)))
        return cls(by_model)

    def knows(self, model: str) -> bool:
        """Is there a price for this model? Zero is one."""
        return model in self._by_model

    def usd(self, model: str, usage: Usage, batch: bool = False) -> float | None:
        """Dollars of one call.

        Args:
            model: exact name.
            usage: what the call read and wrote. Where it does not say what came from the cache, nothing did.
            batch: was it made by the batch API?

        Returns:
            `None`, never 0, where the model has no price or the usage is not known.
        """
        price = self._by_model.get(model)
        usd = price.usd(usage) if price else None
        return usd * BATCH_SHARE if usd is not None and batch else usd


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise RefusedError(f"{path}: {error.strerror}; check --prices") from None
    except UnicodeDecodeError:
        raise RefusedError(f"{path}: not UTF-8 text; give --prices a YAML file") from None


def _table(text: str, where: str) -> Iterator[tuple[str, Price]]:
    try:
        rows = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise RefusedError(f"{where}: not YAML ({' '.join(str(error).split())[:200]}); correct the file") from None
    if not isinstance(rows, list) or not rows:
        raise RefusedError(f"{where}: no list of prices; write one row per model, such as - {_FORM}")
    seen: dict[str, int] = {}
    for number, row in enumerate(rows, 1):
        try:
            model, price = _row(row)
        except ValueError as error:
            raise RefusedError(f"{where}, row {number}: {error}; write {_FORM}") from None
        if seen.setdefault(model, number) != number:
            raise RefusedError(f"{where}, row {number}: {model} has a price in row {seen[model]} already; drop one")
        yield model, price


def _row(row: Any) -> tuple[str, Price]:
    """The model and price of one row; raises `ValueError` with what is wrong."""
    if not isinstance(row, dict):
        raise ValueError("not a mapping")
    if not isinstance(model := row.get("model"), str) or not model.strip():
        raise ValueError("no model's name")
    if unknown := [key for key in row if key not in ("model", *_REQUIRED, *_OPTIONAL)]:
        raise ValueError(f"{str(unknown[0])[:40]!r} is no column")
    dollars = {key: _dollars(key, row.get(key)) for key in (*_REQUIRED, *_OPTIONAL) if key in _REQUIRED or key in row}
    fresh = max(dollars["input"], dollars.get("written", 0.0))
    return model, Price(fresh, dollars.get("cached", fresh), dollars["output"])


def _dollars(key: str, value: Any) -> float:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or not math.isfinite(value) or value < 0:
        raise ValueError(f"{key} is {str(value)[:40]!r}, not a number of dollars" if value is not None else f"no {key}")
    return float(value)
