"""Finds trajectories that repeat an earlier one, in input order, with hashed sketches of bounded size.

exact   the same output up to white space, whatever the question;
near    the same question, the same maths (every numeral, sign and letter, in order), the same wrong step where it is
        given, and outputs of which at least `NEAR` of all three-word sequences agree. Two trajectories of one problem
        with different wrong steps, or with another way to the result, are no duplicates.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from hashlib import blake2b
from zlib import crc32

from lemma_steps.contamination.normalise import normalise, tokens

NEAR = 0.9
"""Least Jaccard index of three-word sequences: one word changed in an output of 60, or two in one of 120."""
_SHINGLE = 3
_SKETCH_SIZE = 64


@dataclass(frozen=True, slots=True)
class Duplicate:
    """An earlier row that a row repeats."""

    of: str
    """`id` of the earlier row."""
    kind: str
    """`exact` or `near`."""


class SeenTrajectories:
    """The trajectories seen so far. Not safe for concurrent calls: order decides which one stays.

    Memory per row is bounded, however long the rows are (about 0.8 kB). Outputs of up to 66 words are compared
    exactly, longer ones by the 64 smallest hashes of their three-word sequences (standard error 0.04 at the threshold).
    """

    def __init__(self) -> None:
        self._exact: dict[bytes, str] = {}
        self._near: dict[bytes, list[tuple[array[int], str]]] = {}

    def check(self, row_id: str, output: str, question: str, wrong_step: str = "") -> Duplicate | None:
        """The first row that this one repeats; else None, and the row is remembered."""
        text = _digest(" ".join(output.split()))
        if (same := self._exact.get(text)) is not None:
            return Duplicate(same, "exact")
        found = tokens(output)
        maths = (token for token in found if len(token) == 1 or not token.isalpha())
        alike = self._near.setdefault(_digest(normalise(question), normalise(wrong_step), *maths), [])
        sketch = _sketch(found)
        for other, of in alike:
            if _jaccard(sketch, other) >= NEAR:
                return Duplicate(of, "near")
        alike.append((sketch, row_id))
        self._exact[text] = row_id
        return None


def _digest(*parts: str) -> bytes:
    return blake2b("\x00".join(parts).encode("utf-8", "surrogatepass"), digest_size=12).digest()


def _sketch(found: list[str]) -> array[int]:
    """The smallest hashes of all sequences of three tokens, sorted."""
    shingles = zip(*(found[k:] for k in range(_SHINGLE)), strict=False)
    hashes = {crc32(" ".join(shingle).encode("utf-8", "surrogatepass")) for shingle in shingles}
    return array("I", sorted(hashes)[:_SKETCH_SIZE])


def _jaccard(one: array[int], other: array[int]) -> float:
    """Estimated from the smallest hashes of the union; exact where both sketches are whole; 1.0 if both are empty."""
    union = sorted({*one, *other})[:_SKETCH_SIZE]
    return len(set(one).intersection(other, union)) / len(union) if union else 1.0
