"""How often students make each type of error, where nothing was measured for the student at hand."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files
from typing import Any

import yaml


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
    kinds = [k for k, pattern in published["sources"].items() if re.fullmatch(pattern, source, re.IGNORECASE)]
    shares: dict[str, float] = {}
    for kind in kinds or figures:
        total = sum(figures[kind].values())  # 99.9 to 100.1, as printed
        for code, percent in figures[kind].items():
            shares[code] = shares.get(code, 0.0) + percent / total / len(kinds or figures)
    return dict(sorted(shares.items(), key=lambda item: (-item[1], item[0])))
