"""Samples that lm-eval logged, of our tasks and of its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from lemma_steps.error_analysis.recorded_sample import RecordedSample
from lemma_steps.error_analysis.student_lines import finite
from lemma_steps.errors import RefusedError
from lemma_steps.evaluation.runs.logged import Logged
from lemma_steps.sources import BadRow, find_columns, question_key, to_problem
from lemma_steps.trajectory import student_solution


def samples(path: str) -> Iterator[RecordedSample]:
    """All replies of a run's folder, its results file, or one samples_<task>_<date>.jsonl.

    A task of lm-eval's own logs each reply once per filter; the first filter's lines count, with the whole reply.

    Raises:
        RefusedError: there are none, or a doc holds no question with an answer.
    """
    for logged in Logged.find([path]):
        for task in logged.tasks:
            source, first = task.removeprefix("lemma_").removesuffix("_maj32"), None
            for number, line in enumerate(logged.run.samples(task), 1):
                first = first or line.get("filter")
                if line.get("filter") == first:
                    where = f"{logged.run.samples_file(task)}, line {number}"
                    yield from _of_line(line, source, logged.run.model, where)


def _of_line(line: Mapping[str, Any], source: str, model: str, where: str) -> Iterator[RecordedSample]:
    doc, replies = line["doc"], _replies(line)
    columns = find_columns(doc)
    if columns is None or not replies:
        raise RefusedError(f"{where}: no doc with question and answer, or no replies; give samples of a maths task")
    try:
        problem = to_problem(doc, columns)
    except BadRow as bad:
        raise RefusedError(f"{where}: {bad}; give samples of a maths task") from None
    for number, reply in enumerate(replies):
        yield RecordedSample(
            question_key(problem["question"]),
            number,
            student_solution(reply),
            model,
            question=problem["question"],
            gold_solution=problem["gold_solution"],
            gold_answer=problem["gold_answer"],
            source=source,
            temperature=_temperature(line),
            truncated=_cut(line.get("length_cut")),
        )


def _replies(line: Mapping[str, Any]) -> list[str]:
    """The replies in full: our filter cuts them at the stop strings only, another's may leave no more than the answer."""
    logged = line.get("filtered_resps" if line.get("filter") == "none" else "resps")
    replies = logged[0] if isinstance(logged, list) and len(logged) == 1 and isinstance(logged[0], list) else logged
    if not isinstance(replies, list) or not all(isinstance(reply, str) for reply in replies):
        return []
    return replies


def _cut(share: Any) -> bool | None:
    """Of several replies the share that was cut is logged, which says nothing of one unless it is none or all."""
    return bool(share) if share in (0, 1) else None


def _temperature(line: Mapping[str, Any]) -> float | None:
    try:
        return finite(line["arguments"]["gen_args_0"]["arg_1"]["temperature"])
    except (KeyError, TypeError, IndexError):
        return None
