"""What an arm was trained on and how its training went, as recipes/train.py wrote it down."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lemma_steps.errors import RefusedError
from lemma_steps.study.arm import Arm

FACTS = "training.json"
_NEEDED = ("base_model", "data", "epochs", "steps", "global_batch")


@dataclass(frozen=True)
class Trained:
    """One trained model.

    Attributes:
        name: of its arm.
        arm: the arm.
        seed: of its training.
        folder: the model.
        evaluation: what recipes/evaluate.py wrote about it.
        facts: `training.json`.
        losses: (step, loss) as logged.
        short_of: trained tokens per epoch that the arm's set was asked for and could not give; None where it gave them.
    """

    name: str
    arm: Arm
    seed: int
    folder: Path
    evaluation: Path
    facts: Mapping[str, Any]
    losses: list[tuple[int, float]]
    short_of: int | None = None

    @classmethod
    def read(cls, name: str, arm: Arm, seed: int, folder: Path, evaluation: Path, short_of: int | None) -> Trained:
        """The facts of a finished training run.

        Raises:
            RefusedError: its folder does not say what it was trained on.
        """
        from lemma_steps.training.history import losses

        return cls(name, arm, seed, folder, evaluation, read_facts(folder), losses(folder), short_of)

    @property
    def tokens(self) -> float:
        """Tokens under the loss, over all epochs."""
        return self.facts["data"]["trained_tokens"] * self.facts["epochs"]


def read_facts(folder: Path) -> dict[str, Any]:
    """The `training.json` of a model.

    Raises:
        RefusedError: it is missing or damaged.
    """
    file = folder / FACTS
    try:
        facts = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        facts = None
    if not isinstance(facts, dict) or any(name not in facts for name in _NEEDED):
        raise RefusedError(f"{file}: does not say what the model was trained on; remove {folder} and run again")
    return facts
