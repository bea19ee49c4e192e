"""The same four solutions of a model in every layout that error analysis reads."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

from tests.evaluation.recorded_run import STAMP, scored, write_run

PROBLEMS = (("Ann has 3 bags of 4 nuts. How many nuts?", "3 * 4 = 12", "12"), ("What is 5 + 6?", "5 + 6 = 11", "11"))
SOLUTIONS = ((" 3 * 4 = 13\nThe answer is: 13", " 12"), (" 5 + 6 = 11\nThe answer is: 11", " It is 10."))
"""By problem; each text as an output, with its leading space."""
MODEL = "student"


def each() -> list[tuple[str, int, str, str, str]]:
    """(question, sample, solution, gold solution, gold answer), in the order of the problems."""
    return [
        (question, number, text, gold, answer)
        for (question, gold, answer), texts in zip(PROBLEMS, SOLUTIONS, strict=True)
        for number, text in enumerate(texts)
    ]


def write_lines(path: Path, records: list[Any]) -> Path:
    text = "".join(json.dumps(record) + "\n" for record in records)
    path.write_bytes(gzip.compress(text.encode()) if path.suffix == ".gz" else text.encode())
    return path


def own(folder: Path, name: str = f"{MODEL}.jsonl", **more: Any) -> Path:
    records = [
        {"question": q, "sample": n, "solution": text, "student": MODEL, "gold_solution": gold, "gold_answer": answer}
        for q, n, text, gold, answer in each()
    ]
    return write_lines(folder / name, [record | more for record in records])


def published(folder: Path) -> Path:
    records = [
        {
            "idx": n,
            "question": q,
            "gt_cot": gold,
            "gt": answer,
            "code": list(texts),
            "pred": ["?"] * 2,
            "score": [False] * 2,
        }
        for n, ((q, gold, answer), texts) in enumerate(zip(PROBLEMS, SOLUTIONS, strict=True))
    ]
    return write_lines(folder / f"{MODEL}.jsonl.gz", records)


def lm_eval_samples(task: str = "lemma_gsm8k", filters: tuple[str, ...] = ("none",)) -> list[dict[str, Any]]:
    lines = []
    for number, ((q, gold, answer), texts) in enumerate(zip(PROBLEMS, SOLUTIONS, strict=True)):
        doc = {"id": f"row-{number}", "question": q, "answer": answer, "solution": f"{gold}\n#### {answer}"}
        for name in filters:
            kept = [list(texts)] if name == "none" else [answer]
            lines.append({"doc_id": number, "doc": doc, "filter": name, "resps": [list(texts)], "filtered_resps": kept})
    return lines


def lm_eval_run(folder: Path, filters: tuple[str, ...] = ("none",), task: str = "lemma_gsm8k") -> Path:
    place = write_run(folder, {task: scored(1, 2)}, model=MODEL)
    write_lines(place / f"samples_{task}_{STAMP}.jsonl", lm_eval_samples(task, filters))
    return place


def lm_eval_file(folder: Path) -> Path:
    return lm_eval_run(folder) / f"samples_lemma_gsm8k_{STAMP}.jsonl"


def stock_lm_eval_file(folder: Path) -> Path:
    """A task of lm-eval's own logs each reply once per filter, and a filter may leave the bare answer."""
    place = lm_eval_run(folder, ("strict-match", "flexible-extract"), "gsm8k_cot")
    return place / f"samples_gsm8k_cot_{STAMP}.jsonl"


LAYOUTS = (own, published, lm_eval_run, lm_eval_file, stock_lm_eval_file)
