"""Seeds and ids by hash, so that neither depends on the order of rows, on the process or on the Python version."""

from __future__ import annotations

import hashlib


def digest(*parts: object) -> str:
    """64 bits of SHA-256 over the parts, as 16 hex digits."""
    joined = "\x1f".join(str(part) for part in parts)
    return hashlib.sha256(joined.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def seed_for(*parts: object) -> int:
    """A 31-bit seed for these parts; every API takes one of that size."""
    return int(digest(*parts), 16) & 0x7FFFFFFF
