"""Every committed configuration, through Axolotl's own preparation: the prompt of evaluation, loss where it belongs, one end token.

The base model is a tokenizer of its family, the set is what the recipe writes with one row that is too long.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest

pytest.importorskip("axolotl", reason="needs the train extra")

import pyarrow.parquet as pq
import yaml
from axolotl.cli import config as axolotl_config
from axolotl.common.datasets import load_datasets
from axolotl.utils.dict import DictDefault
from transformers import AutoConfig, AutoTokenizer

from lemma_steps.prompts import inference_prompt
from lemma_steps.training import strategy
from tests.evaluation.tokenizer_families import tokenizer_of

ROOT = Path(__file__).parents[2]
CONFIGS = sorted((ROOT / "axolotl_configs").glob("*/*.yaml"))
FAMILY = {  # tokenizer, model type
    "llama3-8b": ("trained-llama3", "llama"),
    "llama3-70b": ("trained-llama3", "llama"),
    "mistral-7b": ("trained-mistral", "mistral"),
    "deepseekmath-7b": ("trained-deepseek", "llama"),
    "qwen2-math-7b": ("trained-qwen2", "qwen2"),
    "qwen3-1.7b": ("trained-qwen2", "qwen3"),
}
H100 = {"bf16": True, "fp8": True, "tf32": True, "n_gpu": 8, "n_node": 1, "compute_capability": "sm_90"}
TINY = {"hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "vocab_size": 64}


def too_long(row):
    """A row of the same making that no configuration has room for."""
    correction = row["correction"].replace("The answer is", "So it is.\n" * 6000 + "The answer is")
    output = row["erroneous_prefix"] + row["reflection"] + correction
    segments = [row["segments"][0], {"label": True, "text": output}]
    return row | {"id": "long", "correction": correction, "output": output, "segments": segments}


@pytest.fixture(scope="module")
def rows(kept_rows, tmp_path_factory):
    """Kept rows, and the files that configurations are given instead of theirs: ours, and one as the released set is."""
    kept = pq.read_table(kept_rows / "train.parquet")
    table = kept.slice(0, 8).to_pylist()
    folder = tmp_path_factory.mktemp("sets")
    ours, released = folder / "train.parquet", folder / "released.jsonl"
    pq.write_table(kept.from_pylist([*table, too_long(table[0])], schema=kept.schema), ours)
    plain = [
        {"instruction": f"Human: {r['instruction']}\nAssistant:", "input": "", "output": r["output"].strip()}
        for r in table
    ]
    plain.append(plain[0] | {"output": too_long(table[0])["output"]})
    released.write_text("".join(json.dumps(row) + "\n" for row in plain), encoding="utf-8")
    return table, ours, released


@pytest.fixture(scope="module")
def base_models(request, tmp_path_factory):
    """By model folder: a local base model that has a tokenizer and a configuration."""
    made: dict[str, Path] = {}

    def base_model(slug: str) -> Path:
        if slug == "smoke":
            return request.getfixturevalue("smoke_model")
        if slug not in made:
            tokenizer, kind = FAMILY[slug]
            folder = tmp_path_factory.mktemp(slug)
            tokenizer_of(tokenizer).save_pretrained(folder)
            AutoConfig.for_model(kind, **TINY).save_pretrained(folder)
            made[slug] = folder
        return made[slug]

    return base_model


def written(path, base_model, rows, folder):
    """The configuration with a local base model and a local set, and nothing else changed."""
    config = yaml.safe_load(path.read_text(encoding="utf-8"))
    [entry] = config["datasets"]
    released = entry["type"].endswith(".published")
    entry |= {"path": str(rows[2 if released else 1]), "ds_type": "json" if released else "parquet"}
    places = {"dataset_prepared_path": str(folder / "prepared"), "output_dir": str(folder / "out")}
    return config | places | {"base_model": str(base_model)}


@pytest.fixture
def prepare(monkeypatch, tmp_path):
    """What `axolotl preprocess` runs, in this process; gives the finished configuration and the rows as they are trained on."""
    monkeypatch.chdir(ROOT)  # configurations name their DeepSpeed files from here
    monkeypatch.setattr(os, "environ", os.environ.copy())
    monkeypatch.setattr(axolotl_config, "gpu_capabilities", lambda: (H100, {"torch_version": "2.13.0"}))
    monkeypatch.setattr(axolotl_config, "prepare_optim_env", lambda cfg: None)  # DeepSpeed can be set up but once

    def run(config, **environment):
        for name, value in ({"AXOLOTL_IS_PREPROCESS": "1"} | environment).items():
            monkeypatch.setenv(name, value)
        cfg = axolotl_config.load_cfg(DictDefault(config), is_preprocess=True)
        cfg.is_preprocess, cfg.dataset_num_proc = True, None  # no process for so few rows
        return cfg, load_datasets(cfg=cfg)

    return run


def expected(tokenizer, table, kind):
    """Ids and labels of every row, from the tokenizer's answer to the whole text and to the prompt of evaluation alone."""
    for row in table:
        prompt = inference_prompt(row["instruction"])
        whole = tokenizer(prompt + row["output"], return_offsets_mapping=True)
        asked = tokenizer(prompt)["input_ids"]
        begin, end = len(prompt) + row["error_begin"], len(prompt) + row["error_end"]
        wrong = [kind == "masked_response" and a < end and b > begin for a, b in whole["offset_mapping"]]
        ids = whole["input_ids"]
        assert ids[: len(asked)] == asked
        labels = [-100 if n < len(asked) or wrong[n] else token for n, token in enumerate(ids)]
        yield [*ids, tokenizer.eos_token_id], [*labels, tokenizer.eos_token_id]


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_configuration_trains_on_what_evaluation_asks(path, rows, base_models, prepare, tmp_path, monkeypatch):
    said = []
    monkeypatch.setattr(strategy.LOG, "warning", said.append)
    base_model = base_models(path.parent.name)
    config = written(path, base_model, rows, tmp_path)
    prepared = prepare(config)[1].train_dataset
    tokenizer = AutoTokenizer.from_pretrained(base_model)
    [entry] = config["datasets"]
    found = sorted(zip(prepared["input_ids"], prepared["labels"], strict=True))
    assert found == sorted(expected(tokenizer, rows[0], entry["type"].rpartition(".")[2]))
    assert all(ids.count(tokenizer.eos_token_id) == 1 for ids, _ in found)
    [line] = said
    assert f"1 of {len(rows[0]) + 1} rows have more than {config['sequence_len']:,} tokens" in line
    assert line.endswith("and are left out")


def test_rows_that_share_a_packed_sequence_do_not_see_each_other(rows, prepare, tmp_path):
    """Each row's logits and loss in the batch that Axolotl's own trainer makes are those that the row has alone."""
    import torch
    from axolotl.train import setup_model_and_trainer
    from transformers import LlamaConfig, LlamaForCausalLM

    tokenizer = tokenizer_of("trained-llama3")
    folder = tmp_path / "tiny"
    tokenizer.save_pretrained(folder)
    torch.manual_seed(0)
    LlamaForCausalLM(LlamaConfig(**TINY | {"vocab_size": len(tokenizer), "num_hidden_layers": 2})).save_pretrained(
        folder
    )
    config = written(ROOT / "axolotl_configs" / "smoke" / "packed.yaml", folder, rows, tmp_path)
    config["special_tokens"] = {"pad_token": tokenizer.eos_token}
    cfg, found = prepare(config, AXOLOTL_IS_PREPROCESS="0")
    trainer, model, *_ = setup_model_and_trainer(cfg, found)
    batch = {name: value[:1] for name, value in next(iter(trainer.get_train_dataloader())).items()}
    model.eval()
    with torch.no_grad():
        packed = model(**{name: value for name, value in batch.items() if name != "labels"}).logits[0]
        starts = [*(batch["position_ids"][0] == 0).nonzero().flatten().tolist(), len(packed)]
        losses, counts = 0.0, 0
        assert len(starts) > 3
        for begin, end in pairwise(starts):
            ids, labels = (batch[name][:, begin:end] for name in ("input_ids", "labels"))
            alone = model(input_ids=ids, labels=labels)
            torch.testing.assert_close(packed[begin:end], alone.logits[0], atol=1e-5, rtol=1e-4)
            if trained := int((labels != -100).sum()):
                losses, counts = losses + alone.loss.item() * trained, counts + trained
        together = trainer.compute_loss(model, batch).item()
        merged = model(input_ids=batch["input_ids"]).logits[0]  # without the positions that restart, they do
    assert not torch.allclose(merged[starts[1] : starts[2]], packed[starts[1] : starts[2]], atol=1e-3)
    assert counts == sum(label != -100 for label in batch["labels"][0].tolist())
    assert together == pytest.approx(losses / counts, rel=1e-4)


def test_every_model_has_a_tokenizer_here():
    assert CONFIGS
    assert {path.parent.name for path in CONFIGS} == {*FAMILY, "smoke"}


def test_a_spoilt_set_ends_the_command_itself_with_one_line(rows, base_models, tmp_path):
    config = written(ROOT / "axolotl_configs" / "smoke" / "masked.yaml", base_models("mistral-7b"), rows, tmp_path)
    config["datasets"][0] |= {"path": str(rows[2]), "ds_type": "json"}  # the released set has no error columns
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
    command = [Path(sys.executable).parent / "axolotl", "preprocess", tmp_path / "config.yaml"]
    environment = os.environ | {"AXOLOTL_DO_NOT_TRACK": "1", "HF_HUB_OFFLINE": "1"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=600, cwd=ROOT)
    assert done.returncode == 2, done.stderr[-2000:]
    [line] = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
    assert line.startswith(
        f"error: {rows[2]}: no column segments, error_begin, error_end among instruction, input, output;"
    )
    assert "Traceback" not in done.stderr
