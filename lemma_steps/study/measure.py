"""Counts the tokens that a file has under the loss; run as a program in the training environment.

python -m lemma_steps.study.measure DATA DATASET_TYPE MODEL SEQUENCE_LEN OUTPUT
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path

from lemma_steps.console import exit_codes
from lemma_steps.training.dataset import open_dataset
from lemma_steps.training.lengths import survey


def main(data: str, dataset_type: str, model: str, sequence_len: str, output: str) -> None:
    """Write the survey of a file as JSON."""
    from transformers import AutoTokenizer

    examples = open_dataset(data, dataset_type).examples
    found = survey(examples, AutoTokenizer.from_pretrained(model), int(sequence_len))
    Path(output).write_text(json.dumps(asdict(found)), encoding="utf-8")
    print(found)


if __name__ == "__main__":
    with exit_codes():
        main(*sys.argv[1:])
