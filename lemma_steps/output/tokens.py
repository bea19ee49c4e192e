"""How long a text is in tokens, without a tokenizer."""

from __future__ import annotations

ESTIMATE = "one token per four characters; no tokenizer was run"


def estimate_tokens(text: str) -> int:
    """Tokens of `text`, estimated as its characters over four, rounded up."""
    return -(-len(text) // 4)
