"""What the index keeps of a question instead of its text: four hashes and sets of hashes.

`whole`     64 bits of the normalised question: equal for two spellings of one question.
`skeleton`  32 bits of its maths tokens in order (numerals, signs, letters, commands) with the words that turn a
            question into another one ("not", "least", "rows", see `spelling.yaml`); 0 below three maths tokens.
`features`  15-bit hashes of its word stems and of its numerals, the latter marked by the 16th bit. Order and counts are
            gone and about two words share each hash, so the text cannot be read back.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from zlib import crc32

from lemma_steps.contamination.normalise import decisive_words, tokens

NUMBER_BIT = 1 << 15
_MIN_MATHS_TOKENS = 3
_SUFFIXES = ("ing", "ed", "es", "s", "ly")
_NOT_MATHS = frozenset(["a", "i", "(", ")", "[", "]", "{", "}", "\\{", "\\}", "\\\\", "\\circ"])
_DIALOGUE_TURN = re.compile(
    r"^[ \t]*(?:A|User|Human)[ \t]*:[ \t]*(.*?)(?=^[ \t]*(?:B|Assistant)[ \t]*:|\Z)", re.M | re.S
)
_PARAGRAPH = re.compile(r"\n[ \t]*\n")


@dataclass(frozen=True, slots=True)
class Sketch:
    """The hashes of one question."""

    whole: int
    skeleton: int
    features: frozenset[int]
    length: int
    """Number of tokens."""


def sketch(question: str) -> Sketch:
    """The sketch of one question."""
    found = tokens(question)
    maths = [token for token in found if not _is_word(token) and token not in _NOT_MATHS]
    decisive = sorted(decisive_words().intersection(found))
    features = frozenset(_feature(token) for token in found if _is_word(token) or token[0].isdigit())
    skeleton = _hash(" ".join([*maths, "|", *decisive]), 4) if len(maths) >= _MIN_MATHS_TOKENS else 0
    return Sketch(_hash(" ".join(found), 8), skeleton, features, len(found))


def turns(dialogue: str) -> list[str]:
    """What the asking side says in a dialogue `A: ... B: ... A: ...`; empty when `dialogue` has no such marks."""
    return [turn.strip() for turn in _DIALOGUE_TURN.findall(dialogue) if turn.strip()]


def first_paragraph(text: str) -> str:
    """The text before the first blank line: where a flattened dialogue states its problem."""
    return _PARAGRAPH.split(text.strip(), 1)[0]


def _is_word(token: str) -> bool:
    return len(token) > 1 and token.isalpha()


@lru_cache(maxsize=1 << 16)
def _feature(token: str) -> int:
    if token[0].isdigit():
        return crc32(token.encode()) & (NUMBER_BIT - 1) | NUMBER_BIT
    for suffix in _SUFFIXES:
        if token.endswith(suffix) and len(token) - len(suffix) >= 3:
            token = token.removesuffix(suffix)
            break
    return crc32(token.encode()) & (NUMBER_BIT - 1)


def _hash(text: str, size: int) -> int:
    return int.from_bytes(blake2b(text.encode("utf-8", "surrogatepass"), digest_size=size).digest(), "little")
