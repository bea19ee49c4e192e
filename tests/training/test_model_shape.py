"""Counts of a model without its weights equal those of the model itself."""

from __future__ import annotations

import pytest

from lemma_steps.errors import RefusedError
from lemma_steps.training.model_shape import ModelShape

pytest.importorskip("peft", reason="needs the training environment: --python 3.12 --extra train")


@pytest.fixture(scope="module", params=[True, False], ids=["tied", "untied"])
def model(request):
    from transformers import LlamaConfig, LlamaForCausalLM

    sizes = {"hidden_size": 32, "intermediate_size": 80, "num_hidden_layers": 3, "vocab_size": 320}
    return LlamaForCausalLM(LlamaConfig(num_attention_heads=4, tie_word_embeddings=request.param, **sizes))


def test_shared_parameters_count_once(model, tmp_path):
    model.save_pretrained(tmp_path)
    shape = ModelShape.of(str(tmp_path), {})
    assert shape == ModelShape(sum(p.numel() for p in model.parameters()), 0, 3, 32, 80, 320)


@pytest.mark.parametrize(
    ("config", "targets"),
    [
        ({"lora_r": 4, "lora_target_linear": True}, "all-linear"),
        ({"lora_r": 8, "lora_target_modules": ["q_proj", "down_proj"]}, ["q_proj", "down_proj"]),
    ],
)
def test_an_adapter_has_as_many_parameters_as_peft_makes(model, tmp_path, config, targets):
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    model.save_pretrained(tmp_path)
    adapted = get_peft_model(
        AutoModelForCausalLM.from_pretrained(tmp_path),
        LoraConfig(r=config["lora_r"], target_modules=targets, task_type="CAUSAL_LM"),
    )
    trained = sum(p.numel() for p in adapted.parameters() if p.requires_grad)
    assert ModelShape.of(str(tmp_path), config | {"adapter": "lora"}).adapter_parameters == trained


@pytest.mark.parametrize("config", [None, "{", '{"model_type": "no-such-kind"}'])
def test_what_is_no_model_is_refused_in_one_line(tmp_path, config):
    if config is not None:
        (tmp_path / "config.json").write_text(config)
    with pytest.raises(RefusedError, match=r"^base model .*; give --base-model") as refused:
        ModelShape.of(str(tmp_path), {})
    assert "\n" not in str(refused.value)
