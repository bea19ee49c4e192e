"""Bytes per parameter and estimates, against counts by hand."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lemma_steps.errors import RefusedError
from lemma_steps.training.machine import Machine
from lemma_steps.training.memory import ALLOWANCE, Memory
from lemma_steps.training.model_shape import ModelShape
from lemma_steps.training.precision import Precision

LLAMA3_8B = ModelShape(8_030_261_248, 0, layers=32, hidden=4096, intermediate=14_336, vocabulary=128_256)
WITH_LORA = ModelShape(8_030_261_248, 41_943_040, 32, 4096, 14_336, 128_256)
ZERO2 = {"deepspeed": {"bf16": {"enabled": True}, "zero_optimization": {"stage": 2}}}
ZERO3 = {"deepspeed": {"zero_optimization": {"stage": 3}}}
ADDED_UP = {"deepspeed": ZERO2["deepspeed"] | {"data_types": {"grad_accum_dtype": "fp32"}}}
OFFLOADED = {"deepspeed": {"zero_optimization": {"stage": 2, "offload_optimizer": {"device": "cpu"}}}}
OFFLOADED_AND_ADDED_UP = {"deepspeed": OFFLOADED["deepspeed"] | {"data_types": {"grad_accum_dtype": "fp32"}}}
FP32 = {"plugins": ["lemma_steps.training.fp32_weights.Fp32Weights"]}
EIGHT_BIT = {"optimizer": "adamw_torch_8bit", "optim_args": {"bf16_stochastic_round": True}}


@pytest.mark.parametrize(
    ("config", "gpus", "bytes_per_parameter"),
    [
        ({}, 1, 4 + 4 + 8),
        ({"bf16": True}, 1, 2 + 2 + 4),
        ({"bf16": True}, 8, 2 + 2 + 4),  # plain data parallel: every GPU holds all
        ({"bf16": True} | FP32, 1, 4 + 4 + 8),
        ({"bf16": True} | ZERO2, 1, 2 + 2 + 16),
        ({"bf16": True} | ZERO2, 8, 2 + 2 / 8 + 16 / 8),
        ({"bf16": True} | ADDED_UP, 8, 2 + 4 / 8 + 16 / 8),
        ({"bf16": True} | ZERO3, 32, (2 + 2 + 16) / 32),
        ({"bf16": True} | OFFLOADED, 1, 2 + 2),
        ({"bf16": True} | OFFLOADED_AND_ADDED_UP, 1, 2 + 2),
        ({"bf16": True} | EIGHT_BIT, 1, 2 + 2 + 2.1),
    ],
)
def test_bytes_per_parameter_of_full_fine_tuning(config, gpus, bytes_per_parameter):
    memory = Memory.estimate(LLAMA3_8B, config, gpus)
    assert memory.parameters == pytest.approx(bytes_per_parameter * LLAMA3_8B.parameters)
    assert memory.host == (16 * LLAMA3_8B.parameters if "offload_optimizer" in str(config) else 0)


@pytest.mark.parametrize(("loaded", "base"), [({}, 2), ({"load_in_8bit": True}, 1.05), ({"load_in_4bit": True}, 0.55)])
def test_an_adapter_trains_little_on_frozen_weights(loaded, base):
    memory = Memory.estimate(WITH_LORA, {"bf16": True, "adapter": "lora"} | loaded, 1)
    assert memory.parameters == pytest.approx(base * WITH_LORA.parameters + 16 * WITH_LORA.adapter_parameters)


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({}, "weights fp32; gradients fp32; optimiser fp32 Adam"),
        ({"bf16": True}, "weights bf16; gradients bf16; optimiser bf16 Adam"),
        ({"bf16": True} | ZERO2, "weights bf16, fp32 masters; gradients bf16; optimiser fp32 Adam"),
        (
            {"bf16": True} | ADDED_UP,
            "weights bf16, fp32 masters; gradients bf16, added up in fp32; optimiser fp32 Adam",
        ),
        ({"bf16": True} | FP32, "weights fp32, bf16 computation; gradients fp32; optimiser fp32 Adam"),
        (
            {"bf16": True} | EIGHT_BIT,
            "weights bf16, stochastically rounded; gradients bf16; optimiser adamw_torch_8bit (two states of 8bit)",
        ),
    ],
)
def test_precision_in_words(config, words):
    assert str(Precision.of(config)) == words


def test_a_deepspeed_file_is_read_and_its_absence_refused(tmp_path):
    path = tmp_path / "zero2.json"
    with pytest.raises(RefusedError, match=r"zero2\.json: cannot be read"):
        Precision.of({"bf16": True, "deepspeed": str(path)})
    path.write_text(json.dumps(ZERO2["deepspeed"]))
    assert Precision.of({"bf16": True, "deepspeed": str(path)}) == Precision.of({"bf16": True} | ZERO2)


def test_logits_and_activations_by_hand():
    config = {"bf16": True, "micro_batch_size": 4, "sequence_len": 4096, "gradient_checkpointing": True}
    memory = Memory.estimate(LLAMA3_8B, config, 8)
    tokens = 4 * 4096
    assert memory.logits == tokens * 128_256 * (2 + 4 + 4)
    assert memory.activations == tokens * 2 * (32 * 4096 + 10 * 4096 + 4 * 14_336)
    assert memory.total == memory.parameters + memory.activations + memory.logits + ALLOWANCE
    fused = Memory.estimate(LLAMA3_8B, config | {"liger_fused_linear_cross_entropy": True}, 8)
    assert fused.logits == 0


@given(st.integers(1, 16), st.integers(64, 4096), st.sampled_from([{}, ZERO2, ZERO3, FP32, OFFLOADED]))
def test_more_tokens_never_take_less_and_more_gpus_never_more(micro, length, config):
    config = {"bf16": True, "micro_batch_size": micro, "sequence_len": length} | config
    one = Memory.estimate(LLAMA3_8B, config, 1)
    assert Memory.estimate(LLAMA3_8B, config | {"sequence_len": length + 1}, 1).total > one.total
    assert Memory.estimate(LLAMA3_8B, config | {"gradient_checkpointing": True}, 1).total < one.total
    assert Memory.estimate(LLAMA3_8B, config, 8).total <= one.total


@pytest.mark.parametrize(
    ("memory", "machine", "short"),
    [
        (Memory(100e9, 0, 0), Machine("H200", 8, 141 * 10**9, 10**12), None),
        (Memory(140e9, 0, 0), Machine("H200", 8, 141 * 10**9, 10**12), "142 GB are estimated, and each GPU has 141"),
        (Memory(30e9, 0, 0, 128e9), Machine("A100", 1, 80 * 10**9, 100 * 10**9), "128 GB .* free memory of the machine has 100"),
        (Memory(30e9, 0, 0, 64e9), Machine("A100", 1, 80 * 10**9, 100 * 10**9), None),
        (Memory(1e9, 0, 0), Machine("CPU", 0, 0, 4 * 10**9), None),
        (Memory(3e9, 0, 0), Machine("CPU", 0, 0, 4 * 10**9), "5 GB are estimated, and free memory has 4"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused_unless_forced(memory, machine, short):
    if short is None:
        memory.check(machine)
        return
    with pytest.raises(RefusedError, match=short + ".*; use more GPUs"):
        memory.check(machine)
    memory.check(machine, force=True)
