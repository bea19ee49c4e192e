"""The configurations are what their base makes of them, say what the paper says, and differ only where they say so."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from lemma_steps.errors import RefusedError
from lemma_steps.training.configs.catalogue import model_shape, parameters, read
from lemma_steps.training.configs.files import config_files, config_paths
from lemma_steps.training.configs.gpus import global_batch, written_for
from lemma_steps.training.configs.render import config_text, settings, values
from lemma_steps.training.memory import Memory

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "axolotl_configs"
EACH = pytest.mark.parametrize(("slug", "variant"), config_paths(), ids=["/".join(path) for path in config_paths()])

PAPER = {  # arXiv 2503.17439 A.3.1, and its published training script
    "sequence_len": 4096,
    "sample_packing": False,
    "gradient_accumulation_steps": 8,
    "micro_batch_size": 4,
    "num_epochs": 3,
    "optimizer": "adamw_torch",
    "lr_scheduler": "cosine",
    "learning_rate": 1e-5,
    "bf16": True,
    "gradient_checkpointing": True,
    "attn_implementation": "flash_attention_2",
    "warmup_ratio": 0.03,
    "save_strategy": "epoch",
    "save_total_limit": 1,
    "weight_decay": 0.0,
    "max_grad_norm": 1.0,
    "val_set_size": 0,
    "deepspeed": "axolotl_configs/deepspeed/zero2.json",
}
NAMED = {"output_dir", "dataset_prepared_path"}  # every file has its own
BATCH = {"micro_batch_size", "gradient_accumulation_steps"}
LIGER = {"plugins", "liger_rope", "liger_rms_norm", "liger_glu_activation", "liger_fused_linear_cross_entropy"}
ADAPTER = {"adapter", "lora_r", "lora_alpha", "lora_dropout", "lora_target_linear", "lora_mlp_kernel"}
ADAPTER |= {"peft_autocast_adapter_dtype"}
DIFFER = {  # from `paper` of the same model
    "packed": {"sample_packing", *BATCH, *LIGER},
    "masked": {"datasets"},
    "lora": {*ADAPTER, *BATCH, "learning_rate", "deepspeed"},
    "single-gpu": {"plugins", *BATCH, "deepspeed", "optimizer"},
    "single-gpu-offload": {*BATCH, "deepspeed"},
    "single-gpu-8bit": {*BATCH, "deepspeed", "optimizer", "optim_args"},
    "published": {"datasets"},
}
QLORA = {"llama3-8b", "llama3-70b", "deepseekmath-7b", "qwen2-math-7b"}
EQUAL = {  # what a variant sets and the model's `paper` has already
    ("smoke", "packed"): LIGER,
    ("smoke", "lora"): {*BATCH, "deepspeed"},
    ("llama3-70b", "packed"): {"micro_batch_size"},
    ("llama3-70b", "lora"): {"micro_batch_size"},
}
SMALL = {
    "bf16",
    "dataset_num_proc",
    "sequence_len",
    "num_epochs",
    "gradient_checkpointing",
    "attn_implementation",
    "logging_steps",
}
MODELS_DIFFER = {  # from llama3-8b, beside names and tokens: in `paper`, and in other variants
    "llama3-70b": ({"micro_batch_size", "deepspeed"}, {"gradient_accumulation_steps"}),
    "smoke": ({*SMALL, *BATCH, "deepspeed"}, LIGER),
}


@pytest.fixture(autouse=True)
def checkout(monkeypatch):
    monkeypatch.chdir(ROOT)  # the DeepSpeed files are named from here


def committed(slug, variant):
    return yaml.safe_load((FOLDER / slug / f"{variant}.yaml").read_text(encoding="utf-8"))


def differing(one, other):
    return {key for key in one.keys() | other.keys() if one.get(key) != other.get(key)}


def test_the_folder_is_what_is_written():
    written = config_files()
    assert {str(path.relative_to(FOLDER)) for path in FOLDER.rglob("*") if path.suffix in {".yaml", ".md"}} == set(
        written
    )
    for name, text in written.items():
        assert (FOLDER / name).read_text(encoding="utf-8") == text, f"{name}: run recipes/build_axolotl_configs.py"


def test_files_are_clean():
    for path in filter(Path.is_file, FOLDER.rglob("*")):
        text = path.read_text(encoding="utf-8")
        assert text.endswith("\n"), path
        assert not text.endswith("\n\n"), path
        assert "\t" not in text, path
        assert all(line == line.rstrip() for line in text.splitlines()), path


@EACH
def test_the_text_says_what_the_settings_say(slug, variant):
    assert yaml.safe_load(config_text(slug, variant)) == values(slug, variant)


@EACH
def test_keys_stand_in_axolotls_order(slug, variant):
    order = [entry["key"] for entry in read("base") if "key" in entry]
    keys = list(committed(slug, variant))
    assert keys == sorted(keys, key=order.index)


@pytest.mark.parametrize("slug", [slug for slug in read("models") if slug not in MODELS_DIFFER])
def test_paper_is_the_papers_run(slug):
    config = committed(slug, "paper")
    assert config | PAPER == config
    assert global_batch(config) == 256
    assert config["datasets"] == [
        {"path": "out/train.parquet", "ds_type": "parquet", "type": "lemma_steps.training.response"}
    ]


@EACH
def test_a_variant_differs_from_paper_only_where_it_says_so(slug, variant):
    if variant == "paper":
        return
    expected = DIFFER[variant] | NAMED | ({"load_in_4bit"} if variant == "lora" and slug in QLORA else set())
    assert differing(committed(slug, variant), committed(slug, "paper")) == expected - EQUAL.get((slug, variant), set())


@EACH
def test_a_model_differs_from_another_only_where_it_says_so(slug, variant):
    if slug == "llama3-8b":
        return
    always, others = MODELS_DIFFER.get(slug, (set(), set()))
    own = NAMED | {"base_model"}
    found = differing(committed(slug, variant), committed("llama3-8b", variant)) - {"special_tokens"}
    if variant == "paper":
        assert found == own | always
    else:
        quantised = {"adapter", "load_in_4bit"} if variant == "lora" and slug not in QLORA else set()
        assert own <= found <= own | always | others | quantised


@EACH
def test_the_global_batch(slug, variant):
    expected = {("smoke", "packed"): 2, ("llama3-70b", "packed"): 64}.get((slug, variant))
    expected = expected or (8 if slug == "smoke" else 48 if variant == "packed" else 256)
    assert global_batch(committed(slug, variant)) == expected


@pytest.mark.parametrize(
    ("deepspeed", "gpus"),
    [(None, 1), ("axolotl_configs/deepspeed/zero2.json", 8), ("/x/zero3.json", 32), ("zero2-offload.json", 1), ({}, 1)],
)
def test_gpus_that_a_file_is_written_for(deepspeed, gpus):
    assert written_for({"deepspeed": deepspeed} if deepspeed is not None else {}) == gpus


@pytest.mark.parametrize("config", [{"deepspeed": "mine.json"}, {"deepspeed": {"bf16": {}}}, {"fsdp_config": {"a": 1}}])
def test_how_many_gpus_is_not_guessed(config):
    with pytest.raises(RefusedError, match="--global-batch"):
        written_for(config)


@EACH
def test_a_full_fine_tune_never_updates_bare_bf16_weights(slug, variant):
    """bf16 alone loses updates of 1e-5: something must keep fp32, or round by chance."""
    config = committed(slug, variant)
    if not config["bf16"] or "adapter" in config:
        return
    plugin = any(name.endswith("Fp32Weights") for name in config.get("plugins", []))
    assert sum([plugin, "deepspeed" in config, config.get("optim_args") == {"bf16_stochastic_round": True}]) == 1


@EACH
def test_padding_is_an_existing_token(slug, variant):
    tokens = read("models")[slug]["tokens"]
    assert committed(slug, variant)["special_tokens"] == {"pad_token": tokens["pad"]}
    assert tokens["pad"] == tokens["eos"]


@pytest.mark.parametrize("path", sorted((FOLDER / "deepspeed").glob("*.json")), ids=lambda path: path.stem)
def test_deepspeed_files_keep_fp32_masters(path):
    settings = json.loads(path.read_text(encoding="utf-8"))
    assert settings["bf16"] == {"enabled": True}  # what makes DeepSpeed keep fp32 masters beside bf16 weights
    assert settings["data_types"] == {"grad_accum_dtype": "fp32"}
    assert settings["gradient_clipping"] == "auto"
    assert settings["zero_optimization"]["stage"] == (3 if path.stem == "zero3" else 2)


@pytest.mark.parametrize(
    ("slug", "count"),  # as the makers' model pages and files give them
    [
        ("llama3-8b", 8_030_261_248),
        ("llama3-70b", 70_553_706_496),
        ("mistral-7b", 7_241_732_096),
        ("deepseekmath-7b", 6_910_365_696),
        ("qwen2-math-7b", 7_615_616_512),
        ("qwen3-1.7b", 1_720_574_976),
        ("smoke", 134_515_008),
    ],
)
def test_parameters(slug, count):
    assert parameters(slug) == count


@EACH
def test_fits_the_gpu_that_it_names(slug, variant):
    hardware = next(line for line in config_text(slug, variant).splitlines() if line.startswith("# Hardware"))
    if "CPU" in hardware:
        return
    gigabytes = int(hardware.split(" GB")[0].rsplit(" ", 1)[1])
    config = values(slug, variant)
    memory = Memory.estimate(model_shape(slug, config.get("lora_r", 0)), config, written_for(config))
    assert memory.total <= 0.92 * gigabytes * 2**30  # what is left is for fragments and what the estimate does not know


@pytest.mark.parametrize("slug", [slug for slug in read("models") if slug != "smoke"])
def test_lora_takes_four_bits_only_where_bf16_does_not_fit(slug):
    whole = {key: value for key, value in values(slug, "lora").items() if key != "load_in_4bit"} | {"adapter": "lora"}
    memory = Memory.estimate(model_shape(slug, whole["lora_r"]), whole, 1)
    card = 80 if slug == "llama3-70b" else 24
    assert (memory.total > 0.85 * card * 2**30) == ("load_in_4bit" in values(slug, "lora")) == (slug in QLORA)


def test_every_setting_of_the_paper_says_where_it_comes_from():
    silent = {
        entry["key"] for entry in settings("llama3-8b", "paper") if not entry.get("why") and not entry.get("above")
    }
    assert silent == {"output_dir", "logging_steps", "datasets"}


@pytest.mark.parametrize("slug", [slug for slug, model in read("models").items() if "paper" in model])
def test_readmes_give_the_papers_scores(slug):
    paper = yaml.safe_load((ROOT / "lemma_steps/evaluation/results/paper.yaml").read_text(encoding="utf-8"))["main"]
    text = (FOLDER / slug / "README.md").read_text(encoding="utf-8")
    for method in ("SFT", "LEMMA"):
        assert f"| {method} | {' | '.join(map(str, paper['models'][read('models')[slug]['paper']][method]))} |" in text


@pytest.mark.parametrize("slug", list(read("models")))
def test_readmes_say_what_each_variant_keeps(slug):
    text = (FOLDER / slug / "README.md").read_text(encoding="utf-8")
    assert "| weights | gradients | optimiser states |" in text
    for variant in read("models")[slug]["variants"]:
        assert f"[{variant}]({variant}.yaml)" in text
        assert f"\n| {variant} | " in text
