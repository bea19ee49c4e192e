"""How often a key occurred before, for any number of keys in bounded memory."""

from __future__ import annotations

from hashlib import blake2b

from lemma_steps.scratch import Scratch


class Occurrences(Scratch):
    """Numbers the occurrences of each key from 0, on disk.

    Raises:
        StoppedError: the temporary folder cannot be written or is full (from every method).
    """

    def __init__(self) -> None:
        super().__init__("CREATE TABLE seen (key BLOB PRIMARY KEY, count INTEGER NOT NULL) WITHOUT ROWID")

    def number(self, key: str) -> int:
        """The number of this occurrence of `key`: 0 for the first."""
        hashed = blake2b(key.encode("utf-8", "surrogatepass"), digest_size=16).digest()
        return self.run(
            "INSERT INTO seen VALUES (?, 0) ON CONFLICT (key) DO UPDATE SET count = count + 1 RETURNING count",
            (hashed,),
        )[0][0]
