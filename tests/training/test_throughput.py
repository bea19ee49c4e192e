"""The training benchmark: what it counts, and that it runs on a CPU from end to end."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

sys.path.append(str(Path(__file__).parents[2] / "benchmarks"))

import training
from training_work import MEAN_OUTPUT, MEAN_PROMPT, MULTIPLE, Row, Shape, pack, padded_length, synthetic_rows

from lemma_steps.training.configs.catalogue import parameters, read

LENGTHS = st.lists(st.integers(1, 4096), min_size=1, max_size=80)
QUICK = {"sequence_len": 128}


@pytest.fixture
def loop_module():
    pytest.importorskip("torch", reason="torch is in the environments for training and evaluation")
    pytest.importorskip("transformers", reason="transformers is in the environments for training and evaluation")
    import training_loop

    return training_loop


def test_the_parameters_of_products_are_all_but_embedding_and_norms():
    for slug, model in read("models").items():
        shape = model["shape"]
        if not (shape.get("bias") or shape.get("head_norms")):
            embedding = 0 if shape["tied"] else shape["vocabulary"] * shape["hidden"]
            norms = (2 * shape["layers"] + 1) * shape["hidden"]
            assert Shape.of(shape).matrix_parameters == parameters(slug) - embedding - norms, slug


def test_operations_by_hand():
    shape = Shape(hidden=4, layers=1, heads=2, kv_heads=1, head=2, intermediate=3, vocabulary=5)
    # query and output 4x4, key and value 4x2, three of the MLP 4x3, the output head 4x5
    assert shape.matrix_parameters == 2 * 16 + 2 * 8 + 3 * 12 + 20 == 104
    # a token is multiplied and added once forward and twice backward: 6 x 104. The second of two tokens attends to two:
    # three pairs of width 4, for scores and for values, 2 operations each, forward and twice backward
    assert shape.flops([2]) == 2 * 6 * 104 + 3 * 4 * 2 * 2 * 3
    assert shape.flops([2, 2]) == 2 * shape.flops([2]) < shape.flops([4])


def test_the_8b_figure_is_about_six_operations_per_parameter_and_token():
    shape = Shape.of(read("models")["llama3-8b"]["shape"])
    assert shape.matrix_parameters == 7_504_658_432
    assert 1.0 < shape.flops([700]) / (6 * shape.matrix_parameters * 700) < 1.02


def test_torch_counts_the_same_operations(loop_module):
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    loop = loop_module.Loop(training.TINY, training.read_configs("tiny", QUICK)[1], "cpu")
    loop.use({"attn_implementation": "eager"})
    length, shape = 48, training.TINY
    ids = torch.randint(3, shape.vocabulary, (1, length))
    with FlopCounterMode(display=False) as counter:
        loop.model(input_ids=ids, labels=ids, use_cache=False).loss.backward()
    # eager attention computes all pairs, of which a causal model needs `length + 1` in `2 x length`
    every_pair = 12 * shape.layers * shape.heads * shape.head * length**2
    needed = every_pair * (length + 1) // (2 * length)
    assert counter.get_total_flops() == shape.flops([length]) - needed + every_pair


@given(LENGTHS, st.integers(4096, 20_000))
def test_packing_holds_every_row_once_in_sequences_that_are_not_too_long(lengths, capacity):
    rows = [Row(0, length) for length in lengths]
    packed = pack(rows, capacity)
    assert sorted(row.length for some in packed for row in some) == sorted(lengths)
    assert all(sum(row.length for row in some) <= capacity for some in packed)
    fullest = sorted(sum(row.length for row in some) for some in packed)
    assert all(fullest[0] + some > capacity for some in fullest[1:])


@given(LENGTHS)
def test_padding_is_the_least_multiple(lengths):
    width = padded_length([Row(0, length) for length in lengths])
    assert width % MULTIPLE == 0
    assert 0 <= width - max(lengths) < MULTIPLE


def test_synthetic_rows_are_about_as_long_as_the_papers():
    rows = synthetic_rows(20_000, 4096)
    assert sum(row.length - row.prompt for row in rows) / len(rows) == pytest.approx(MEAN_OUTPUT, rel=0.02)
    assert sum(row.prompt for row in rows) / len(rows) == pytest.approx(MEAN_PROMPT, rel=0.02)
    assert max(row.length for row in rows) <= 4096
    assert rows[:50] == synthetic_rows(50, 4096) != synthetic_rows(50, 4096, seed=1)


def test_packed_and_unpacked_have_the_same_loss(loop_module):
    loop = loop_module.Loop(training.TINY, training.read_configs("tiny", QUICK)[1], "cpu")
    loop.use({"attn_implementation": "sdpa"})
    rows = [Row(3, 30), Row(9, 70), Row(1, 11)]
    texts = [loop.tokens(row) for row in rows]
    made = [loop_module.unpacked_batch(rows, texts), loop_module.packed_batch(rows, texts)]
    with loop_module.torch.no_grad():
        alone, together = [float(loop.model(**batch, use_cache=False).loss) for batch in made]
    assert alone == pytest.approx(together, abs=1e-5)


def test_the_loop_learns(loop_module):
    config = training.read_configs("tiny", QUICK | {"learning_rate": 0.01})[1]
    loop = loop_module.Loop(training.TINY, config, "cpu")
    loop.use(config)
    rows = [Row(3, 30), Row(9, 40)]
    batch = loop_module.packed_batch(rows, [loop.tokens(row) for row in rows])
    losses = [loop.step([batch]) for _ in range(12)]
    assert losses[-1] < losses[0] / 2


@pytest.mark.parametrize("bf16", [False, True])
def test_a_tiny_run_measures_both_halves(loop_module, monkeypatch, capsys, tmp_path, bf16):
    told = ["--sequences", "6", "--steps", "1", "--set", "sequence_len=128", "--set", "gradient_checkpointing=true"]
    told += ["--set", f"bf16={str(bf16).lower()}", "--json", str(tmp_path / "figures.json")]
    monkeypatch.setattr(sys, "argv", ["training.py", "--model", "tiny", *told])
    training.main()
    found = json.loads(capsys.readouterr().out)
    assert found == json.loads((tmp_path / "figures.json").read_text())
    assert found["matrix_precision"] == ("bfloat16" if bf16 else "float32")
    for half in (found["unpacked"], found["packed"]):
        assert half["tokens_per_s"] > half["trained_tokens_per_s"] > 0
        assert half["utilisation"] == pytest.approx(half["model_tflops_per_s"] / found["matrix_tflops_per_s"])
        assert half["first_loss"] == pytest.approx(5.55, abs=0.2)  # ln 256: random weights know nothing
        assert half["hours_of_the_papers_run"] is None
    assert found["unpacked"]["padding_share"] > found["packed"]["padding_share"] == 0
    assert found["packed_to_unpacked"] == pytest.approx(
        found["packed"]["tokens_per_s"] / found["unpacked"]["tokens_per_s"]
    )


def test_out_of_memory_keeps_what_was_measured(loop_module, monkeypatch, capsys):
    def full(*_):
        raise loop_module.torch.OutOfMemoryError("CUDA out of memory.\nmore")

    monkeypatch.setattr(loop_module, "packed_batch", full)
    monkeypatch.setattr(
        sys, "argv", ["training.py", "--model", "tiny", "--sequences", "2", "--steps", "1", "--set", "sequence_len=128"]
    )
    with pytest.raises(SystemExit, match="out of memory; try"):
        training.main()
    found = json.loads(capsys.readouterr().out)
    assert found["out_of_memory"] == "CUDA out of memory."
    assert "unpacked" in found
    assert "packed" not in found


def test_the_halves_are_the_configurations():
    shape, plain, packed = training.read_configs("llama3-8b", {})
    assert shape == Shape.of(read("models")["llama3-8b"]["shape"])
    folder = training.ROOT / "axolotl_configs/llama3-8b"
    assert plain == yaml.safe_load((folder / "single-gpu.yaml").read_text())
    kernels = yaml.safe_load((folder / "packed.yaml").read_text())
    assert plain["optimizer"] == "adamw_torch_fused"  # the other form needs 4 more bytes per parameter and does not fit
    assert packed["sample_packing"] is True
    assert packed["liger_fused_linear_cross_entropy"] is True
    assert {key for key in packed if packed[key] != plain.get(key)} <= {"sample_packing", *training.PACKING}
    assert all(packed[key] == kernels[key] for key in training.PACKING)
    assert training.read_configs("llama3-8b", {"liger_rope": False})[2]["liger_rope"] is False


def test_what_is_not_installed_is_said(loop_module):
    loop = loop_module.Loop(training.TINY, training.read_configs("tiny", QUICK)[1], "cpu")
    loop.use(training.read_configs("llama3-8b", {})[2])
    assert [note.split(" ")[0] for note in loop.notes] == ["flash_attention_2", "Liger"]
    loop.use({})
    assert loop.notes == []


@pytest.mark.parametrize(
    "change", [{"deepspeed": "zero2.json"}, {"adapter": "lora"}, {"optimizer": "adamw_torch_8bit"}], ids=str
)
def test_a_configuration_that_the_loop_does_not_drive_is_refused(loop_module, change):
    with pytest.raises(SystemExit, match="the plain loop drives full fine-tuning on one GPU"):
        training.run("tiny", QUICK | change, 1, 2, "cpu", 0)


@pytest.mark.parametrize(
    ("told", "said"), [("--model nothing --device cpu", "no such file"), ("--steps 0", "2"), ("--sequences 0", "2")]
)
def test_bad_requests_are_refused(monkeypatch, loop_module, told, said):
    monkeypatch.setattr(sys, "argv", ["training.py", *told.split()])
    with pytest.raises(SystemExit, match=said):
        training.main()


def test_without_torch_the_remedy_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(SystemExit, match="install torch and transformers"):
        training.run("tiny", {}, 1, 2, "cpu", 0)
