"""What trains in which precision, as far as a CPU can show it: DeepSpeed's files, the plugin, the 8-bit optimiser, adapters."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

torch = pytest.importorskip("torch", reason="needs the training environment (uv sync --extra train, Python 3.12)")
pytest.importorskip("axolotl", reason="needs the training environment (uv sync --extra train, Python 3.12)")

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "axolotl_configs"
FILES = sorted((FOLDER / "deepspeed").glob("*.json"))


def found_by_engines(files):
    """What `deepspeed_engine.py` found for each file, and of plain bf16 and fp32."""
    pytest.importorskip("deepspeed", reason="comes with the training environment")
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port = str(listening.getsockname()[1])
    one = {"RANK": "0", "LOCAL_RANK": "0", "WORLD_SIZE": "1", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port}
    environment = os.environ | one | {"DS_ACCELERATOR": "cpu", "OMP_NUM_THREADS": "2"}
    command = [sys.executable, str(Path(__file__).with_name("deepspeed_engine.py")), *map(str, files)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=600, env=environment)
    assert ended.returncode == 0, ended.stderr[-3000:]
    return json.loads(ended.stdout.split("found ")[1].splitlines()[0])


@pytest.fixture(scope="module")
def engines():
    """Of the files whose optimiser is on the device."""
    return found_by_engines([path for path in FILES if "offload" not in path.stem])


@pytest.fixture(scope="module")
def offloaded():
    """Of the others, whose optimiser is compiled first: a minute."""
    return found_by_engines([path for path in FILES if "offload" in path.stem])


@pytest.mark.parametrize(
    ("engine", "name", "optimiser"),
    [
        pytest.param("offloaded", path.stem, "DeepSpeedCPUAdam", marks=pytest.mark.long)
        if "offload" in path.stem
        else ("engines", path.stem, "AdamW")
        for path in FILES
    ],
)
def test_deepspeed_keeps_fp32(request, engine, name, optimiser):
    engines = request.getfixturevalue(engine)
    found = engines[name]
    assert found["weights"] == ["torch.bfloat16"]
    assert found["masters"] == found["states"] == ["torch.float32"]
    assert found["gradients"] == "torch.float32"
    assert found["optimiser"] == optimiser
    assert found["moved"] == pytest.approx(engines["fp32"]["moved"], rel=0.01)


def test_plain_bf16_loses_most_updates(engines):
    assert engines["bf16"]["still"] > 0.5
    assert engines["bf16"]["moved"] < 0.5 * engines["fp32"]["moved"]
    assert engines["fp32"]["still"] < 0.01


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    """A bf16 checkpoint of a few thousand weights with a tokenizer."""
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    folder = tmp_path_factory.mktemp("tiny")
    sizes = {
        "hidden_size": 32,
        "intermediate_size": 64,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "vocab_size": 8,
    }
    LlamaForCausalLM(LlamaConfig(**sizes)).to(torch.bfloat16).save_pretrained(folder)
    words = Tokenizer(
        models.WordLevel({name: place for place, name in enumerate(("</s>", "<unk>", "a", "b"))}, "<unk>")
    )
    words.pre_tokenizer = pre_tokenizers.Whitespace()
    PreTrainedTokenizerFast(tokenizer_object=words, eos_token="</s>", unk_token="<unk>").save_pretrained(folder)
    return folder


@pytest.fixture
def load(tiny, monkeypatch):
    """The model as Axolotl loads it for a configuration of ours; attention without a GPU."""
    from axolotl.integrations.base import PluginManager
    from axolotl.loaders import ModelLoader, load_tokenizer
    from axolotl.utils.config import normalize_config, prepare_plugins, validate_config
    from axolotl.utils.dict import DictDefault

    monkeypatch.chdir(ROOT)
    monkeypatch.setattr(PluginManager.get_instance(), "plugins", type(PluginManager.get_instance().plugins)())
    gpu = {"bf16": True, "n_gpu": 1, "n_node": 1, "compute_capability": "sm_90", "fp8": True, "tf32": True}

    def loaded(path, **changes):
        config = yaml.safe_load((FOLDER / path).read_text(encoding="utf-8"))
        config |= {"base_model": str(tiny), "attn_implementation": "sdpa", "special_tokens": {"pad_token": "</s>"}}
        config = DictDefault({key: value for key, value in (config | changes).items() if value is not None})
        prepare_plugins(config)
        config = validate_config(config, capabilities=gpu, env_capabilities={"torch_version": "2.13.0"})
        normalize_config(config)
        PluginManager.get_instance().cfg = config
        return ModelLoader(config, load_tokenizer(config)).load()[0]

    yield loaded
    torch.set_autocast_cache_enabled(True)


def linear(model):
    """Precisions of the weights that hold nearly all parameters."""
    return {p.dtype for name, p in model.named_parameters() if "proj" in name and "lora" not in name}


def test_bf16_alone_loads_bf16_weights(load):
    assert linear(load("mistral-7b/single-gpu.yaml", plugins=None)) == {torch.bfloat16}


def test_the_plugin_trains_fp32_weights_with_bf16_products(load):
    model = load("mistral-7b/single-gpu.yaml")
    assert {parameter.dtype for parameter in model.parameters()} == {torch.float32}
    assert not torch.is_autocast_cache_enabled()

    products = set()
    model.model.layers[0].mlp.up_proj.register_forward_hook(lambda *call: products.add(call[2].dtype))
    optimiser = torch.optim.AdamW(model.parameters(), lr=1e-5, fused=True)
    before = model.model.layers[0].mlp.up_proj.weight.detach().clone()
    ids = torch.tensor([[2, 3, 2, 0]])
    with torch.autocast("cpu", dtype=torch.bfloat16):
        loss = model(input_ids=ids, labels=ids).loss
    loss.backward()
    optimiser.step()
    assert products == {torch.bfloat16}
    assert {parameter.grad.dtype for parameter in model.parameters()} == {torch.float32}
    states = {state[name].dtype for state in optimiser.state.values() for name in ("exp_avg", "exp_avg_sq")}
    assert states == {torch.float32}
    moved = (model.model.layers[0].mlp.up_proj.weight - before).abs()
    assert moved.mean().item() == pytest.approx(1e-5, rel=0.05)  # Adam's first step is the learning rate


def test_adapters_train_in_fp32(load):
    model = load("mistral-7b/lora.yaml")
    trained = {parameter.dtype for parameter in model.parameters() if parameter.requires_grad}
    assert trained == {torch.float32}
    assert linear(model) == {torch.bfloat16}
    assert all("lora_" in name for name, parameter in model.named_parameters() if parameter.requires_grad)


@pytest.mark.parametrize(("by_chance", "moved"), [(True, 2e-4), (False, 0.0)])
def test_rounding_by_chance_keeps_the_mean_of_updates(monkeypatch, by_chance, moved):
    """Twenty updates of 1e-5 on bf16 weights of 0.5, whose neighbours lie 0.002 and 0.004 away."""
    from torchao.optim import AdamW8bit

    monkeypatch.setattr(torch, "compile", lambda function, **_: function)  # the same arithmetic without a compiler
    torch.manual_seed(0)
    weight = torch.nn.Parameter(torch.full((32, 1024), 0.5, dtype=torch.bfloat16))
    optimiser = AdamW8bit([weight], lr=1e-5, weight_decay=0.0, bf16_stochastic_round=by_chance)
    for _ in range(20):
        weight.grad = torch.ones_like(weight)
        optimiser.step()
    assert 0.5 - weight.detach().float().mean().item() == pytest.approx(moved, rel=0.1, abs=1e-9)
    assert type(optimiser.state[weight]["exp_avg"]).__name__ == "OptimState8bit"
