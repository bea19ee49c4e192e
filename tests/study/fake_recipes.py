"""Stands in for the recipes in the tests of what drives them: same command lines, same files, no work. Run by a fake Python.

`FAKE_CALLS` names a file for what was called. `FAKE_TROUBLE` is JSON: part of a command line -> what goes wrong there.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from pathlib import Path

from tests.evaluation.recorded_run import scored, write_run

TOKENS_PER_ROW = {"lemma": 30, "sft": 10}
KEPT = {"lemma": 60, "sft": 40}
ASKED = 20
"""Documents of each task."""


def option(arguments: list[str], name: str) -> str | None:
    return arguments[arguments.index(name) + 1] if name in arguments else None


def write_set(folder: Path, method: str, rows: int, more: str = "") -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "train.parquet").write_text(json.dumps({"method": method, "rows": rows, "more": more}))
    (folder / "report.json").write_text(json.dumps({"kept": rows}))


def lemma(arguments: list[str]) -> None:
    write_set(
        Path(option(arguments, "--output")), "lemma", KEPT["lemma"], Path(option(arguments, "--config")).read_text()
    )


def baselines(arguments: list[str]) -> None:
    folder = Path(option(arguments, "--output"))
    if arguments[0] != "subset":
        write_set(folder, arguments[0], KEPT[arguments[0]])
        return
    parent = json.loads((Path(arguments[1]) / "train.parquet").read_text())
    rows = option(arguments, "--rows") or int(option(arguments, "--tokens")) // TOKENS_PER_ROW[parent["method"]]
    write_set(folder, parent["method"], int(rows), parent["more"])


def measure(arguments: list[str]) -> None:
    data, _, _, _, output = arguments
    rows = json.loads(Path(data).read_text())
    Path(output).write_text(json.dumps({"trained_tokens": rows["rows"] * TOKENS_PER_ROW[rows["method"]]}))


def train(arguments: list[str]) -> None:
    config, folder = arguments[0], Path(option(arguments, "--output"))
    rows = json.loads(Path(option(arguments, "--data")).read_text())
    keys = dict(arguments[n + 1].split("=", 1) for n, name in enumerate(arguments) if name == "--set")
    data = {"rows": rows["rows"], "over_length": 0, "trained_tokens": rows["rows"] * TOKENS_PER_ROW[rows["method"]]}
    epochs = float(keys.get("num_epochs", 3))
    facts = {"config": config, "base_model": option(arguments, "--base-model"), "data": data, "epochs": epochs}
    folder.mkdir(parents=True, exist_ok=True)
    if (folder / "training.json").exists() and not (folder / "checkpoint-3").exists():
        print("finished already; nothing to do")
        return
    (folder / "training.json").write_text(json.dumps(facts | {"steps": 6, "global_batch": 8}))
    (folder / "debug.log").write_text("1/6 [00:01] {'loss': '2.5'}\n6/6 [00:09] {'loss': '1.25'}\n")
    (folder / "model.safetensors").write_text("weights")
    if "lora" in config:
        (folder / "adapter_config.json").write_text('{"r": 32}')


def evaluate(arguments: list[str]) -> None:
    folder = Path(option(arguments, "--output"))
    right = {"base": 2, "lemma": 14, "lemma_masked": 14}.get(folder.name.partition("-")[0], 3)
    right = int(os.environ.get("FAKE_RIGHT", right))
    tasks = {task: scored(right, ASKED) for task in option(arguments, "--tasks").split(",")}
    write_run(folder, tasks, model=option(arguments, "--model-args"))


def smoke_model(arguments: list[str]) -> None:
    folder = Path(option(arguments, "--output"))
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "model.safetensors").write_text("weights")


def trouble(line: str) -> None:
    """Does what is to go wrong; `once:` only the first time."""
    for part, kind in json.loads(os.environ.get("FAKE_TROUBLE", "{}")).items():
        if part not in line:
            continue
        if kind.startswith("once:"):
            done = Path(os.environ["FAKE_CALLS"]).with_suffix(".once")
            if done.exists():
                continue
            done.touch()
        match kind.removeprefix("once:"):
            case "refuse":
                print("some warning\nerror: the rows are not there; make them")
                sys.exit(2)
            case "fail":
                print("Traceback (most recent call last):\n  File x\nValueError: \x1b[31mno luck\x1b[0m\n")
                sys.exit(1)
            case "killed":
                os.kill(os.getpid(), signal.SIGKILL)
            case "hang":
                print("10 %| step 3/30\r20 %| step 6/30", flush=True)
                time.sleep(600)
            case "deaf":
                signal.signal(signal.SIGTERM, signal.SIG_IGN)
                time.sleep(600)
            case "nothing":
                sys.exit(0)


PROGRAMS = {
    "recipes/lemma.py": lemma,
    "recipes/baselines.py": baselines,
    "recipes/train.py": train,
    "recipes/evaluate.py": evaluate,
    "recipes/smoke_model.py": smoke_model,
}

if __name__ == "__main__":
    environment, *called = sys.argv[1:]
    if called[0] == "-c":  # whether the environment holds what it should
        sys.exit(1 if environment in os.environ.get("FAKE_BARE", "") else 0)
    with open(os.environ["FAKE_CALLS"], "a", encoding="utf-8") as calls:
        calls.write(json.dumps([environment, *called, "VIRTUAL_ENV" in os.environ]) + "\n")
    trouble(" ".join(called))
    if called[0] == "-m":
        measure(called[2:])
    else:
        PROGRAMS[called[0]](called[1:])
