"""Counts the tokens that a configuration would train on in a file; run as a program in the training environment.

python -m lemma_steps.study.measure CONFIG DATA OUTPUT [BASE_MODEL]
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path

import yaml

from lemma_steps.console import exit_codes
from lemma_steps.training.dataset import open_dataset
from lemma_steps.training.lengths import survey


def main(config: str, data: str, output: str, base_model: str | None = None) -> None:
    """Write the survey of a file as JSON."""
    from transformers import AutoTokenizer

    settings = yaml.safe_load(Path(config).read_text(encoding="utf-8"))
    name = base_model or settings.get("tokenizer_config") or settings["base_model"]
    examples = open_dataset(data, settings["datasets"][0]["type"]).examples
    found = survey(examples, AutoTokenizer.from_pretrained(name), settings["sequence_len"])
    Path(output).write_text(json.dumps(asdict(found)), encoding="utf-8")
    print(found)


if __name__ == "__main__":
    with exit_codes():
        main(*sys.argv[1:])
