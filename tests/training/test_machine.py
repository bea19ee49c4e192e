"""Memory and name of the GPUs without a context on one of them; the machine's memory, also in a container."""

from __future__ import annotations

import os
import sys
from types import SimpleNamespace

import pytest

from lemma_steps.training import machine as module
from lemma_steps.training.machine import Machine


@pytest.fixture
def here(monkeypatch, tmp_path):
    """`Machine.here` with so many GPUs as torch sees, what nvidia-smi prints (None: there is none), and a container's limit."""

    def here(gpus, said=None, limit=None):
        def refuse(*_):
            raise AssertionError("this would open a context")

        asked = refuse if said else lambda _: (7, 8)
        cuda = SimpleNamespace(device_count=lambda: gpus, mem_get_info=asked, get_device_name=lambda _: "torch's")
        monkeypatch.setitem(sys.modules, "torch", SimpleNamespace(cuda=cuda))
        memory = SimpleNamespace(available=10**10)
        monkeypatch.setitem(sys.modules, "psutil", SimpleNamespace(virtual_memory=lambda: memory))
        monkeypatch.setenv("PATH", str(tmp_path))
        if said:
            program = tmp_path / "nvidia-smi"
            program.write_text(
                f"#!{sys.executable}\nimport sys\nif '--id=1' in sys.argv: print('5000, one')\nelse: print({said!r})\n"
            )
            program.chmod(0o755)
        monkeypatch.setattr(module, "_CONTAINER_LIMIT", tmp_path / "memory.max")
        if limit:
            (tmp_path / "memory.max").write_text(f"{limit}\n")
        return Machine.here()

    return here


def test_a_machine_without_gpus_is_its_memory(here):
    assert here(0) == Machine(f"CPU, {os.cpu_count()} cores", 0, 0, 10**10)


def test_the_smallest_gpu_counts(here):
    said = "143771, NVIDIA H200\n81559, NVIDIA H100 80GB HBM3"
    assert here(2, said) == Machine("NVIDIA H100 80GB HBM3", 2, 81559 * 2**20, 10**10)


def test_a_hidden_gpu_does_not_count(here, monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "1")
    assert here(1, "4096, display\n5000, one") == Machine("one", 1, 5000 * 2**20, 10**10)


@pytest.mark.parametrize("said", [None, "No devices were found", "[N/A], GPU"])
def test_without_nvidia_smi_torch_is_asked(here, said, monkeypatch):
    monkeypatch.setattr(module.subprocess, "run", lambda *_, **__: SimpleNamespace(stdout=said)) if said else None
    assert here(1) == Machine("torch's", 1, 7, 10**10)


@pytest.mark.parametrize(("limit", "free"), [("max", 10**10), (4 * 10**9, 4 * 10**9), (10**12, 10**10)])
def test_a_containers_limit_counts(here, limit, free):
    assert here(0, limit=limit).host_bytes == free
