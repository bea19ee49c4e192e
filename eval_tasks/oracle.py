"""Oracle runs: do the tasks score right what is right, nothing what is nothing, and wrong what belongs to another row?

    uv run --extra eval python eval_tasks/oracle.py --data DIR --json FILE

No weights are needed: a fake model answers through lm-eval with each row's gold solution (where a set has none, with a
sentence that ends in the closing statement), with nothing, and with the gold of another row. A folder that lacks rows is
accepted; the results name what part of a set it holds. Ends with 1 where a score is not what it must be.
"""

from __future__ import annotations

import json
import logging
import os
import random
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import redirect_stderr
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from lemma_steps.answers import verify
from lemma_steps.console import exit_codes
from lemma_steps.trajectory import OUTPUT_START, closing

try:
    from lm_eval import simple_evaluate
    from lm_eval.api.instance import Instance
    from lm_eval.api.model import LM
    from lm_eval.tasks import TaskManager
except ImportError as error:
    print(f"error: {error}; install the evaluation's libraries: uv sync --extra eval", file=sys.stderr)
    raise SystemExit(2) from None

SETS = ["gsm8k", "math", "math500", "asdiv", "mawps", "svamp", "mathematics", "college_math"]
TURNS = ["mathchat_fqa", "mathchat_fqa_turn2", "mathchat_fqa_turn3"]
TASKS = [f"lemma_{name}" for name in (*SETS, *TURNS, "mathchat_ec")]
GOLD_AT_LEAST, SHUFFLED_AT_MOST = 0.995, 0.02
Doc = Mapping[str, Any]


class Oracle(LM):
    """A model that knows the documents: it replies with what a function makes of each."""

    def __init__(self, reply: Callable[[Doc], str]) -> None:
        super().__init__()
        self._reply = reply

    def generate_until(self, requests: list[Instance], disable_tqdm: bool = False) -> list[str]:
        """One reply for each request."""
        return [self._reply(request.doc) for request in requests]

    def loglikelihood(self, *_: Any, **__: Any) -> list[tuple[float, bool]]:
        """No task asks for it."""
        raise NotImplementedError

    loglikelihood_rolling = loglikelihood


def gold_reply(doc: Doc) -> str:
    """The gold solution, or a sentence that ends in the closing statement."""
    return OUTPUT_START + (doc["solution"] or f"It follows from the question. {closing(doc['answer'])}")


def run(task: str, reply: Callable[[Doc], str], previous: Path | None) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Scores and logged samples of one task; with the scores, the `subset` of the set where it is not whole."""
    metadata = {"previous_turn": str(previous)} if previous else {}
    tasks = TaskManager(include_path=str(Path(__file__).parent), include_defaults=False, metadata=metadata)
    with open(os.devnull, "w") as nowhere, redirect_stderr(nowhere):  # lm-eval's progress bars
        result = simple_evaluate(model=Oracle(reply), tasks=[task], task_manager=tasks, bootstrap_iters=0)
    subset = result["configs"][task]["metadata"].get("subset")
    return {**result["results"][task], "subset": subset}, result["samples"][task]


def others(docs: Sequence[Doc]) -> dict[str, Doc]:
    """For each document another one, the same in every run: the next in a shuffled circle."""
    circle = random.Random(0).sample(range(len(docs)), len(docs))
    return {docs[one]["id"]: docs[other] for one, other in zip(circle, circle[1:] + circle[:1], strict=True)}


def examine(task: str, folder: Path, previous: Path | None) -> dict[str, Any]:
    """All oracle runs of one task; leaves the gold run's samples in `folder` for the turn after."""
    began = time.perf_counter()
    gold, samples = run(task, gold_reply, previous)
    seconds = time.perf_counter() - began
    with (folder / f"{task}.jsonl").open("w", encoding="utf-8") as lines:
        lines.writelines(json.dumps(sample) + "\n" for sample in samples)
    docs = [sample["doc"] for sample in samples]
    other = others(docs)
    empty, _ = run(task, lambda _: "", previous)
    shuffled, _ = run(task, lambda doc: gold_reply(other[doc["id"]]), previous)
    return {
        "n": len(docs),
        "subset": gold["subset"],
        "gold_score": gold["math_verify,none"],
        "gold_qwen_match": gold["qwen_match,none"],
        "gold_refaug_match": gold.get("refaug_match,none"),
        "empty_score": max(empty["math_verify,none"], empty["qwen_match,none"]),
        "shuffled_score": shuffled["math_verify,none"],
        "shuffled_qwen_match": shuffled["qwen_match,none"],
        "chance_collisions": sum(_same(doc["answer"], other[doc["id"]]["answer"]) for doc in docs) / len(docs),
        "seconds": round(seconds, 2),
        "misses": [sample["doc"]["id"] for sample in samples if not sample["math_verify"]],
    }


def _same(answer: str, other: str) -> bool:
    """Whether two gold answers are written alike, or are the same number."""
    try:
        return float(answer.replace(",", "")) == float(other.replace(",", ""))
    except ValueError:
        return answer.strip().casefold() == other.strip().casefold()


def main(
    data: Annotated[
        Path | None, typer.Option(help="Folder of the sets; default LEMMA_DATA, else the public sources")
    ] = None,
    json_file: Annotated[Path | None, typer.Option("--json", help="Where to write the figures")] = None,
    task: Annotated[list[str] | None, typer.Option(help="Only these tasks")] = None,
) -> None:
    """Run the oracles and show what they score."""
    os.environ["LEMMA_DATA_SUBSET"] = "1"
    if data:
        os.environ["LEMMA_DATA"] = str(data.resolve())
    logging.disable(logging.WARNING)
    verify(r"\frac{1}{2}", r"\sqrt{\frac{1}{4}}")  # the processes start before the clock
    table = Table("task", "rows", "gold", "nothing", "another row's", "by chance", "seconds")
    figures = {}
    with tempfile.TemporaryDirectory() as scratch:
        previous = None
        for name in task or TASKS:
            found = examine(name, Path(scratch), previous if "_turn" in name else None)
            previous = Path(scratch) / f"{name}.jsonl"
            figures[name] = found
            shares = (found[key] for key in ("gold_score", "empty_score", "shuffled_score", "chance_collisions"))
            table.add_row(
                name,
                found["subset"] or f"{found['n']:,}",
                *(f"{share:.2%}" for share in shares),
                f"{found['seconds']:.1f}",
            )
    console = Console()
    console = console if console.is_terminal else Console(width=120)
    console.print(table)
    if json_file:
        json_file.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    raise typer.Exit(int(any(map(failed, figures.values()))))


def failed(found: Mapping[str, Any]) -> bool:
    """Whether a score is not what it must be."""
    by_chance = found["chance_collisions"] + SHUFFLED_AT_MOST
    return found["gold_score"] < GOLD_AT_LEAST or found["empty_score"] > 0 or found["shuffled_score"] > by_chance


if __name__ == "__main__":
    with exit_codes():
        typer.run(main)
