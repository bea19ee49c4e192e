"""The subjects and levels of MATH, as parts of a score's name."""

from __future__ import annotations

PARTS = (
    "algebra",
    "counting_and_probability",
    "geometry",
    "intermediate_algebra",
    "number_theory",
    "prealgebra",
    "precalculus",
    *(f"level_{number}" for number in range(1, 6)),
)


def part(name: str) -> str:
    """`Counting & Probability` as `counting_and_probability`, `Level 3` as `level_3`."""
    return name.lower().replace("&", "and").replace(" ", "_")
