"""How many sequences one optimiser step sees, and how a number of GPUs makes exactly that many."""

from __future__ import annotations

from lemma_steps.errors import RefusedError


def accumulation(global_batch: int, micro_batch: int, gpus: int) -> int:
    """Batches of `micro_batch` that each of `gpus` GPUs adds up before a step, so that a step sees `global_batch` sequences.

    Raises:
        RefusedError: no whole number does; says which numbers of GPUs work.
    """
    steps, rest = divmod(global_batch, micro_batch * gpus)
    if steps and not rest:
        return steps
    if global_batch % micro_batch:
        raise RefusedError(
            f"a global batch of {global_batch} cannot be made of micro batches of {micro_batch}; "
            f"set micro_batch_size to a divisor of {global_batch}"
        )
    most = global_batch // micro_batch
    work = [number for number in range(1, most + 1) if most % number == 0]
    below = max(number for number in work if number <= max(1, gpus))
    near = max(1, round(global_batch / (micro_batch * gpus))) * micro_batch * gpus
    raise RefusedError(
        f"{gpus} GPUs with micro batches of {micro_batch} cannot make a global batch of {global_batch}; "
        f"use --gpus {below}, or another batch with --global-batch {near}"
    )


def steps(rows: int, epochs: float, global_batch: int) -> int:
    """Optimiser steps of whole epochs without packing: an epoch's last batch is a step too, however small."""
    per_epoch = max(1, -(-rows // global_batch))
    return -int(-epochs * per_epoch // 1)
