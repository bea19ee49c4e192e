"""Train a tiny bf16 model for ten steps at 1e-5 through DeepSpeed on this CPU, and print what it keeps in which precision.

    DS_ACCELERATOR=cpu RANK=0 LOCAL_RANK=0 WORLD_SIZE=1 MASTER_ADDR=127.0.0.1 MASTER_PORT=29511 \
        python tests/training/deepspeed_engine.py FILE.json ...

Prints one line of JSON: file -> precisions, and how far the masters moved in the mean, in units of the learning rate. A process of its
own, because DeepSpeed settles device and process group once.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import deepspeed
import torch
from transformers import LlamaConfig, LlamaForCausalLM

RATE, STEPS, ADDED = 1e-5, 10, 4


def tiny_model() -> LlamaForCausalLM:
    torch.manual_seed(0)
    sizes = {
        "hidden_size": 64,
        "intermediate_size": 128,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "vocab_size": 256,
    }
    return LlamaForCausalLM(LlamaConfig(**sizes)).to(torch.bfloat16)


def filled(settings: dict[str, Any]) -> dict[str, Any]:
    """The file with numbers where transformers puts them for `auto`."""
    sizes = {"train_batch_size": ADDED, "train_micro_batch_size_per_gpu": 1, "gradient_accumulation_steps": ADDED}
    filling = {**sizes, "gradient_clipping": 1.0, "lr": RATE, "betas": [0.9, 0.999], "eps": 1e-8, "weight_decay": 0.0}

    def fill(value: Any, name: str = "") -> Any:
        if isinstance(value, dict):
            return {key: fill(inner, key) for key, inner in value.items()}
        return filling[name] if value == "auto" else value

    return fill(settings)


def batches() -> list[torch.Tensor]:
    generator = torch.Generator().manual_seed(1)
    return [torch.randint(0, 256, (1, 32), generator=generator) for _ in range(STEPS * ADDED)]


def masters_of(optimiser: Any) -> list[torch.Tensor]:
    names = ("fp32_partitioned_groups_flat", "single_partition_of_fp32_groups")
    return next(list(getattr(optimiser, name)) for name in names if hasattr(optimiser, name))


def trained(path: Path) -> dict[str, Any]:
    settings, model = filled(json.loads(path.read_text(encoding="utf-8"))), tiny_model()
    parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]
    plain = None if "optimizer" in settings else torch.optim.AdamW(parameters, lr=RATE, weight_decay=0.0)
    engine, optimiser, _, _ = deepspeed.initialize(
        model=model, optimizer=plain, model_parameters=parameters, config=settings
    )
    before = [master.detach().clone() for master in masters_of(optimiser)]
    for ids in batches():
        engine.backward(engine(input_ids=ids, labels=ids).loss)
        engine.step()
    moved = torch.cat([(new - old).abs() for new, old in zip(masters_of(optimiser), before, strict=True)])
    kept = [state[name] for state in optimiser.optimizer.state.values() for name in ("exp_avg", "exp_avg_sq")]
    return {
        "weights": sorted({str(parameter.dtype) for parameter in model.parameters()}),
        "masters": sorted({str(master.dtype) for master in masters_of(optimiser)}),
        "states": sorted({str(state.dtype) for state in kept}),
        "gradients": str(optimiser.gradient_accumulation_dtype),
        "optimiser": type(optimiser.optimizer).__name__,
        "moved": moved.mean().item() / RATE,
    }


def trained_plainly(dtype: torch.dtype) -> dict[str, float]:
    """The same without DeepSpeed: how far the weights moved in the mean, and which share of them did not move at all."""
    model = tiny_model().to(dtype)
    optimiser = torch.optim.AdamW(model.parameters(), lr=RATE, weight_decay=0.0)
    before = [parameter.detach().clone() for parameter in model.parameters()]
    for number, ids in enumerate(batches(), start=1):
        (model(input_ids=ids, labels=ids).loss / ADDED).backward()
        if number % ADDED == 0:
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimiser.step()
            optimiser.zero_grad()
    pairs = zip(model.parameters(), before, strict=True)
    moved = torch.cat([(new - old).abs().float().flatten() for new, old in pairs]).detach()
    return {"moved": moved.mean().item() / RATE, "still": (moved == 0).float().mean().item()}


if __name__ == "__main__":
    deepspeed.init_distributed(dist_backend="gloo", auto_mpi_discovery=False)
    found: dict[str, Any] = {Path(name).stem: trained(Path(name)) for name in sys.argv[1:]}
    found |= {"bf16": trained_plainly(torch.bfloat16), "fp32": trained_plainly(torch.float32)}
    print("found " + json.dumps(found))
