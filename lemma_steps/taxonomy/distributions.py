"""How often students make each type of error, where nothing was measured for the student at hand."""

from __future__ import annotations

import json
import math
import re
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml

from lemma_steps.errors import RefusedError
from lemma_steps.taxonomy.types import TAXONOMY


@cache
def _published() -> dict[str, Any]:
    return yaml.safe_load(files(__package__).joinpath("distributions.yaml").read_text("utf-8"))


def default_distribution(source: str, model: str | None = None) -> dict[str, float]:
    """Shares of the error types on problems of `source`, from the paper's Figures 3 (MATH) and 7 (GSM8K).

    Args:
        source: A problem's `source`: a known set, a file's stem or a Hub id. GSM8K and MATH under their usual names get
            their own figure. Sources that mix both (`metamath`, `starter`) and unknown ones get the average of the two.
        model: One of the figures' students; None is LLaMA3-8B, the paper's main one.

    Returns:
        Code to share, by falling share. The shares sum to 1; a type that the figures do not draw is absent.

    Raises:
        ValueError: the figures do not show `model`.
    """
    published = _published()
    model = model or published["default_model"]
    figures = {kind: by_model.get(model) for kind, by_model in published["percent"].items()}
    if None in figures.values():
        known = ", ".join(published["percent"]["math"])
        raise ValueError(f"no published error distribution for {model!r}; there is one for {known}")
    kinds = _kinds(source)
    shares: dict[str, float] = {}
    for kind in kinds or figures:
        total = sum(figures[kind].values())  # 99.9 to 100.1, as printed
        for code, percent in figures[kind].items():
            shares[code] = shares.get(code, 0.0) + percent / total / len(kinds or figures)
    return dict(sorted(shares.items(), key=lambda item: (-item[1], item[0])))


def published_percent(source: str) -> dict[str, dict[str, float]]:
    """Model to code to percent of its errors, as the figure for exactly such problems prints it; empty without a figure."""
    return {model: dict(percent) for kind in _kinds(source) for model, percent in _published()["percent"][kind].items()}


def _kinds(source: str) -> list[str]:
    patterns = _published()["sources"].items()
    return [kind for kind, pattern in patterns if re.fullmatch(pattern, source, re.IGNORECASE)]


def read_distribution(path: str) -> dict[str, float]:
    """Type shares from a distribution file.

    Raises:
        RefusedError: the file is missing or is no distribution of the 12 types.
    """
    counts, _ = read_counts(path)
    total = math.fsum(counts.values())
    return {code: count / total for code, count in counts.items()}


def read_counts(path: str) -> tuple[dict[str, float], int | None]:
    """What stands in a distribution file: code -> wrong solutions of that type (or shares), and how many there are in all.

    The second, `n`, counts those too that have no type; None where the file does not say or has shares.

    Raises:
        RefusedError: the file is missing or is no distribution of the 12 types.
    """
    try:
        content = json.loads(Path(path).read_text(encoding="utf-8"))
        counts, n = {code: float(count) for code, count in content["counts"].items()}, content.get("n")
        total = math.fsum(counts.values())
        if not 0 < total < math.inf:
            raise ValueError("the counts sum to nothing")
    except FileNotFoundError:
        raise RefusedError(f"{path}: no such file; check --distribution") from None
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise RefusedError(
            f"{path}: not an error distribution ({error!r}); write {{source, student, n, counts: {{CODE: int}}}}"
        ) from None
    if unknown := sorted(set(counts) - set(TAXONOMY)) or [code for code, count in counts.items() if count < 0]:
        raise RefusedError(
            f"{path}: {unknown[0]} is no error type or has a negative count; the types are {', '.join(TAXONOMY)}"
        )
    whole = all(count.is_integer() for count in counts.values())
    return counts, n if whole and isinstance(n, int) and n >= total else None
