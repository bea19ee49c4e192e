"""What a training run left about its losses.

Two places hold them: `trainer_state.json` of the newest checkpoint (in full precision, by step), and Axolotl's `debug.log`,
to which the trainer's printed lines go (four digits), for what came after that checkpoint or where none is saved.
"""

from __future__ import annotations

import json
import re
from ast import literal_eval
from collections.abc import Iterator
from pathlib import Path
from statistics import fmean
from typing import Any

STATE, LOG = "trainer_state.json", "debug.log"

_EVENT = re.compile(
    r'"logging_steps": (?P<every>\d+)'
    r"|resume from checkpoint at .*checkpoint-(?P<resumed>\d+)"
    r"|(?P<started>Starting trainer\.\.\.)"
    r"|(?P<values>\{'(?:loss|train_runtime)': [^{}]*\})"
)
"""What Axolotl writes at every start (its configuration, where it goes on from), and the trainer's lines."""


def losses(output: Path) -> list[tuple[int, float]]:
    """Steps (1-based) and losses of a run, in order; empty where nothing was logged.

    A loss is the mean per trained token since the one before it (`logging_steps`). A step that was done again after a
    restart counts once, with its last loss.
    """
    found: dict[int, float] = {}
    for step, values in _printed(output):
        if "loss" in values:
            found = {earlier: loss for earlier, loss in found.items() if earlier < step}
            found[step] = float(values["loss"])
    if checkpoint := last_checkpoint(output):
        for entry in _state(checkpoint)["log_history"]:
            if "loss" in entry:
                found[entry["step"]] = entry["loss"]
    return sorted(found.items())


def mean_loss(output: Path) -> float | None:
    """The mean of all logged losses, each of equally many steps; `None` where none was logged."""
    return fmean(loss for _, loss in found) if (found := losses(output)) else None


def summary(output: Path, begin: int = 0) -> dict[str, float] | None:
    """What the trainer says at its end (`train_runtime` in seconds, `train_loss`, ...); `None` where it came to no end.

    Args:
        output: the run's folder.
        begin: bytes of `debug.log` that belong to earlier starts.
    """
    said = [values for _, values in _printed(output, begin) if "train_runtime" in values]
    return {name: float(value) for name, value in said[-1].items()} if said else None


def last_checkpoint(output: Path) -> Path | None:
    """The newest checkpoint that was written to its end."""
    whole = [path for path in checkpoints(output) if is_whole(path)]
    return whole[-1] if whole else None


def is_whole(checkpoint: Path) -> bool:
    """Whether a checkpoint was written to its end: the trainer writes its state last."""
    return bool(_state(checkpoint))


def checkpoints(output: Path) -> list[Path]:
    """All checkpoint folders by step, torn ones included."""
    folders = [path for path in output.glob("checkpoint-*") if path.name.removeprefix("checkpoint-").isdigit()]
    return sorted(folders, key=lambda path: int(path.name.removeprefix("checkpoint-")))


def _state(checkpoint: Path) -> dict[str, Any]:
    try:
        state = json.loads((checkpoint / STATE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return state if isinstance(state, dict) and isinstance(state.get("log_history"), list) else {}


def _printed(output: Path, begin: int = 0) -> Iterator[tuple[int, dict[str, Any]]]:
    """The trainer's printed lines, with the steps that they are of: it prints at every multiple of `logging_steps`."""
    try:
        with (output / LOG).open("rb") as log:
            log.seek(begin)
            text = log.read().decode("utf-8", "replace")
    except OSError:
        return
    every, step, resumed = 1, 0, 0
    for event in _EVENT.finditer(text):
        if event["every"]:
            every = max(1, int(event["every"]))
        elif event["resumed"]:
            resumed = int(event["resumed"])
        elif event["started"]:
            step, resumed = resumed, 0
        else:
            values = literal_eval(event["values"])
            step = (step // every + 1) * every if "loss" in values else step
            yield step, values
