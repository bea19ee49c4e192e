"""How many tokens a set has, and how many of its rows are too long, before anything is trained."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from typing import Any

from lemma_steps.errors import RefusedError
from lemma_steps.training.encoding import IGNORED, Encoder
from lemma_steps.training.examples import Example

_BATCH = 1000


@dataclass(frozen=True)
class Survey:
    """Lengths of a set's rows.

    Attributes:
        rows: rows of the set.
        over_length: rows among them of more tokens than the limit; Axolotl leaves them out (`excess_length_strategy: drop`).
        trained_tokens: tokens with a loss, the end token included, in the rows that are not left out, per epoch.
        tokens: all tokens of these rows.
        longest: tokens of the longest row, left out or not.
    """

    rows: int
    over_length: int
    trained_tokens: int
    tokens: int
    longest: int

    def __str__(self) -> str:
        """One line for a person."""
        return (
            f"{self.rows:,} rows, {self.over_length:,} of them too long and left out (the longest has {self.longest:,} "
            f"tokens); per epoch {self.tokens:,} tokens, {self.trained_tokens:,} of them with a loss"
        )


def survey(examples: Iterable[Example], tokenizer: Any, sequence_len: int) -> Survey:
    """Encode all examples and count.

    Raises:
        RefusedError: no row is short enough; or a tokenizer or row that cannot be encoded (`encoding.Encoder`).
    """
    encode = Encoder(tokenizer)
    rows = over = trained = tokens = longest = 0
    remaining = iter(examples)
    while batch := list(islice(remaining, _BATCH)):
        encoded = encode(batch)
        for ids, labels in zip(encoded["input_ids"], encoded["labels"], strict=True):
            rows, longest = rows + 1, max(longest, len(ids))
            if len(ids) > sequence_len:
                over += 1
            else:
                tokens, trained = tokens + len(ids), trained + len(labels) - labels.count(IGNORED)
    if over == rows:
        raise RefusedError(
            f"all {rows:,} rows have more than {sequence_len:,} tokens (at most {longest:,}); raise sequence_len"
        )
    return Survey(rows, over, trained, tokens, longest)
