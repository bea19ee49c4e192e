"""What this machine can train on."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Self

_CONTAINER_LIMIT = Path("/sys/fs/cgroup/memory.max")


@dataclass(frozen=True, slots=True)
class Machine:
    """Its GPUs, or none.

    Attributes:
        name: the GPU's, or `CPU, N cores`.
        gpus: how many are visible; 0 on a CPU.
        gpu_bytes: free memory of the visible GPU that has least; 0 on a CPU.
        host_bytes: memory of the machine that is free now, or that its container may still take.
    """

    name: str
    gpus: int
    gpu_bytes: int
    host_bytes: int

    @classmethod
    def supposed(cls, gpus: int) -> Self:
        """So many GPUs that are not here, of any size."""
        return cls(f"{gpus} GPUs that are not here", gpus, 2**60, 2**60)

    @classmethod
    def here(cls) -> Self:
        """This one. torch counts the GPUs, `nvidia-smi` tells the rest: asked for it, torch opens a context on a GPU."""
        import psutil
        import torch

        free = psutil.virtual_memory().available
        if (limit := _CONTAINER_LIMIT.read_text().strip() if _CONTAINER_LIMIT.exists() else "max").isdigit():
            free = min(free, int(limit))
        gpus = torch.cuda.device_count()
        if not gpus:
            return cls(f"CPU, {os.cpu_count()} cores", 0, 0, free)
        query = ["nvidia-smi", "--query-gpu=memory.free,name", "--format=csv,noheader,nounits"]
        if visible := os.environ.get("CUDA_VISIBLE_DEVICES"):
            query.append(f"--id={visible}")
        try:
            said = subprocess.run(query, capture_output=True, text=True, check=True, timeout=60).stdout.splitlines()
            mebibytes, _, name = min(said, key=lambda line: int(line.split(",")[0])).partition(", ")
            return cls(name, gpus, int(mebibytes) * 2**20, free)
        except (OSError, subprocess.SubprocessError, ValueError):
            return cls(torch.cuda.get_device_name(0), gpus, torch.cuda.mem_get_info(0)[0], free)
