"""The libraries whose versions decide what the published grader says."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib.metadata import PackageNotFoundError, version

from lemma_steps.errors import RefusedError

NEEDED = {"antlr4-python3-runtime": "4.11.", "word2number": "1."}
"""Package -> how its version begins. With another antlr sympy reads no LaTeX at all, and every LaTeX answer would
silently go to the next parser."""


def installed(name: str) -> str | None:
    """The version of a package, None where it is absent."""
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def met() -> bool:
    """Whether the published rules can be applied in this environment."""
    return all((installed(name) or "").startswith(prefix) for name, prefix in NEEDED.items())


@cache
def require() -> None:
    """Raises RefusedError where a library is missing or of a version that would grade differently."""
    if not met():
        found = ", ".join(f"{name} {installed(name) or 'none'}" for name in NEEDED)
        wanted = ", ".join(f"{name} {prefix}*" for name, prefix in NEEDED.items())
        raise RefusedError(
            f"qwen_match needs {wanted}; here: {found}; run it in the eval environment (uv sync --extra eval)"
        )


@cache
def number_reader() -> Callable[[str], object]:
    """The function that reads a number in words; it raises all kinds of errors where there is none."""
    require()
    from word2number.w2n import word_to_num

    return word_to_num
