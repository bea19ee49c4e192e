"""What tests of evaluation runs share: rows that stand in for the benchmark sets, and a tiny model."""

from __future__ import annotations

from pathlib import Path

import pytest

STAND_INS = Path(__file__).parents[1] / "fixtures" / "benchmarks"


@pytest.fixture
def stand_ins(monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of stand-in rows; every set is loaded from it."""
    monkeypatch.setenv("LEMMA_DATA", str(STAND_INS))
    monkeypatch.setenv("LEMMA_DIGESTS", str(STAND_INS / "digests.npz"))
    monkeypatch.setenv("LEMMA_DATA_SUBSET", "0")
    return STAND_INS


@pytest.fixture(scope="session")
def tiny_llama(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Llama of random weights with one layer and a byte-level tokenizer that begins with <s>, as a folder; its context is 4,096 tokens."""
    torch = pytest.importorskip("torch", reason="needs the eval extra")
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    folder = tmp_path_factory.mktemp("tiny")
    letters = {letter: number for number, letter in enumerate(sorted(pre_tokenizers.ByteLevel.alphabet()), 2)}
    tokenizer = Tokenizer(models.BPE(vocab={"<s>": 0, "</s>": 1, **letters}, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.post_processor = processors.TemplateProcessing(single="<s> $A", special_tokens=[("<s>", 0)])
    template = "{% for m in messages %}[{{ m['role'] }}]{{ m['content'] }}{% endfor %}[assistant]"
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, bos_token="<s>", eos_token="</s>", pad_token="</s>", chat_template=template
    ).save_pretrained(folder)
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=len(letters) + 2,
        hidden_size=64,
        intermediate_size=64,
        num_hidden_layers=1,
        num_attention_heads=2,
        max_position_embeddings=4096,
        bos_token_id=0,
        eos_token_id=1,
    )
    LlamaForCausalLM(config).save_pretrained(folder)
    return folder
