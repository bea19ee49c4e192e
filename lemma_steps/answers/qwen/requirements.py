"""The libraries whose exact versions decide what the published grader says."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib.metadata import PackageNotFoundError, version

from lemma_steps.errors import RefusedError

_NEEDED = {"antlr4-python3-runtime": "4.11.", "word2number": "1."}
"""sympy reads LaTeX with that antlr only; with another one every LaTeX answer would silently go to the next parser."""


@cache
def require() -> None:
    """Raises RefusedError where a library is missing or of a version that would grade differently."""
    for name, prefix in _NEEDED.items():
        try:
            found = version(name)
        except PackageNotFoundError:
            found = "none"
        if not found.startswith(prefix):
            raise RefusedError(
                f"qwen_match needs {name} {prefix}*, found {found}: use the evaluation environment (uv sync --extra eval)"
            )


@cache
def number_reader() -> Callable[[str], object]:
    """The function that reads a number in words; it raises all kinds of errors where there is none."""
    require()
    from word2number.w2n import word_to_num

    return word_to_num
