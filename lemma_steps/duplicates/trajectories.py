"""Finds trajectories that repeat an earlier one, in input order, with hashed sketches of bounded size.

exact   the same output up to white space, whatever the question;
near    the same question, the same maths (every numeral, sign and letter, in order), the same wrong step where it is
        given, and outputs of which at least `NEAR` of all three-word sequences agree. Two trajectories of one problem
        with different wrong steps, or with another way to the result, are no duplicates.
"""

from __future__ import annotations

from array import array
from collections import defaultdict
from dataclasses import dataclass
from hashlib import blake2b
from zlib import crc32

from lemma_steps.contamination.normalise import normalise, tokens
from lemma_steps.duplicates.first_seen import FirstSeen
from lemma_steps.scratch import Scratch

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

    Only the rows of the question at hand are in memory, because only they can be near duplicates of each other. All
    others are on disk, as hashes (at most 0.4 kB per row), until their question comes again from another source. Rows of
    one question should follow each other; where they do not, the answers are the same and take longer. Outputs of up to
    66 words are compared exactly, longer ones by the 64 smallest hashes of their three-word sequences (standard error
    0.04 at the threshold). Call `close` at the end.

    Raises:
        StoppedError: the temporary folder cannot be written or is full (from every method).
    """

    def __init__(self) -> None:
        self._exact = FirstSeen()
        self._others = Scratch(
            "CREATE TABLE alike (question BLOB, maths BLOB, sketch BLOB, id BLOB)",
            "CREATE INDEX by_question ON alike (question)",
        )
        self._question: str | None = None
        self._topic = b""
        self._near: defaultdict[bytes, list[tuple[array[int], str]]] = defaultdict(list)
        self._new: list[tuple[bytes, array[int], str]] = []

    def check(self, row_id: str, output: str, question: str, wrong_step: str = "") -> Duplicate | None:
        """The first row that this one repeats; else None, and the row is remembered."""
        text = " ".join(output.split())
        if (same := self._exact.get(text)) is not None:
            return Duplicate(same, "exact")
        self._turn_to(question)
        found = tokens(output)
        maths = _digest(normalise(wrong_step), *(token for token in found if len(token) == 1 or not token.isalpha()))
        sketch = _sketch(found)
        for other, of in self._near[maths]:
            if _jaccard(sketch, other) >= NEAR:
                return Duplicate(of, "near")
        self._near[maths].append((sketch, row_id))
        self._new.append((maths, sketch, row_id))
        self._exact.setdefault(text, row_id)
        return None

    def _turn_to(self, question: str) -> None:
        """Put the rows of the former question away, and fetch those of this one, if there are any."""
        if question == self._question:
            return
        self._question = question
        if (topic := _digest(normalise(question))) == self._topic:
            return
        rows = [(self._topic, maths, sketch.tobytes(), _stored(of)) for maths, sketch, of in self._new]
        self._others.add("INSERT INTO alike VALUES (?, ?, ?, ?)", rows)
        self._topic = topic
        self._near.clear()
        self._new.clear()
        before = self._others.run("SELECT maths, sketch, id FROM alike WHERE question = ? ORDER BY rowid", (topic,))
        for maths, sketch, of in before:
            self._near[maths].append((array("I", sketch), of.decode("utf-8", "surrogatepass")))

    def close(self) -> None:
        """Let go of what was seen, and its space on the disk."""
        self._exact.close()
        self._others.close()


def _stored(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _digest(*parts: str) -> bytes:
    return blake2b(_stored("\x00".join(parts)), digest_size=12).digest()


def _sketch(found: list[str]) -> array[int]:
    """The smallest hashes of all sequences of three tokens, sorted."""
    shingles = zip(*(found[k:] for k in range(_SHINGLE)), strict=False)
    hashes = {crc32(_stored(" ".join(shingle))) for shingle in shingles}
    return array("I", sorted(hashes)[:_SKETCH_SIZE])


def _jaccard(one: array[int], other: array[int]) -> float:
    """Estimated from the smallest hashes of the union; exact where both sketches are whole; 1.0 if both are empty."""
    union = sorted({*one, *other})[:_SKETCH_SIZE]
    return len(set(one).intersection(other, union)) / len(union) if union else 1.0
