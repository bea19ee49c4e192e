"""Every configuration passes Axolotl's schema and ours; a slip at any depth does not."""

from __future__ import annotations

import copy
from pathlib import Path

import pytest
import yaml

from lemma_steps.errors import RefusedError
from lemma_steps.training.schema import check_config

pytest.importorskip("axolotl", reason="needs the training environment (uv sync --extra train, Python 3.12)")

ROOT = Path(__file__).resolve().parents[2]
FILES = sorted((ROOT / "axolotl_configs").rglob("*.yaml"))


@pytest.fixture(autouse=True)
def checkout(monkeypatch):
    monkeypatch.chdir(ROOT)  # the DeepSpeed files are named from here
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")


@pytest.fixture
def paper():
    return yaml.safe_load((ROOT / "axolotl_configs/llama3-8b/paper.yaml").read_text(encoding="utf-8"))


def put(config, path, value):
    """Set what a dotted path names; numbers are places in lists."""
    *parents, last = path.split(".")
    for name in parents:
        config = config[int(name)] if name.isdigit() else config[name]
    config[last] = value


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_passes(path):
    config = yaml.safe_load(path.read_text(encoding="utf-8"))
    before = copy.deepcopy(config)
    check_config(config, path.name)
    assert config == before


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        ("learning_rat", 1e-5, "learning_rat: Axolotl knows no such key; learning_rate is meant?"),
        ("warm_up", 0.03, "warm_up: Axolotl knows no such key"),
        ("datasets.0.tipe", "x", "datasets[0].tipe: Axolotl knows no such key; type is meant?"),
        ("datasets.0.rejected_format", "x", "datasets[0].rejected_format: Axolotl knows no such key"),
        ("special_tokens.pad_tokn", "x", "special_tokens.pad_tokn: Axolotl knows no such key; pad_token is meant?"),
        ("liger_rope", True, "liger_rope: Axolotl knows no such key"),  # without its plugin nobody reads it
        ("datasets.0.type", "lemma_steps.training.respons", "no such prompt strategy"),
        ("datasets.0.type", "lemma_steps.errors", "no such prompt strategy"),
        ("datasets.0.type", None, "no such prompt strategy"),
        ("optimizer", "adamw_tork", "adamw_tork is unknown to Axolotl; adamw_torch is meant?"),
        ("optimizer", "ao_adamw_8bit", "ao_adamw_8bit is unknown to Axolotl"),
        ("plugins", ["lemma_steps.training.fp32_weights.Fp32Weight"], "cannot be imported"),
        ("plugins", ["no.such.Plugin"], "cannot be imported"),
        ("deepspeed", "axolotl_configs/deepspeed/zero4.json", "zero4.json cannot be read"),
        ("deepspeed", "README.md", "README.md cannot be read"),
        ("num_epochs", "three", "num_epochs"),
        ("datasets", [], "datasets"),
        ("excess_length_strategy", "cut", "excess_length_strategy"),
        ("lr_scheduler", "cosin", "cosin is unknown to Axolotl; cosine is meant?"),
        ("save_strategy", "epochs", "epochs is unknown to Axolotl; epoch is meant?"),
        ("load_in_4bit", "perhaps", "load_in_4bit"),
    ],
)
def test_a_slip_is_refused_in_one_line(paper, path, value, said):
    put(paper, path, value)
    with pytest.raises(RefusedError) as refused:
        check_config(paper, "my.yaml")
    assert str(refused.value).startswith("my.yaml: ")
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_slip_in_an_optimisers_arguments_is_refused(paper):
    paper |= {"optimizer": "adamw_torch_8bit", "optim_args": {"bf16_stochastic_rounding": True}}
    with pytest.raises(RefusedError, match=r"optim_args\.bf16_stochastic_rounding: adamw_torch_8bit takes"):
        check_config(paper, "my.yaml")


def test_a_plugins_keys_are_known_only_where_it_is_named(paper):
    check_config(paper | {"plugins": ["axolotl.integrations.liger.LigerPlugin"], "liger_rope": True}, "packed")
    with pytest.raises(RefusedError, match="liger_rope"):
        check_config(paper | {"liger_rope": True}, "plain")


def test_other_kinds_of_entries_pass(paper):
    paper["datasets"] = [
        {"path": "rows.jsonl", "type": {"field_instruction": "q", "field_output": "a", "format": "{instruction}"}}
    ]
    check_config(paper | {"fsdp_config": {"version": 2, "reshard_after_forward": True}, "deepspeed": None}, "my.yaml")
