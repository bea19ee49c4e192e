"""The recipe as a user runs it, up to the moment when Axolotl would start; what it starts is drilled in test_drill.py."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import yaml
from train import app, as_value, changed, read_config
from typer.testing import CliRunner

from lemma_steps.errors import RefusedError
from lemma_steps.prompts import inference_prompt
from lemma_steps.training import launch
from lemma_steps.training.machine import Machine

ROOT = Path(__file__).parents[2]
CONFIGS = ROOT / "axolotl_configs"
SMOKE = CONFIGS / "smoke" / "paper.yaml"
LAPTOP = Machine("CPU, 2 cores", 0, 0, 16 * 10**9)
SERVER = Machine("H200", 8, 141 * 10**9, 10**12)


# --- the configuration and --set, in any environment


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1", 1), ("1e-5", 1e-5), ("0.5", 0.5), ("true", True), ("false", False), ("epoch", "epoch"), ("[1, 2]", [1, 2]),
        ("null", None), ("", None), ("a: b: c", "a: b: c"), ("1E3", 1000.0), ("one", "one"), ("[", "["), ("no", "no"), ("On", "On"),
        ("{round: true}", {"round": True}), ("1.5e+2", 150.0), ("e5", "e5"), ("3e", "3e"),
    ],
)  # fmt: skip
def test_values_are_read_as_a_person_means_them(text, value):
    assert as_value(text) == value


def test_changes_reach_any_place(tmp_path):
    path = tmp_path / "c.yaml"
    path.write_text("datasets: [{path: a}]\nseed: 1\n")
    config = read_config(path)
    wanted = {"datasets": [{"path": "b=c"}], "seed": 2, "optim_args": {"block_size": 64}}
    assert changed(config, ["seed=2", "datasets.0.path=b=c", "optim_args.block_size=64"]) == wanted
    assert config == {"datasets": [{"path": "a"}], "seed": 1}


@pytest.mark.parametrize(
    "change", ["seed", "datasets.one.path=b", "datasets.5.path=b", "seed.x=1", "datasets.0.path.x=1"]
)
def test_a_change_without_a_place_is_refused(change):
    with pytest.raises(RefusedError, match=re.escape(f"--set {change}: no such place; write it as KEY=VALUE")):
        changed({"datasets": [{"path": "a"}], "seed": 1}, [change])


def test_accumulation_is_not_for_the_user():
    with pytest.raises(RefusedError, match="--global-batch"):
        changed({}, ["gradient_accumulation_steps=2"])


@pytest.mark.parametrize("content", [None, "", "[1]", "a: [", b"\xff\xfe", "words"])
def test_a_file_that_is_no_configuration_is_refused_in_one_line(tmp_path, content):
    path = tmp_path / "c.yaml"
    if content is not None:
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    done = train(path)
    assert done.exit_code == 2
    assert done.stderr.startswith(f"error: {path}: ")
    assert len(done.stderr.splitlines()) == 1


def train(*arguments):
    """The command in this process."""
    run = CliRunner().invoke(app, [*map(str, arguments)])
    if run.exception and not isinstance(run.exception, SystemExit):
        raise run.exception
    return run


# --- the checks, where Axolotl is installed


def tokenizer_of(*, eos):
    """One token per byte."""
    from tokenizers import Tokenizer, decoders, pre_tokenizers
    from tokenizers.models import BPE
    from transformers import PreTrainedTokenizerFast

    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    base = Tokenizer(BPE({letter: number for number, letter in enumerate([*letters, "<|end|>"])}, []))
    base.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    base.decoder = decoders.ByteLevel()
    tokens = {"eos_token": "<|end|>", "pad_token": "<|end|>"} if eos else {}
    return PreTrainedTokenizerFast(tokenizer_object=base, **tokens)


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    """A Llama of random weights that a CPU trains in no time."""
    pytest.importorskip("axolotl", reason="needs the training environment: --python 3.12 --extra train")
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    folder = tmp_path_factory.mktemp("models") / "tiny"
    torch.manual_seed(0)
    sizes = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2}
    config = LlamaConfig(vocab_size=320, num_key_value_heads=2, max_position_embeddings=2048, eos_token_id=256, **sizes)
    LlamaForCausalLM(config).save_pretrained(folder)
    tokenizer_of(eos=True).save_pretrained(folder)
    return folder


def row(number=0, **changes):
    question, output = (
        f"What is {number} + 1?",
        f" It is {number}. Wait, it is {number + 1}.\nThe answer is: {number + 1}",
    )
    segments = [{"label": False, "text": inference_prompt(question)}, {"label": True, "text": output}]
    return {
        "id": str(number), "method": "lemma", "instruction": question, "input": "", "output": output,
        "error_begin": 1, "error_end": 9, "segments": segments,
    } | changes  # fmt: skip


def write(folder, *rows):
    folder.mkdir(exist_ok=True)
    (folder / "train.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return folder


@pytest.fixture
def start(tmp_path, tiny, monkeypatch):
    """The command on the tiny model and eight rows; `started` are the commands that it would have trained by."""
    started = []

    def run(words, output):
        started.append(words)
        return {"train_runtime": 12.5, "train_loss": 0.5}

    monkeypatch.setattr(launch, "run", run)
    monkeypatch.setattr(Machine, "here", lambda: LAPTOP)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)  # else it tries for half a minute
    write(tmp_path / "data", *map(row, range(8)))

    def start(*arguments, config=SMOKE, data="data", output="run", tokens="<|end|>"):
        fixed = ["--base-model", tiny, "--data", tmp_path / data, "--output", tmp_path / output]
        return train(config, *fixed, "--set", f"special_tokens.pad_token={tokens}", *arguments)

    start.started = started
    return start


def facts(tmp_path):
    return json.loads((tmp_path / "run" / "training.json").read_text())


def test_a_run_is_written_down_and_started(tmp_path, start, tiny):
    changes = ("num_epochs=3", "learning_rate=1e-4", "micro_batch_size=4")
    asked_for = [word for change in changes for word in ("--set", change)]
    done = start(*asked_for)
    assert done.exit_code == 0, done.stderr
    written = facts(tmp_path)
    assert {name: written[name] for name in ("epochs", "gpus", "micro_batch", "accumulation", "global_batch", "steps")} == {
        "epochs": 3.0, "gpus": 0, "micro_batch": 4, "accumulation": 2, "global_batch": 8, "steps": 3,
    }  # fmt: skip
    assert written["learning_rate"] == 1e-4
    assert written["precision"] == {"weights": "fp32", "gradients": "fp32", "optimiser": "fp32 Adam"}
    assert written["data"]["rows"] == 8
    assert written["data"]["over_length"] == 0
    assert written["data"]["trained_tokens"] == sum(len(row(number)["output"]) + 1 for number in range(8))
    asked = [len(inference_prompt(row(number)["instruction"])) for number in range(8)]
    assert written["data"]["tokens"] == written["data"]["trained_tokens"] + sum(asked)
    assert re.fullmatch(r"[0-9a-f]{64}", written["data"]["id"])
    assert re.fullmatch(r"[0-9a-f]{40}(-dirty)?", written["commit"])
    assert written["finished"] == {"seconds": 12.5, "mean_loss": 0.5}
    config = yaml.safe_load((tmp_path / "run" / "axolotl.yaml").read_text())
    assert config["base_model"] == str(tiny)
    assert config["datasets"][0]["path"] == str(tmp_path / "data" / "train.jsonl")
    assert config["datasets"][0]["ds_type"] == "json"
    assert Path(config["dataset_prepared_path"]).parent == Path(config["output_dir"]) == tmp_path / "run"
    assert config["auto_resume_from_checkpoints"] is True
    assert start.started == [launch.command(tmp_path / "run" / "axolotl.yaml", 0)]
    for words in ("8 rows, 0 of them too long", "memory estimated", "global batch 8 = 4 x 2 accumulation x 1 process"):
        assert words in done.stderr
    again = start(*asked_for)
    assert (again.exit_code, len(start.started)) == (0, 1)
    assert "finished already" in again.stderr


def test_a_run_cut_short_says_how_many_epochs_it_has(tmp_path, start):
    assert start("--set", "max_steps=2", "--global-batch", "2", "--set", "num_epochs=3").exit_code == 0
    assert (facts(tmp_path)["steps"], facts(tmp_path)["epochs"]) == (2, 0.5)


def test_a_check_writes_nothing(tmp_path, start):
    done = start("--check")
    assert done.exit_code == 0, done.stderr
    assert "all checks passed" in done.stderr
    assert not (tmp_path / "run").exists()
    assert not start.started


@pytest.mark.parametrize("gpus", [1, 2, 4, 8])
def test_the_papers_batch_is_kept_on_any_number_of_gpus(tmp_path, start, monkeypatch, gpus):
    monkeypatch.setattr(Machine, "here", lambda: SERVER)
    done = start("--gpus", str(gpus), config=CONFIGS / "llama3-8b" / "paper.yaml")
    assert done.exit_code == 0, done.stderr
    config = yaml.safe_load((tmp_path / "run" / "axolotl.yaml").read_text())
    assert config["micro_batch_size"] * config["gradient_accumulation_steps"] * gpus == 256
    assert facts(tmp_path)["global_batch"] == 256
    assert start.started[0][-1] == f"--nproc_per_node={gpus}"
    assert Path(config["deepspeed"]).is_file()


@pytest.mark.parametrize(
    "change", ["deepspeed=null", "deepspeed=axolotl_configs/deepspeed/zero3.json", "micro_batch_size=2"]
)
def test_the_papers_batch_is_kept_whatever_is_changed(tmp_path, start, monkeypatch, change):
    monkeypatch.setattr(Machine, "here", lambda: SERVER)
    done = start("--gpus", "8", "--force", "--set", change, config=CONFIGS / "llama3-8b" / "paper.yaml")
    assert done.exit_code == 0, done.stderr
    config = yaml.safe_load((tmp_path / "run" / "axolotl.yaml").read_text())
    assert config["micro_batch_size"] * config["gradient_accumulation_steps"] * 8 == 256


def test_rows_over_the_length_are_counted_before_training(tmp_path, start):
    long = row(3)
    long["output"] += " and" * 400
    long["segments"][1]["text"] = long["output"]
    write(tmp_path / "data", row(1), long, row(2))
    done = start()
    assert done.exit_code == 0, done.stderr
    assert "3 rows, 1 of them too long and left out" in done.stderr
    assert (facts(tmp_path)["data"]["rows"], facts(tmp_path)["data"]["over_length"]) == (2, 1)


OTHER_PROMPT = [{"label": False, "text": "Question: What is 0 + 1?"}, {"label": True, "text": row()["output"]}]


@pytest.mark.parametrize(
    ("rows", "why"),
    [
        ([], "train.jsonl: the file is empty"),
        ([{"question": "q", "answer": "a"}], "no column instruction"),
        ([row(segments=OTHER_PROMPT)], "have another prompt than this version"),
        ([row(output="")], "hold no text"),
    ],
)
def test_a_set_that_cannot_be_trained_on_is_refused(tmp_path, start, rows, why):
    write(tmp_path / "data", *rows)
    refused(start(), why)
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["--set", "leraning_rate=1"], "leraning_rate"),
        (["--set", "optimizer=adamw_trch"], "adamw_trch"),
        (["--set", "datasets.0.type=lemma_steps.training.respnse"], "respnse"),
        (["--set", "sequence_len=32"], "all 8 rows have more than 32 tokens"),
        (
            ["--set", "micro_batch_size=3", "--global-batch", "15", "--gpus", "2"],
            "this machine has none",
        ),
        (["--set", "datasets.1.path=b"], "no such place"),
        (["--set", "comet_api_key=SECRET"], "comet_api_key holds a secret"),
        (["--set", "val_set_size=0.5"], "val_set_size"),
        (["--set", "dataset_exact_deduplication=true"], "dataset_exact_deduplication"),
        (["--set", "context_parallel_size=2"], "context_parallel_size"),
        (["--set", "datasets.0.shards=10"], "shards"),
        (["--set", "datasets.0.split=train[:5%]"], "split"),
        (["--set", "micro_batch_size=0"], "micro_batch_size"),
        (["--set", "num_epochs=-1"], "num_epochs"),
        (["--base-model", "nobody/nothing-here"], "nobody/nothing-here: cannot be had from the Hub"),
        (["--base-model", "nothing-here"], "nothing-here: no such folder"),
    ],
)
def test_what_does_not_fit_is_refused_in_one_line(tmp_path, start, arguments, why):
    refused(start(*arguments), why)
    assert not (tmp_path / "run").exists()


def test_a_path_that_axolotl_would_read_as_a_pattern_is_refused(tmp_path, start):
    write(tmp_path / "data[1]", row())
    refused(start(data="data[1]"), "as a pattern; rename")


def test_a_set_that_is_not_there_is_refused(start):
    refused(start(data="elsewhere.parquet"), "elsewhere.parquet: no such file")


def test_gpus_that_cannot_make_the_batch_are_refused_with_those_that_can(start, monkeypatch):
    monkeypatch.setattr(Machine, "here", lambda: SERVER)
    refused(
        start("--gpus", "3", config=CONFIGS / "llama3-8b" / "paper.yaml"),
        "use --gpus 2, or another batch with --global-batch 252",
    )
    refused(start("--gpus", "16"), "--gpus 16: this machine has 8")


def test_a_plan_for_gpus_elsewhere(tmp_path, start):
    done = start("--check", "--gpus", "8", config=CONFIGS / "llama3-8b" / "paper.yaml")
    assert done.exit_code == 0, done.stderr
    assert "global batch 256 = 4 x 8 accumulation x 8 GPUs" in done.stderr
    assert "8 GPUs that are not here: memory estimated" in done.stderr


def test_masking_where_nothing_can_be_masked_is_remarked_on(tmp_path, start):
    config = SMOKE.with_name("masked.yaml")
    assert "no row has a wrong step" not in start("--check", config=config).stderr
    write(tmp_path / "data", row(method="sft", error_begin=None, error_end=None))
    assert "no row has a wrong step" in start("--check", config=config).stderr


def test_bare_bf16_weights_are_remarked_on(start):
    assert "lose most updates" in start("--set", "bf16=true", "--check").stderr
    assert "lose most updates" not in start("--check").stderr


def test_an_interrupt_says_where_the_next_start_begins(tmp_path, start, monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(launch, "run", interrupted)
    done = start()
    assert done.exit_code == 3
    assert "the same command again begins anew: nothing was saved yet" in done.stderr


def test_too_little_memory_is_refused_unless_forced(tmp_path, start, monkeypatch):
    monkeypatch.setattr(Machine, "here", lambda: Machine("CPU, 1 core", 0, 0, 10**9))
    refused(start(), "2 GB are estimated, and free memory has 1")
    assert start("--force").exit_code == 0


def test_a_tokenizer_without_an_end_is_refused(tmp_path, start, tiny, monkeypatch):
    import shutil

    folder = tmp_path / "endless"
    shutil.copytree(tiny, folder)
    for path in folder.glob("*token*"):
        path.unlink()
    tokenizer_of(eos=False).save_pretrained(folder)
    refused(start("--base-model", folder), "has no end token")


def test_a_folder_of_another_run_is_refused(tmp_path, start):
    assert start().exit_code == 0
    refused(start("--set", "learning_rate=1e-3"), r"another configuration (learning_rate differs")
    write(tmp_path / "data", row(5))
    refused(start(), "another set")


def refused(done, why):
    assert done.exit_code == 2, done.stderr
    said = done.stderr.splitlines()[-1]
    assert said.startswith("error: ")
    assert why in said
