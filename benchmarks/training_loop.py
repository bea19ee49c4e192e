"""A plain training loop over a Llama of random weights, as a configuration of Axolotl's has it; torch and transformers."""

from __future__ import annotations

import resource
import time
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from importlib.util import find_spec
from typing import Any

import torch
from torch import Tensor
from training_work import Row, Shape, padded_length
from transformers import LlamaConfig, LlamaForCausalLM

OPTIMISERS = {"adamw_torch": None, "adamw_torch_fused": True}
"""What the loop knows to drive, and torch's `fused` of it (None: torch chooses, which on a GPU is the for-each form)."""
LIGER = {
    "liger_rope": "rope",
    "liger_rms_norm": "rms_norm",
    "liger_glu_activation": "swiglu",
    "liger_fused_linear_cross_entropy": "fused_linear_cross_entropy",
}


class Loop:
    """Weights and optimiser as the configuration keeps them; batches of random tokens.

    fp32 weights under bf16 autocast without its cache, as lemma_steps/training/fp32_weights.py sets it up for
    `single-gpu`, or fp32 throughout where the configuration says `bf16: false`.
    """

    def __init__(self, shape: Shape, config: dict[str, Any], device: str, seed: int = 0) -> None:
        if config.get("deepspeed") or config.get("adapter") or config["optimizer"] not in OPTIMISERS:
            raise SystemExit(
                "the plain loop drives full fine-tuning on one GPU without DeepSpeed, with "
                f"{' or '.join(OPTIMISERS)}; give such a configuration, or --set optimizer=adamw_torch_fused"
            )
        self.config, self.device = config, device
        torch.manual_seed(seed)
        described = LlamaConfig(
            hidden_size=shape.hidden,
            intermediate_size=shape.intermediate,
            num_hidden_layers=shape.layers,
            num_attention_heads=shape.heads,
            num_key_value_heads=shape.kv_heads,
            head_dim=shape.head,
            vocab_size=shape.vocabulary,
            max_position_embeddings=config["sequence_len"],
            use_cache=False,
            tie_word_embeddings=False,
        )
        with torch.device(device):
            self.model = LlamaForCausalLM._from_config(described, attn_implementation="sdpa", dtype=torch.float32)
        self.model.train()
        if config.get("gradient_checkpointing"):
            self.model.gradient_checkpointing_enable(gradient_checkpointing_kwargs={"use_reentrant": False})
        self.optimiser = torch.optim.AdamW(
            self.model.parameters(),
            lr=float(config["learning_rate"]),
            weight_decay=float(config.get("weight_decay") or 0),
            fused=OPTIMISERS[config["optimizer"]],
        )
        torch.set_autocast_cache_enabled(False)
        self.random = torch.Generator().manual_seed(seed)

    def use(self, config: dict[str, Any]) -> None:
        """Take attention and kernels from a configuration, as far as they are installed; what is not is noted."""
        self.notes: list[str] = []
        wanted = str(config.get("attn_implementation") or "sdpa")
        if wanted.startswith("flash_attention") and not (self.device == "cuda" and find_spec("flash_attn")):
            self.notes.append(f"{wanted} is asked for and not installed: sdpa")
            wanted = "sdpa"
        self.model.set_attn_implementation(wanted)
        kernels = {argument: bool(config.get(key)) for key, argument in LIGER.items()}
        if any(kernels.values()):
            if self.device == "cuda" and find_spec("liger_kernel"):
                from liger_kernel.transformers import apply_liger_kernel_to_llama

                apply_liger_kernel_to_llama(**kernels, cross_entropy=False, model=self.model)
            else:
                self.notes.append("Liger kernels are asked for and not installed, or there is no GPU: none")

    def step(self, batches: Sequence[dict[str, Tensor]]) -> float:
        """One optimiser step over the batches; returns the loss per trained token, as the Trainer does."""
        trained = torch.tensor(
            sum(int((batch["labels"][:, 1:] != -100).sum()) for batch in batches), device=self.device
        )
        total = 0.0
        bf16 = torch.autocast(self.device, torch.bfloat16) if self.config.get("bf16") else nullcontext()
        for batch in batches:
            with bf16:
                moved = {name: part.to(self.device) for name, part in batch.items()}
                loss = self.model(**moved, num_items_in_batch=trained, use_cache=False).loss
            loss.backward()
            total += float(loss.detach())
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), float(self.config.get("max_grad_norm") or 1.0))
        self.optimiser.step()
        self.optimiser.zero_grad(set_to_none=True)
        return total

    def tokens(self, row: Row) -> Tensor:
        """Random tokens of a row."""
        return torch.randint(3, self.model.config.vocab_size, (row.length,), generator=self.random)


def labelled(ids: Tensor, row: Row) -> Tensor:
    """The ids with no loss on the prompt, nor on the first token: packed, it would be predicted from another row."""
    labels = ids.clone()
    labels[: max(1, row.prompt)] = -100
    return labels


def unpacked_batch(rows: Sequence[Row], texts: Sequence[Tensor]) -> dict[str, Tensor]:
    """Rows below each other, padded on the right as Axolotl pads."""
    width = padded_length(rows)
    ids, mask = torch.zeros(len(rows), width, dtype=torch.long), torch.zeros(len(rows), width, dtype=torch.long)
    labels = torch.full((len(rows), width), -100)
    for place, (row, text) in enumerate(zip(rows, texts, strict=True)):
        ids[place, : row.length], mask[place, : row.length] = text, 1
        labels[place, : row.length] = labelled(text, row)
    return {"input_ids": ids, "attention_mask": mask, "labels": labels}


def packed_batch(rows: Sequence[Row], texts: Sequence[Tensor]) -> dict[str, Tensor]:
    """Rows after each other in one sequence. Positions that begin anew are what keeps attention within a row."""
    return {
        "input_ids": torch.cat(list(texts))[None],
        "position_ids": torch.cat([torch.arange(row.length) for row in rows])[None],
        "labels": torch.cat([labelled(text, row) for row, text in zip(rows, texts, strict=True)])[None],
    }


def matrix_rate(device: str, dtype: torch.dtype, sizes: Sequence[int], repeats: int = 10) -> float:
    """Operations per second of the fastest square matrix product; 2 n^3 of them in each."""
    best = 0.0
    for size in sizes:
        left, right = (torch.randn(size, size, device=device, dtype=dtype) for _ in range(2))
        torch.mm(left, right)
        seconds = timed(device, lambda left=left, right=right: [torch.mm(left, right) for _ in range(repeats)])
        best = max(best, 2 * size**3 * repeats / seconds)
    return best


def timed(device: str, work: Callable[[], object]) -> float:
    """Seconds until the device has done the work."""
    if device == "cuda":
        torch.cuda.synchronize()
    begun = time.perf_counter()
    work()
    if device == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter() - begun


def peak_gb(device: str) -> float:
    """GB that were in use at most: of the GPU since the last reset, or of this process since its start."""
    if device == "cuda":
        return torch.cuda.max_memory_allocated() / 1e9
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9
