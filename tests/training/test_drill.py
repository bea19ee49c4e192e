"""Real training on a CPU: the smallest real weights learn eight rows by heart, in every variant, and survive being killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lemma_steps.prompts import inference_prompt
from lemma_steps.training.history import is_whole, last_checkpoint, losses

pytest.importorskip("axolotl", reason="needs the training environment: --python 3.12 --extra train --group smoke")

ROOT = Path(__file__).parents[2]
SMOKE = ROOT / "axolotl_configs" / "smoke"
VARIANTS = sorted(path.stem for path in SMOKE.glob("*.yaml"))
LEARNS = {"num_epochs": 10, "learning_rate": 1e-4, "sequence_len": 64, "save_strategy": "no"}
"""Ten steps of eight short rows, at ten times the configurations' rate."""

OF_VARIANT = {"lora": {"learning_rate": 5e-3}, "packed": {"sequence_len": 512}}
"""Adapters learn more slowly; eight rows are one packed sequence."""


def row(number):
    question = f"What is {number + 3} times {number + 2}?"
    wrong = f" {number + 3}*{number + 2}={(number + 3) * (number + 2) + 1}."
    output = f"{wrong} Wait, it is {(number + 3) * (number + 2)}.\nThe answer is: {(number + 3) * (number + 2)}"
    return {
        "id": str(number),
        "method": "lemma",
        "instruction": question,
        "input": "",
        "output": output,
        "error_begin": 1,
        "error_end": len(wrong),
        "segments": [{"label": False, "text": inference_prompt(question)}, {"label": True, "text": output}],
    }


@pytest.fixture(scope="session")
def place(tmp_path_factory, smoke_model):
    """A folder laid out as the checkout is: the model and eight rows under `out`."""
    place = tmp_path_factory.mktemp("checkout")
    (place / "out" / "models").mkdir(parents=True)
    (place / "out" / "models" / "SmolLM2-135M-Instruct").symlink_to(smoke_model)
    pq.write_table(pa.Table.from_pylist([row(number) for number in range(8)]), place / "out" / "train.parquet")
    return place


def environment():
    return os.environ | {
        "AXOLOTL_DO_NOT_TRACK": "1",
        "HF_HUB_OFFLINE": "1",
        "OMP_WAIT_POLICY": "PASSIVE",  # threads that spin take a busy machine's cores from those that work
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
    }


def ran(words, place, code=0):
    done = subprocess.run(
        [*map(str, words)], cwd=place, env=environment(), capture_output=True, text=True, timeout=1800
    )
    assert done.returncode == code, done.stdout[-2000:] + done.stderr[-2000:]
    return done


def train_words(variant, output, **changes):
    settings = LEARNS | OF_VARIANT.get(variant, {}) | changes
    words = [sys.executable, ROOT / "recipes" / "train.py", SMOKE / f"{variant}.yaml", "--output", output, "--force"]
    return [*words, "--data", "out", *(word for item in settings.items() for word in ("--set", "{}={}".format(*item)))]


def assert_learned(output, steps=10):
    seen = losses(output)
    assert [step for step, _ in seen] == list(range(1, steps + 1))
    assert seen[-1][1] < seen[0][1] / 2
    assert (output / "model.safetensors").is_file() or (output / "adapter_model.safetensors").is_file()


def test_axolotl_alone_prepares_and_trains_the_paper_variant(place):
    changes = [word for name, value in LEARNS.items() for word in (f"--{name.replace('_', '-')}", value)]
    config = SMOKE / "paper.yaml"
    ran(["axolotl", "preprocess", config, *changes], place)
    assert list((place / "out" / "prepared" / "smoke-paper").glob("*/*.arrow"))
    ran(["axolotl", "train", config, "--launcher", "python", *changes], place)
    assert_learned(place / "out" / "models" / "smoke-paper")


def test_the_recipe_trains_the_masked_variant(place):
    output = place / "masked"  # an epoch is six rows and two
    said = ran([*train_words("masked", output, num_epochs=5), "--global-batch", 6], place).stderr
    assert "8 rows, 0 of them too long" in said
    assert_learned(output)
    facts = json.loads((output / "training.json").read_text())
    assert (facts["steps"], facts["parameters"]) == (10, 134_515_008)
    assert facts["finished"]["seconds"] > 0
    assert not (output / "prepared").exists()


@pytest.mark.long
@pytest.mark.parametrize("variant", [name for name in VARIANTS if name != "masked"])
def test_the_recipe_trains_every_other_variant(place, variant):
    ran(train_words(variant, place / variant), place)
    assert_learned(place / variant)


@pytest.mark.long
def test_a_merged_adapter_is_the_model_that_was_trained(place):
    import torch
    from peft import PeftModel
    from transformers import AutoModelForCausalLM, AutoTokenizer

    output = place / "lora-to-merge"
    ran(train_words("lora", output), place)
    ran(["axolotl", "merge-lora", output / "axolotl.yaml", "--lora-model-dir", output], place)
    base = AutoModelForCausalLM.from_pretrained(place / "out" / "models" / "SmolLM2-135M-Instruct", dtype=torch.float32)
    ids = AutoTokenizer.from_pretrained(output / "merged")(inference_prompt(row(0)["instruction"]), return_tensors="pt")
    with torch.no_grad():
        untrained = base(**ids).logits.clone()
        adapted = PeftModel.from_pretrained(base, output).eval()(**ids).logits
        merged = AutoModelForCausalLM.from_pretrained(output / "merged", dtype=torch.float32)(**ids).logits
    assert (adapted - merged).abs().max() < 0.01 * (adapted - untrained).abs().max()


@pytest.mark.long
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_killed_training_goes_on_from_its_checkpoint_as_if_nothing_had_been(place, number):
    changes = {"save_strategy": "epoch", "num_epochs": 6}
    if not (place / "whole" / "model.safetensors").exists():
        ran(train_words("paper", place / "whole", **changes), place)
    output = place / f"killed-{number.name}"
    words = [*map(str, train_words("paper", output, **changes))]
    process = subprocess.Popen(
        words, cwd=place, env=environment(), stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL
    )
    ends = time.monotonic() + 1200
    while last_checkpoint(output) is None and process.poll() is None:
        assert time.monotonic() < ends
        time.sleep(0.2)
    process.send_signal(number)
    assert process.wait(120) == (3 if number == signal.SIGTERM else -number)
    assert not (output / "model.safetensors").exists()
    torn = output / "checkpoint-99"
    torn.mkdir()
    assert not is_whole(torn)
    assert "goes on from checkpoint-" in ran(words, place).stderr
    assert not torn.exists()
    assert dict(losses(output)) == pytest.approx(dict(losses(place / "whole")), rel=1e-3)
