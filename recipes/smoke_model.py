"""Write the small real model that the smoke configurations train: SmolLM2-135M-Instruct, from a package of the Python index.

    UV_PROJECT_ENVIRONMENT=.venv-train uv run --python 3.12 --extra train --group smoke recipes/smoke_model.py

Needs no Hub and no GPU. What is there already and whole is left as it is; licence of the model: Apache-2.0.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from lemma_steps.console import exit_codes, quiet_libraries
from lemma_steps.training.smoke_weights import MODEL, smoke_weights


def main(
    output: Annotated[
        Path, typer.Option(help="Folder to write; the smoke configurations name the default as their base model.")
    ] = Path("out/models") / MODEL,
) -> None:
    """Convert the packaged GGUF file to safetensors that transformers, Axolotl, lm-eval and vLLM load."""
    with exit_codes():
        quiet_libraries()
        os.environ.setdefault("HF_HUB_OFFLINE", "1")
        os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
        typer.echo(f"{output}: written" if smoke_weights(output) else f"{output}: there already")


if __name__ == "__main__":
    typer.run(main)
