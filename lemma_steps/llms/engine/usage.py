"""Tokens of one request."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens read, read from the server's cache, and written; `None` where the server does not say.

    `tokens_cached` are among `tokens_in`.
    """

    tokens_in: int | None = None
    tokens_cached: int | None = None
    tokens_out: int | None = None

    @classmethod
    def read(cls, usage: Any) -> Usage:
        """From the `usage` object of an API reply; anything that is no count counts as unsaid."""
        if not isinstance(usage, Mapping):
            return cls()
        details = usage.get("prompt_tokens_details")
        cached = details.get("cached_tokens") if isinstance(details, Mapping) else None
        read = _count(usage.get("prompt_tokens"))
        return cls(read, None if read is None else _count(cached), _count(usage.get("completion_tokens")))

    def shares(self, parts: int) -> list[Usage]:
        """Split over the samples of one request: the prompt was read once, for the first; the reply's tokens evenly."""
        if parts == 1:
            return [self]
        if self.tokens_out is None:
            return [self, *[Usage(0, 0, None)] * (parts - 1)]
        each, rest = divmod(self.tokens_out, parts)
        return [Usage(self.tokens_in, self.tokens_cached, each + rest), *[Usage(0, 0, each)] * (parts - 1)]


def _count(value: Any) -> int | None:
    number = isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 2**53
    return int(value) if number and value == int(value) else None
