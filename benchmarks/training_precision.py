"""What the precision of weights and optimiser does to a fine-tuning at the paper's learning rate, on a small real model.

    export UV_PROJECT_ENVIRONMENT=.venv-train
    uv run --python 3.12 --extra train --group smoke recipes/smoke_model.py
    uv run --python 3.12 --extra train --group smoke benchmarks/training_precision.py --data out --steps 20

Trains the same batch in each form, from the same weights, and prints its loss at five points of the way (as the form
computes it; before and after in fp32) and the share of the trained weights whose value is still exactly what it was.
`--layers N` trains the last N layers only: torchao's optimiser takes minutes a step for a whole model on a CPU. The forms
are those of the configurations:

    fp32              fp32 weights, gradients and AdamW states                                          (the reference)
    fp32+autocast     the same, but computed in bf16                                                    (single-gpu)
    bf16              bf16 weights, gradients and AdamW states            (what `bf16: true` alone does; no configuration here)
    bf16+8bit         bf16 weights, 8-bit states of torchao, nearest rounding                           (no configuration here)
    bf16+8bit+sr      the same with stochastic rounding                                                 (single-gpu-8bit)

torchao's optimiser runs uncompiled here: the same arithmetic, without minutes of a C++ compiler.
DeepSpeed's ZeRO keeps fp32 masters and is, in its mathematics, fp32+autocast with bf16 gradients; it is not run here.
"""

from __future__ import annotations

import time
from contextlib import nullcontext
from pathlib import Path
from typing import Annotated, Any

import typer

from lemma_steps.console import exit_codes
from lemma_steps.training.dataset import open_dataset
from lemma_steps.training.encoding import IGNORED, Encoder

FORMS = ("fp32", "fp32+autocast", "bf16", "bf16+8bit", "bf16+8bit+sr")


def batch_of(data: str, tokenizer: Any, rows: int) -> dict[str, Any]:
    """The shortest rows of a set, padded at their ends."""
    import torch
    from torch.nn.utils.rnn import pad_sequence

    examples = sorted(
        open_dataset(data, "lemma_steps.training.response").examples, key=lambda one: len(one.prompt + one.output)
    )
    encoded = Encoder(tokenizer)(examples[:rows])
    padding = {"input_ids": tokenizer.pad_token_id or 0, "labels": IGNORED, "attention_mask": 0}
    return {
        name: pad_sequence([torch.tensor(row) for row in encoded[name]], batch_first=True, padding_value=value)
        for name, value in padding.items()
    }


def optimiser_of(form: str, parameters: Any, learning_rate: float) -> Any:
    """AdamW without weight decay, as the configurations have it."""
    import torch

    if "8bit" not in form:
        return torch.optim.AdamW(parameters, lr=learning_rate, weight_decay=0.0)
    from torchao.optim import AdamW8bit

    torch.compile = lambda function, **_: function
    return AdamW8bit(parameters, lr=learning_rate, weight_decay=0.0, bf16_stochastic_round=form.endswith("sr"))


def measure(
    form: str, model_name: str, batch: dict[str, Any], steps: int, learning_rate: float, layers: int | None
) -> dict[str, Any]:
    """Train one form; losses are of the batch that is trained on."""
    import torch
    from transformers import AutoModelForCausalLM

    def loss_in_fp32(weights: dict[str, Any]) -> float:
        judge = AutoModelForCausalLM.from_pretrained(model_name, dtype=torch.float32)
        judge.load_state_dict({name: value.float() for name, value in weights.items()})
        with torch.no_grad():
            return judge(**batch).loss.item()

    torch.manual_seed(0)
    width = torch.bfloat16 if form.startswith("bf16") else torch.float32
    model = AutoModelForCausalLM.from_pretrained(model_name, dtype=width)
    if layers:
        model.requires_grad_(False)
        model.model.layers[-layers:].requires_grad_(True)
    trained = {name: value for name, value in model.named_parameters() if value.requires_grad}
    before = {name: value.detach().clone() for name, value in trained.items()}
    first = loss_in_fp32(model.state_dict())
    optimiser = optimiser_of(form, trained.values(), learning_rate)
    curve = []
    begun = time.perf_counter()
    for _ in range(steps):
        with torch.autocast("cpu", torch.bfloat16) if form.endswith("autocast") else nullcontext():
            loss = model(**batch).loss
        curve.append(loss.item())
        loss.backward()
        torch.nn.utils.clip_grad_norm_(trained.values(), 1.0)
        optimiser.step()
        optimiser.zero_grad()
    seconds = time.perf_counter() - begun
    still = sum((value == before[name]).sum().item() for name, value in trained.items())
    total = sum(value.numel() for value in before.values())
    points = [curve[round(part * (steps - 1) / 4)] for part in range(1, 4)]
    losses = [first, *points, loss_in_fp32(model.state_dict())]
    return {"losses": losses, "unmoved": still / total, "trained": total, "seconds": seconds / steps}


def main(
    data: Annotated[
        str, typer.Option(help="A set that recipes/lemma.py wrote; its shortest rows are the batch.")
    ] = "out",
    model: Annotated[str, typer.Option(help="Folder or name on the Hub.")] = "out/models/SmolLM2-135M-Instruct",
    steps: Annotated[int, typer.Option(min=1)] = 20,
    rows: Annotated[int, typer.Option(min=1)] = 8,
    learning_rate: Annotated[float, typer.Option(help="Constant; the paper's.")] = 1e-5,
    layers: Annotated[
        int | None, typer.Option(min=1, help="Train the last N layers only; default: all weights.")
    ] = None,
    form: Annotated[list[str] | None, typer.Option(help=f"One of {', '.join(FORMS)}; default: all.")] = None,
) -> None:
    """Print one table row per form."""
    with exit_codes():
        from transformers import AutoTokenizer

        batch = batch_of(data, AutoTokenizer.from_pretrained(model), rows)
        trained = int((batch["labels"] != IGNORED).sum())
        print(f"{Path(model).name}, {steps} steps at {learning_rate:g}, {rows} rows, {trained} trained tokens\n")
        print("| form | loss before, on the way, after | weights unmoved | s/step |\n| --- | --- | --- | --- |")
        for name in form or FORMS:
            try:
                got = measure(name, model, batch, steps, learning_rate, layers)
            except (ImportError, RuntimeError) as error:  # an optimiser that this machine cannot run
                print(f"| {name} | not measured: {str(error).strip().splitlines()[0]} | | |", flush=True)
                continue
            losses = ", ".join(f"{loss:.3f}" for loss in got["losses"])
            print(f"| {name} | {losses} | {got['unmoved']:.1%} | {got['seconds']:.1f} |", flush=True)


if __name__ == "__main__":
    typer.run(main)
