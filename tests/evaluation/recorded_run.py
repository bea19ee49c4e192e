"""Writes what lm-eval 0.4.13 writes for a run, with scores and texts of our own."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

STAMP = "2026-11-21T14-00-00.000001"
SETS = ("gsm8k", "math", "asdiv", "mathematics", "mawps", "svamp", "college_math")

SHOTS = {f"lemma_{name}{suffix}": 4 for name in ("asdiv", "mawps", "svamp") for suffix in ("", "_maj32")}

Rows = Sequence[Mapping[str, float | None]]


def scored(right: int, size: int, **others: float | None) -> Rows:
    """So many right rows of so many, both graders agreeing unless `others` says more."""
    shares = {"unparsed": 0.0, "timed_out": 0.0, "length_cut": None}
    verdicts = [float(n < right) for n in range(size)]
    return [{"math_verify": right, "qwen_match": right, **shares, **others} for right in verdicts]


def every_set(right: int = 6, size: int = 10) -> dict[str, Rows]:
    """The seven sets, all with the same scores."""
    return {f"lemma_{name}": scored(right, size) for name in SETS}


def sample(number: int, scores: Mapping[str, float | None], reply: str = " The answer is: 7") -> dict[str, Any]:
    """One logged sample."""
    doc = {"id": f"row-{number}", "question": "How many?", "answer": "7", "published_answer": "7", "solution": ""}
    return {
        "doc_id": number,
        "doc": doc,
        "target": "7",
        "arguments": {"gen_args_0": {"arg_0": "How many?", "arg_1": {"until": []}}},
        "resps": [[reply]],
        "filtered_resps": [[reply]],
        "filter": "none",
        "metrics": list(scores),
        "doc_hash": "0",
        "prompt_hash": "0",
        "target_hash": "0",
        **scores,
    }


def mean(values: Sequence[float | None]) -> float:
    """As our tasks have it: of what was measured, else not a number."""
    given = [value for value in values if value is not None]
    return sum(given) / len(given) if given else float("nan")


def write_run(
    folder: Path,
    tasks: Mapping[str, Rows],
    *,
    model: str = "org/model",
    stamp: str = STAMP,
    log_samples: bool = True,
    versions: Mapping[str, float] | None = None,
    shots: Mapping[str, int] | None = None,
    originals: Mapping[str, int] | None = None,
    subsets: Mapping[str, str] | None = None,
    **more: Any,
) -> Path:
    """Write a run under `folder` and return the folder of its files."""
    place = folder / "".join("__" if mark in '"<>:/|\\?*[]' else mark for mark in model)
    place.mkdir(parents=True, exist_ok=True)
    results = {}
    for task, rows in tasks.items():
        means = {f"{metric},none": mean([row[metric] for row in rows]) for metric in rows[0]}
        results[task] = {"name": task, "alias": task, "sample_len": len(rows), **means}
    metadata = {
        task: {"version": 1.0, **({"subset": subset} if subset else {})} for task, subset in _each(tasks, subsets, None)
    }
    written = {
        "results": {**results, "lemma": {"alias": "lemma", "math_verify,none": 0.5}},
        "group_subtasks": {"lemma": list(tasks)},
        "configs": {task: {"task": task, "metadata": metadata[task]} for task in tasks},
        "versions": {**dict(_each(tasks, versions, 1.0)), "lemma": 1.0},
        "n-shot": dict(_each(tasks, SHOTS | dict(shots or {}), 0)),
        "higher_is_better": {},
        "n-samples": {
            task: {"original": original or len(tasks[task]), "effective": len(tasks[task])}
            for task, original in _each(tasks, originals, None)
        },
        "config": {"model": "scripted", "limit": None},
        "model_name": model,
        "chat_template": None,
        **more,
    }
    (place / f"results_{stamp}.json").write_text(json.dumps(written, indent=2), encoding="utf-8")
    for task, rows in tasks.items() if log_samples else ():
        lines = [json.dumps(sample(number, row)) + "\n" for number, row in enumerate(rows)]
        (place / f"samples_{task}_{stamp}.jsonl").write_text("".join(lines), encoding="utf-8")
    return place


def _each(tasks: Mapping[str, Rows], given: Mapping[str, Any] | None, default: Any) -> list[tuple[str, Any]]:
    return [(task, (given or {}).get(task, default)) for task in tasks]
