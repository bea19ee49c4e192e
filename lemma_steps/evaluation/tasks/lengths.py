"""How many tokens a reply has. lm-eval hands on texts alone, so they are counted again by the model's tokenizer."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from functools import cache
from typing import Any, Self

_log = logging.getLogger(__name__)


class TokenCounter:
    """Counts with the tokenizer that lm-eval's model arguments name."""

    def __init__(self, tokenizer: Any) -> None:
        self._tokenizer = tokenizer

    @classmethod
    def of(cls, arguments: Mapping[str, Any]) -> Self | None:
        """A counter for a run with these model arguments, None where no tokenizer is on this machine.

        lm-eval has loaded the tokenizer for the run where it needed one, so it is looked for in files only; a model
        behind a chat server has none.
        """
        name = next((arguments[key] for key in ("tokenizer", "pretrained", "model") if arguments.get(key)), None)
        tokenizer = _tokenizer(str(name), arguments.get("gguf_file"), arguments.get("revision")) if name else None
        return cls(tokenizer) if tokenizer else None

    def __call__(self, text: str) -> int:
        """Tokens of a text, without any that the tokenizer adds by itself."""
        return len(self._tokenizer(text, add_special_tokens=False)["input_ids"])


@cache
def _tokenizer(name: str, gguf_file: str | None, revision: str | None) -> Any | None:
    try:
        from transformers import AutoTokenizer

        files = {"gguf_file": gguf_file} if gguf_file else {}
        return AutoTokenizer.from_pretrained(name, revision=revision or "main", local_files_only=True, **files)
    except Exception as error:  # the libraries raise what they like; the run goes on without these figures
        _log.warning("length_cut is not measured: no tokenizer %s on this machine (%s)", name, type(error).__name__)
        return None
