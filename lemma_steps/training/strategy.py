"""What our dataset types are to Axolotl: a set goes in, token ids and labels come out, or the run ends with one line."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from axolotl.prompt_tokenizers import DatasetWrappingStrategy
from axolotl.utils.logging import get_logger
from datasets import Dataset

from lemma_steps.errors import RefusedError
from lemma_steps.training.encoding import Encoder
from lemma_steps.training.examples import Examples
from lemma_steps.training.run_folder import FACTS

LOG = get_logger(__name__)


class Strategy(DatasetWrappingStrategy):
    """Encodes one entry of `datasets`.

    Args:
        kind: a key of `examples.COLUMNS`.
        tokenizer: as Axolotl has made it ready, special tokens of the configuration included.
        cfg: the whole configuration; `sequence_len`, `excess_length_strategy` and `train_on_inputs` count.
        ds_cfg: the entry of `datasets`; its `path` names the set in messages.

    Raises:
        SystemExit: with code 2, after one line on what is wrong: under `axolotl train` nobody else would catch it.
    """

    def __init__(self, kind: str, tokenizer: Any, cfg: Mapping[str, Any], ds_cfg: Mapping[str, Any]) -> None:
        self._kind, self._cfg, self._where = kind, cfg, str(ds_cfg["path"])
        with _one_line():
            self._encode = Encoder(tokenizer)
            if cfg.get("train_on_inputs"):
                raise RefusedError(
                    f"train_on_inputs: type lemma_steps.training.{kind} never trains on the prompt; leave the key out"
                )

    def wrap_dataset(
        self, dataset: Dataset, process_count: int | None = None, keep_in_memory: bool | None = False, **_: Any
    ) -> Dataset:
        """The set with `input_ids`, `labels` and `attention_mask` in place of its columns, in the same order.

        The tokenizer's own threads encode a batch; `process_count` is not used.
        """
        with _one_line():
            if not isinstance(dataset, Dataset):
                raise RefusedError(
                    f"{self._where}: streamed sets cannot be checked before training; leave streaming out"
                )
            examples = Examples(dataset, self._kind, self._where)
            if self._kind == "published":
                LOG.info(f"{self._where}: the instructions are {examples.wrapper or 'bare'} ones")
            encoded = dataset.map(
                lambda batch: self._encode([*map(examples.example, _rows(batch))]),
                batched=True,
                remove_columns=dataset.column_names,
                keep_in_memory=bool(keep_in_memory),
                load_from_cache_file=False,  # its key does not know the version of this code
                desc="Encoding rows",
            )
            self._check_lengths(encoded)
            return encoded

    def tokenize_prompt(self, prompt: Mapping[str, Any]) -> dict[str, list[int]]:
        """One row's `input_ids`, `labels` and `attention_mask`, as Axolotl's strategies for single rows give them."""
        with _one_line():
            encoded = self._encode([*Examples([prompt], self._kind, self._where)])
            return {name: rows[0] for name, rows in encoded.items()}

    def _check_lengths(self, encoded: Dataset) -> None:
        limit, what = self._cfg["sequence_len"], self._cfg.get("excess_length_strategy") or "drop"
        lengths = [len(ids) for batch in encoded.select_columns("input_ids").iter(1000) for ids in batch["input_ids"]]
        over = sum(length > limit for length in lengths)
        self._check_counted(len(lengths), over, sum(length for length in lengths if length <= limit))
        said = f"{self._where}: {over:,} of {len(lengths):,} rows have more than {limit:,} tokens (at most {max(lengths):,})"
        if over == len(lengths) or (over and what != "drop"):
            raise RefusedError(f"{said}; raise sequence_len, or leave them out with excess_length_strategy: drop")
        (LOG.warning if over else LOG.info)(f"{said}{' and are left out' if over else ''}")

    def _check_counted(self, rows: int, over: int, tokens: int) -> None:
        """Whatever reads the rows between the checks of recipes/train.py and here: they are those that were counted there."""
        file = Path(str(self._cfg.get("output_dir"))) / FACTS
        if not file.is_file():
            return  # plain `axolotl train`
        counted = json.loads(file.read_text(encoding="utf-8"))["data"]
        if (counted["rows"], counted["over_length"], counted["tokens"]) != (rows - over, over, tokens):
            raise RefusedError(
                f"{self._where}: {rows:,} rows with {tokens:,} tokens came in, other than those of {file}; give a new "
                "--output, and clear the cache of the datasets library if that does not help"
            )


def _rows(batch: Mapping[str, list[Any]]) -> Iterator[dict[str, Any]]:
    return (dict(zip(batch, values, strict=True)) for values in zip(*batch.values(), strict=True))


@contextmanager
def _one_line() -> Iterator[None]:
    try:
        yield
    except RefusedError as error:
        print(f"error: {error}", file=sys.stderr, flush=True)
        raise SystemExit(2) from None
