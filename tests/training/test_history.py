"""Losses are read from what a run left, however it ended."""

from __future__ import annotations

import json

import pytest

from lemma_steps.training.history import last_checkpoint, losses, summary


def checkpoint(output, step, values, *, text=None):
    """A checkpoint with the losses of steps 1, 2, ... as transformers writes it; `text` instead of its state."""
    folder = output / f"checkpoint-{step}"
    folder.mkdir(parents=True)
    entries = [{"step": number, "loss": loss, "epoch": 1.0} for number, loss in enumerate(values, 1)]
    (folder / "trainer_state.json").write_text(text or json.dumps({"global_step": step, "log_history": entries}))
    return folder


def printed(*values, every=1, after=0):
    """Axolotl's debug.log of one start that prints these losses, going on after a checkpoint; bars before some lines."""
    lines = ['  "loss": "no line of the trainer",', f'  "logging_steps": {every},']
    if after:
        lines.append(f"[INFO] Using auto-resume functionality to resume from checkpoint at /my runs/checkpoint-{after}")
    lines.append("[INFO] [axolotl.train] Starting trainer...")
    for number, loss in enumerate(values):
        bar = f"\r 10%|█         | {number}/9 [00:09<01:47,  9.81s/it]" if number % 2 else ""
        said = {"loss": str(loss), "grad_norm": "18.14", "memory/max_active (GiB)": "0", "epoch": "1"}
        lines += [f"{bar}{said}", "[2026-11-21] [INFO] Saving model checkpoint to /my runs/checkpoint-1"]
    return "\n".join(lines) + "\n"


END = "{'train_runtime': '143.3', 'train_loss': '0.3488', 'epoch': '12'}\n"


def test_a_folder_without_a_run_has_no_losses(tmp_path):
    assert losses(tmp_path) == losses(tmp_path / "none") == []
    assert summary(tmp_path) is None
    assert last_checkpoint(tmp_path) is None


def test_the_newest_whole_checkpoint_counts_and_the_log_for_what_came_after_it(tmp_path):
    checkpoint(tmp_path, 2, [9.0, 9.0])
    newest = checkpoint(tmp_path, 10, [1.23456, 0.5])
    (tmp_path / "debug.log").write_text(printed(1.235, 0.5, 0.25))
    assert last_checkpoint(tmp_path) == newest
    assert losses(tmp_path) == [(1, 1.23456), (2, 0.5), (3, 0.25)]


@pytest.mark.parametrize("torn", ['{"log_history": [', "", "[]", '{"global_step": 4}', "\x00\x00"])
def test_a_torn_checkpoint_does_not_count(tmp_path, torn):
    whole = checkpoint(tmp_path, 2, [2.0, 1.0])
    checkpoint(tmp_path, 4, [], text=torn or " ")
    (tmp_path / "checkpoint-9").mkdir()
    (tmp_path / "checkpoint-best").mkdir()
    assert last_checkpoint(tmp_path) == whole
    assert losses(tmp_path) == [(1, 2.0), (2, 1.0)]


@pytest.mark.parametrize(
    ("starts", "expected"),
    [
        ([printed(4, 3, 2)], [(1, 4.0), (2, 3.0), (3, 2.0)]),
        ([printed(4, 3, every=10)], [(10, 4.0), (20, 3.0)]),
        ([printed(4, 3, 2), printed(2.5, after=1)], [(1, 4.0), (2, 2.5)]),
        ([printed(4, 3, 2), printed(3.5)], [(1, 3.5)]),
        ([printed(4, 3, every=10), printed(2.5, 2, every=10, after=14)], [(10, 4.0), (20, 2.5), (30, 2.0)]),
    ],
)
def test_a_step_that_is_done_again_counts_once(tmp_path, starts, expected):
    (tmp_path / "debug.log").write_text("".join(starts))
    assert losses(tmp_path) == expected


def test_the_end_is_that_of_this_start(tmp_path):
    log = tmp_path / "debug.log"
    log.write_text(printed(4) + END)
    assert summary(tmp_path) == {"train_runtime": 143.3, "train_loss": 0.3488, "epoch": 12.0}
    assert summary(tmp_path, begin=log.stat().st_size) is None


@pytest.mark.parametrize("loss", ["nan", "inf", "1e-05"])
def test_a_run_that_diverges_says_so(tmp_path, loss):
    (tmp_path / "debug.log").write_text(printed(loss))
    [(step, read)] = losses(tmp_path)
    assert step == 1
    assert str(read) == loss
