"""Training speed on one device: tokens per second and model FLOPs utilisation, packed against unpacked, and peak memory.

    python benchmarks/training.py --model llama3-8b --json FILE          one GPU with 141 GB
    python benchmarks/training.py --model tiny                           any CPU, to see that it runs

A Llama of the model's shape with random weights is trained on random tokens by a plain loop with the hyperparameters of
axolotl_configs/MODEL/single-gpu.yaml: first as that file says (without packing), then packed, with attention and kernels
of packed.yaml. It needs torch and transformers, not Axolotl; flash-attn and liger-kernel are used where they are installed
and the configuration asks for them, and what was not there is said. Rows are synthetic: log-normal lengths about the
paper's mean of 623 tokens per solution (training_work.py). Utilisation is of the matrix rate that this device reaches in
this run; the hours of the paper's run are its 88,904 rows three times at the measured speed.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import yaml
from training_work import EPOCHS, ROWS, Row, Shape, pack, synthetic_rows

ROOT = Path(__file__).parent.parent
TINY = Shape(hidden=64, layers=2, heads=4, kv_heads=2, head=16, intermediate=160, vocabulary=256)
PACKING = (
    "attn_implementation",
    "liger_rope",
    "liger_rms_norm",
    "liger_glu_activation",
    "liger_fused_linear_cross_entropy",
)
"""What the packed half takes from packed.yaml."""


def setting(text: str) -> tuple[str, Any]:
    """A key and its YAML value, of KEY=VALUE."""
    key, _, value = text.partition("=")
    return key, yaml.safe_load(value)


def read_configs(model: str, changes: dict[str, Any]) -> tuple[Shape, dict[str, Any], dict[str, Any]]:
    """Shape, the configuration as it is, and the packed one."""
    folder = ROOT / "axolotl_configs" / ("smoke" if model == "tiny" else model)
    plain = folder / ("paper.yaml" if model == "tiny" else "single-gpu.yaml")
    if not plain.is_file():
        raise SystemExit(
            f"{plain}: no such file; --model is tiny or a folder of axolotl_configs with a single-gpu.yaml"
        )
    models = yaml.safe_load((ROOT / "lemma_steps/training/configs/models.yaml").read_text(encoding="utf-8"))
    shape = TINY if model == "tiny" else Shape.of(models[model]["shape"])
    config = yaml.safe_load(plain.read_text(encoding="utf-8")) | changes
    other = yaml.safe_load((folder / "packed.yaml").read_text(encoding="utf-8"))
    return shape, config, config | {key: other.get(key) for key in PACKING} | changes | {"sample_packing": True}


def measure(loop: Any, config: dict[str, Any], shape: Shape, rows: list[list[Row]], rate: float) -> dict[str, Any]:
    """One optimiser step per list of rows; the first warms up and is not counted."""
    import torch
    from training_loop import packed_batch, peak_gb, timed, unpacked_batch

    loop.use(config)
    if loop.device == "cuda":
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()
    micro, limit = config["micro_batch_size"], config["sequence_len"]
    seconds, fed, losses = 0.0, 0, []
    for number, some in enumerate(rows):
        if config["sample_packing"]:
            groups = pack(some, micro * limit)
        else:
            groups = [some[first : first + micro] for first in range(0, len(some), micro)]
        make = packed_batch if config["sample_packing"] else unpacked_batch
        batches = [make(group, [loop.tokens(row) for row in group]) for group in groups]
        took = timed(loop.device, lambda batches=batches: losses.append(loop.step(batches)))
        if number:
            seconds += took
            fed += sum(batch["input_ids"].numel() for batch in batches)
    counted = [row.length for some in rows[1:] for row in some]
    tokens = sum(counted)
    return {
        "tokens_per_s": tokens / seconds,
        "trained_tokens_per_s": sum(row.length - row.prompt for some in rows[1:] for row in some) / seconds,
        "model_tflops_per_s": shape.flops(counted) / seconds / 1e12,
        "utilisation": shape.flops(counted) / seconds / rate,
        "padding_share": 1 - tokens / fed,
        "peak_memory_gb": peak_gb(loop.device),
        "seconds_per_step": seconds / (len(rows) - 1),
        "hours_of_the_papers_run": None if shape == TINY else ROWS * EPOCHS * seconds / len(counted) / 3600,
        "attention": loop.model.config._attn_implementation,
        "first_loss": losses[0],
        "last_loss": losses[-1],
        "notes": loop.notes,
    }


def run(
    model: str, changes: dict[str, Any], steps: int, sequences: int | None, device: str, seed: int
) -> dict[str, Any]:
    """All figures."""
    try:
        import torch
        import transformers
        from training_loop import Loop, matrix_rate
    except ImportError as error:
        raise SystemExit(f"{error}; install torch and transformers (uv sync --extra eval, or --extra train)") from None

    if device == "cuda" and not torch.cuda.is_available():
        raise SystemExit("no GPU that torch can use; --device cpu --model tiny shows that it runs")
    shape, plain, packed = read_configs(model, changes)
    per_step = sequences or plain["micro_batch_size"] * plain["gradient_accumulation_steps"]
    drawn = synthetic_rows(per_step * (steps + 1), plain["sequence_len"], seed)
    rows = [drawn[n : n + per_step] for n in range(0, len(drawn), per_step)]
    precision = torch.bfloat16 if plain.get("bf16") else torch.float32
    rate = matrix_rate(device, precision, (4096, 8192, 16384) if device == "cuda" else (256,))
    found: dict[str, Any] = {
        "model": model,
        "device": torch.cuda.get_device_name() if device == "cuda" else "CPU",
        "torch": torch.__version__,
        "transformers": transformers.__version__,
        "parameters_in_products": shape.matrix_parameters,
        "rows_per_step": per_step,
        "steps_measured": steps,
        "mean_tokens_per_row": sum(row.length for row in drawn) / len(drawn),
        "matrix_tflops_per_s": rate / 1e12,
        "matrix_precision": str(precision).removeprefix("torch."),
    }
    try:
        loop = Loop(shape, plain, device, seed)
        found["unpacked"] = measure(loop, plain | {"sample_packing": False}, shape, rows, rate)
        found["packed"] = measure(loop, packed, shape, rows, rate)
    except torch.OutOfMemoryError as error:
        # what was measured before it stands
        found["out_of_memory"] = str(error).splitlines()[0]
    if "packed" in found:
        found["packed_to_unpacked"] = found["packed"]["tokens_per_s"] / found["unpacked"]["tokens_per_s"]
    return found


def main() -> None:
    """Measure, print and write the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="llama3-8b", help="folder of axolotl_configs, or tiny")
    parser.add_argument(
        "--steps", type=int, default=2, help="optimiser steps to measure in each half, after one to warm up"
    )
    parser.add_argument("--sequences", type=int, help="rows per step; default: the configuration's")
    parser.add_argument("--set", type=setting, action="append", default=[], metavar="KEY=VALUE", help="another setting")
    parser.add_argument("--device", choices=("cuda", "cpu"), help="default: cpu for tiny, else cuda")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path)
    told = parser.parse_args()
    if told.steps < 1 or (told.sequences is not None and told.sequences < 1):
        parser.error("--steps and --sequences begin at 1")
    device = told.device or ("cpu" if told.model == "tiny" else "cuda")
    found = run(told.model, dict(told.set), told.steps, told.sequences, device, told.seed)
    text = json.dumps(found, indent=2)
    print(text)
    if told.json:
        told.json.write_text(text + "\n", encoding="utf-8")
    if "out_of_memory" in found:
        sys.exit("out of memory; try --set micro_batch_size=1 or --set optimizer=adamw_torch_fused")


if __name__ == "__main__":
    main()
