"""From prompt and output to token ids and labels, in the one way that evaluation reads a prompt.

    ids    = first token (iff the tokenizer puts one before a text) + prompt + output + end token
    labels = -100 on all up to the output (and on the wrong step); then the ids

Prompt and output are tokenised in one go: apart, SentencePiece would put a space before the output. That the ids then
begin with exactly those of the prompt alone, which is what evaluation feeds, is checked in every row.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from typing import Any

from lemma_steps.errors import RefusedError
from lemma_steps.training.examples import Example

IGNORED = -100
"""The label of a token on which no loss falls."""


class Encoder:
    """Encodes examples with one tokenizer.

    Text that spells a special token ("</s>", "<|im_end|>") stays text in the output. In a question it is what evaluation
    makes of it in the prompt. The end token stands in the output once, at its end, also where the tokenizer itself or
    the text already puts one there.

    No loss falls on a token whose characters, in the tokenizer's own offset mapping, overlap the wrong step. Where that
    step ends in a space, the first word after it (" Wait") may share a token with the space; whether it then carries a
    loss depends on whether the tokenizer's mapping counts the space to the token.

    Args:
        tokenizer: a fast tokenizer of transformers.

    Raises:
        RefusedError: the tokenizer is a slow one, or has no end token.
    """

    def __init__(self, tokenizer: Any) -> None:
        name = getattr(tokenizer, "name_or_path", "") or type(tokenizer).__name__
        if not getattr(tokenizer, "is_fast", False):
            raise RefusedError(
                f"tokenizer {name}: does not tell which characters a token covers; use the fast tokenizer "
                "(a tokenizer.json; tokenizer_use_fast, and no tokenizer_use_mistral_common, in the configuration)"
            )
        if tokenizer.eos_token_id is None:
            raise RefusedError(f"tokenizer {name}: has no end token; name it under special_tokens: eos_token")
        self._tokenizer, self._name = tokenizer, name
        special = [token.content for token in tokenizer.added_tokens_decoder.values() if token.special]
        self._special = re.compile("|".join(map(re.escape, special)) or "(?!)")

    def __call__(self, examples: Sequence[Example]) -> dict[str, list[list[int]]]:
        """`input_ids`, `labels` and `attention_mask` of every example, as lists of equal length.

        Raises:
            RefusedError: a token would reach from the prompt into the output, or the output hold the end token; both
                cannot be with outputs that begin with one space and the tokenizers of the models configured here.
        """
        if not examples:
            return {"input_ids": [], "labels": [], "attention_mask": []}
        ended = [example.output.removesuffix(self._tokenizer.eos_token) for example in examples]
        texts = [example.prompt + output for example, output in zip(examples, ended, strict=True)]
        wholes = self._tokenised(texts, split_special_tokens=True)
        prompts = [*dict.fromkeys(example.prompt for example in examples)]  # a question has several rows
        asked = dict(zip(prompts, map(_without_end, self._tokenised(prompts)), strict=True))
        rows = [self._row(one, whole, asked[one.prompt]) for one, whole in zip(examples, wholes, strict=True)]
        ids, labels = [row[0] for row in rows], [row[1] for row in rows]
        return {"input_ids": ids, "labels": labels, "attention_mask": [[1] * len(row) for row in ids]}

    def _tokenised(self, texts: Sequence[str], **options: Any) -> list[Any]:
        return self._tokenizer(texts, return_attention_mask=False, verbose=False, **options).encodings

    def _row(self, example: Example, whole: Any, prompt: list[int]) -> tuple[list[int], list[int]]:
        ids = _without_end(whole)
        border = len(prompt)
        if ids[:border] != prompt:
            border = self._border(example, whole.offsets[: len(ids)])
        output = ids[border:]
        eos = self._tokenizer.eos_token_id
        if eos in output:
            raise RefusedError(
                f"tokenizer {self._name}: reads the end token inside an output ({example.output[:60]!r}...); drop the row"
            )
        trained = output
        if example.error:
            begin, end = (len(example.prompt) + place for place in example.error)
            spans = whole.offsets[border : len(ids)]
            trained = [
                IGNORED if start < end and stop > begin else token
                for token, (start, stop) in zip(output, spans, strict=True)
            ]
        return [*prompt, *output, eos], [*([IGNORED] * len(prompt)), *trained, eos]

    def _border(self, example: Example, spans: Sequence[tuple[int, int]]) -> int:
        """Index of the output's first token where the question spells a special token, so that the two readings differ."""
        length = len(example.prompt)
        border = bisect_right(spans, length, key=lambda span: span[1])
        if not self._special.search(example.prompt) or spans[border][0] < length:
            raise RefusedError(
                f"tokenizer {self._name}: reads the end of the prompt otherwise when an output follows "
                f"({example.output[:40]!r}); training and evaluation would differ, use another tokenizer"
            )
        return border


def _without_end(encoding: Any) -> list[int]:
    ids: list[int] = encoding.ids
    added = encoding.special_tokens_mask
    end = len(ids)
    while end and added[end - 1]:
        end -= 1
    return ids[:end]
