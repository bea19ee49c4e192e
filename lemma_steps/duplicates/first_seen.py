"""Who had a key first, for any number of keys in bounded memory."""

from __future__ import annotations

from hashlib import blake2b

from lemma_steps.scratch import Scratch

_KEY_BYTES = 16
"""128 bits: among 10**9 keys two share a hash with a probability of about 10**-21."""


class FirstSeen(Scratch):
    """What a dict with `get` and `setdefault` is, on disk: a hash of each key, and the value that came with it first.

    Keys may be of any length and values any text, lone surrogates included. Call `close`, or use it in a `with`.

    Raises:
        StoppedError: the temporary folder cannot be written or is full (from every method).
    """

    def __init__(self) -> None:
        super().__init__("CREATE TABLE first (key BLOB PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID")

    def setdefault(self, key: str, value: str) -> str:
        """The value that `key` came with first: this one, if the key is new."""
        hashed = _hash(key)
        if self.add("INSERT OR IGNORE INTO first VALUES (?, ?)", [(hashed, value.encode("utf-8", "surrogatepass"))]):
            return value
        return self._value(hashed) or ""

    def get(self, key: str) -> str | None:
        """The value that `key` came with first; None for a new one."""
        return self._value(_hash(key))

    def _value(self, hashed: bytes) -> str | None:
        found = self.run("SELECT value FROM first WHERE key = ?", (hashed,))
        return found[0][0].decode("utf-8", "surrogatepass") if found else None


def _hash(key: str) -> bytes:
    return blake2b(key.encode("utf-8", "surrogatepass"), digest_size=_KEY_BYTES).digest()
