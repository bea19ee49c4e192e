"""Keys of a configuration that hold a secret, which belongs into no file."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from lemma_steps.errors import RefusedError

_SECRET = re.compile(r"\w*(?:api_?key|secret|passw|webhook)\w*|(?:(?:hub|hf|auth|access|wandb)_)?token", re.IGNORECASE)
"""Names of values; the tokens of a tokenizer (`pad_token`) are none."""
_FORM = re.compile(r"\bhf_[A-Za-z0-9]{16,}|\bsk-[A-Za-z0-9_-]{16,}|://[^/\s:@]+:[^/\s@]+@|\bBearer\s+\S{8,}")
"""Values that are secrets by their look, whatever their name."""


def refuse_secrets(config: Any, where: str) -> None:
    """Look whether a configuration, or anything else of mappings, lists and texts, holds a secret.

    Raises:
        RefusedError: it does; names the key, not the value.
    """
    for key in _secrets(config):
        raise RefusedError(f"{where}: {key} holds a secret, which would be written down; put it into the environment")


def _secrets(value: Any, key: str = "") -> Iterator[str]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _secrets(inner, str(name))
    elif isinstance(value, list):
        for inner in value:
            yield from _secrets(inner, key)
    elif isinstance(value, str) and value:
        if _SECRET.fullmatch(key) or _FORM.search(value):
            yield key or "a text"
        for word in re.split(r"[\s,]+", value):
            name, equals, said = word.partition("=")
            if equals and said and _SECRET.fullmatch(name.strip("'\"").lstrip("-").rpartition(".")[2]):
                yield name
