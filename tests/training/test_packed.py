"""Rows that share a packed sequence do not see each other on a CPU either: Axolotl's own batch, through a model with `sdpa`."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import yaml

pytest.importorskip("axolotl", reason="needs the training environment (uv sync --extra train, Python 3.12)")

import torch
from axolotl.cli import config as axolotl_config
from axolotl.common.datasets import load_datasets
from axolotl.train import setup_model_and_trainer
from axolotl.utils.dict import DictDefault
from transformers import LlamaConfig, LlamaForCausalLM

from tests.evaluation.tokenizer_families import tokenizer_of

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def packed(kept_rows, tmp_path, monkeypatch):
    """The first packed batch that Axolotl makes for smoke/packed.yaml, and the model that it would train."""
    tokenizer = tokenizer_of("trained-llama3")
    sizes = {"hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 2, "num_attention_heads": 4}
    torch.manual_seed(0)
    base = tmp_path / "base"
    LlamaForCausalLM(LlamaConfig(**sizes, vocab_size=len(tokenizer))).save_pretrained(base)
    tokenizer.save_pretrained(base)
    config = yaml.safe_load((ROOT / "axolotl_configs/smoke/packed.yaml").read_text(encoding="utf-8"))
    config["datasets"][0]["path"] = str(kept_rows / "train.parquet")
    config |= {
        "base_model": str(base),
        "special_tokens": {"pad_token": tokenizer.eos_token},
        "sequence_len": 2048,
        "dataset_prepared_path": str(tmp_path / "prepared"),
        "output_dir": str(tmp_path / "out"),
    }
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr(os, "environ", os.environ.copy())
    cfg = axolotl_config.load_cfg(DictDefault(config))
    trainer, model, *_ = setup_model_and_trainer(cfg, load_datasets(cfg=cfg))
    return next(iter(trainer.get_train_dataloader())), model


def test_rows_of_a_packed_sequence_do_not_see_each_other(packed):
    batch, model = packed
    assert model.config._attn_implementation == "sdpa"
    assert "attention_mask" not in batch  # else transformers would not look at the positions
    [ids], [positions] = batch["input_ids"], batch["position_ids"]
    starts = (positions == 0).nonzero().flatten().tolist()
    assert len(starts) > 2
    model.eval()
    with torch.no_grad():
        together = model(input_ids=ids[None], position_ids=positions[None]).logits[0]
        for begin, end in zip(starts, [*starts[1:], len(ids)], strict=True):
            if end - begin > 1:
                alone = model(input_ids=ids[None, begin:end]).logits[0]
                torch.testing.assert_close(together[begin:end], alone, rtol=1e-4, atol=1e-5)
        seen = model(
            input_ids=ids[None], position_ids=positions[None], attention_mask=torch.ones_like(ids)[None]
        ).logits[0]
    assert (seen - together)[starts[1] :].abs().max() > 1e-3  # with a mask of ones they would
