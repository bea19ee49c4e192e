"""What a training step has to do: rows and their lengths, packing, and the operations of a model. Needs no torch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

ROWS, EPOCHS = 88_904, 3
"""Of the paper's whole run."""
MEAN_OUTPUT = 623
"""Tokens of a solution in the paper's set (its Table 7: 623.38)."""
MEAN_PROMPT = 80
SPREAD = 0.48
"""Standard deviation of the logarithm of an output's tokens, as measured on a set that the recipe made from MATH's train split
with its offline teacher (432 rows; 0.31 on GSM8K's). Prompts there have 77 to 84 tokens in the mean."""
MULTIPLE = 64
"""Axolotl pads a batch to a multiple of this."""


@dataclass(frozen=True)
class Shape:
    """Sizes of a Llama: `head` is the width of one head."""

    hidden: int
    layers: int
    heads: int
    kv_heads: int
    head: int
    intermediate: int
    vocabulary: int

    @classmethod
    def of(cls, shape: Mapping[str, int]) -> Shape:
        """From an entry of lemma_steps/training/configs/models.yaml."""
        return cls(**{name: shape[name] for name in cls.__dataclass_fields__})

    @property
    def matrix_parameters(self) -> int:
        """Parameters that every token is multiplied with: all but the input embedding, a look-up, and the norms."""
        queries, keys = self.heads * self.head, self.kv_heads * self.head
        layer = 2 * self.hidden * queries + 2 * self.hidden * keys + 3 * self.hidden * self.intermediate
        return self.layers * layer + self.hidden * self.vocabulary

    def flops(self, lengths: Sequence[int]) -> int:
        """Operations of a forward and a backward pass over rows of so many tokens.

        Chowdhery et al. 2022 (PaLM, arXiv:2204.02311), appendix B: per token 6 N for the weights and 12 x layers x heads x
        head x length for attention. Counted here for causal attention, which needs half of that: a token at place t attends
        to t. Neither padding nor what gradient checkpointing computes again is work of the model.
        """
        tokens, pairs = sum(lengths), sum(length * (length + 1) // 2 for length in lengths)
        return 6 * self.matrix_parameters * tokens + 12 * self.layers * self.heads * self.head * pairs


@dataclass(frozen=True)
class Row:
    """Tokens of a row: of the prompt, without loss, and of all."""

    prompt: int
    length: int


def synthetic_rows(count: int, limit: int, seed: int = 0) -> list[Row]:
    """Rows with log-normal lengths about the paper's mean; those over `limit` are drawn again, as training leaves them out."""
    random = np.random.default_rng(seed)
    shrink = min(1.0, limit / 4096)  # a tiny shape has tiny rows

    def draw(mean: float) -> int:
        return max(1, round(float(random.lognormal(np.log(mean * shrink) - SPREAD**2 / 2, SPREAD))))

    rows: list[Row] = []
    while len(rows) < count:
        prompt, output = draw(MEAN_PROMPT), draw(MEAN_OUTPUT)
        if prompt + output <= limit:
            rows.append(Row(prompt, prompt + output))
    return rows


def pack(rows: Sequence[Row], capacity: int) -> list[list[Row]]:
    """The rows in as few sequences of at most `capacity` tokens as first-fit-decreasing finds, which is what Axolotl uses."""
    bins: list[list[Row]] = []
    free: list[int] = []
    for row in sorted(rows, key=lambda row: -row.length):
        place = next((n for n, left in enumerate(free) if left >= row.length), None)
        if place is None:
            bins.append([])
            free.append(capacity)
            place = len(bins) - 1
        bins[place].append(row)
        free[place] -= row.length
    return bins


def padded_length(rows: Sequence[Row]) -> int:
    """Tokens to which Axolotl pads every row of an unpacked batch."""
    return -(-max(row.length for row in rows) // MULTIPLE) * MULTIPLE
