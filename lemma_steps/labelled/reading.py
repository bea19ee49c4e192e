"""A row of a labelled set as a labelled solution, by the conventions of its set."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from lemma_steps.answers import gold_answer
from lemma_steps.labelled.conventions import Conventions
from lemma_steps.labelled.solution import LabelledSolution
from lemma_steps.seeds import digest
from lemma_steps.sources import BadRow, question_key
from lemma_steps.taxonomy import resolve

MAX_STEPS = 500
MAX_CHARACTERS = 100_000
"""Of a whole row; the longest of the public ones has a tenth of either."""
_NUMBER = re.compile(r"\s{0,8}step (\d{1,4})(?!\.?\d)", re.IGNORECASE)
_WHOLE = re.compile(r"\d{1,6}", re.ASCII)
References = Callable[[str], str | None]
"""The worked solution of a question, by its key (`sources.question_key`)."""


def to_solution(row: Mapping[str, Any], by: Conventions, references: References) -> LabelledSolution:
    """The labelled solution of one row.

    Raises:
        BadRow: with a reason code; the row cannot be used.
    """
    if by.columns["label"] not in row:  # a null may be a label
        raise BadRow("label_unreadable", f"no column {by.columns['label']}")
    found = {name: row.get(column) for name, column in by.columns.items()}
    question = _text(found["question"], "question")
    if options := _optional(found.get("options"), "options"):
        question = f"{question.rstrip()}\n{options}"
    steps = _steps(found["steps"], by)
    if len(question) + sum(map(len, steps)) > MAX_CHARACTERS or len(steps) > MAX_STEPS:
        raise BadRow("too_long", f"over {MAX_CHARACTERS:,} characters or {MAX_STEPS} steps")
    key = question_key(_text(found["question"], "question"))
    reference = _optional(found.get("reference"), "reference") or references(key)
    answer = (gold_answer(reference) if reference else None) or _answer(found.get("answer"))
    given = found.get("error_type")
    error_step, stated = _label(found["label"], by, len(steps)), _answer(found.get("stated"))
    if error_step is None and stated and answer and stated != answer:
        raise BadRow("wrong_answer_without_wrong_step", f"it says {stated[:40]}, right is {answer[:40]}")
    return LabelledSolution(
        set=by.name,
        id=digest(by.name, question, *steps),
        question=question,
        reference=reference,
        answer=answer,
        steps=[*(f"{step}\n" for step in steps[:-1]), steps[-1]],
        error_step=error_step,
        error_type=resolve(given) if isinstance(given, str) else None,
        group=key,
    )


def _steps(value: Any, by: Conventions) -> list[str]:
    if by.steps == "lines":
        items = _text(value, "steps").split("\n")
    elif isinstance(value, list):
        items = [_text(item, "steps", empty=True) for item in value]
    else:
        raise BadRow("steps_unreadable", f"a {type(value).__name__} where a list of steps should be")
    if by.steps == "numbered":
        items = _numbered(items)
    items = [item.rstrip() for item in items]
    if not items or not all(items):
        raise BadRow("empty_step", f"step {items.index('') + 1 if items else 1} is empty")
    return items


def _numbered(items: list[str]) -> list[str]:
    """Each numbered item with what follows it, so that the number of a step is its place.

    Sub-steps ("Step 6.1") and formulas belong to the step before.
    """
    steps: list[str] = []
    for item in items:
        number = _NUMBER.match(item)
        if number and int(number[1]) != len(steps) + 1:
            raise BadRow("steps_misnumbered", f"step {number[1]} where step {len(steps) + 1} should be")
        if number:
            steps.append(item)
        elif steps:
            steps[-1] += f"\n{item}"
        elif item.strip():
            raise BadRow("steps_misnumbered", "text before step 1")
    return steps


def _label(value: Any, by: Conventions, n_steps: int) -> int | None:
    # True is 1 in Python and no label
    if any(type(value) is type(none) and value == none for none in by.none):
        return None
    if isinstance(value, float) and value.is_integer():  # what a column of a table file makes of gaps
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int | str) or not _WHOLE.fullmatch(str(value).strip()):
        raise BadRow("label_unreadable", f"label {str(value)[:40]!r}")
    step = int(value) - by.base + 1
    if not 1 <= step <= n_steps:
        raise BadRow("label_out_of_range", f"step {step} of {n_steps}")
    return step


def _text(value: Any, what: str, *, empty: bool = False) -> str:
    if not isinstance(value, str):
        raise BadRow(f"{what}_unreadable", f"a {type(value).__name__} where text should be")
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        raise BadRow(f"{what}_unreadable", "half of a surrogate pair") from None
    if not value.strip() and not empty:
        raise BadRow(f"{what}_unreadable", "empty")
    return value.strip()


def _optional(value: Any, what: str) -> str | None:
    return _text(value, what, empty=True) or None if value is not None else None


def _answer(value: Any) -> str | None:
    """Numbers as they are written: 45, not 45.0."""
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        value = int(value)
    return str(value).strip() or None if isinstance(value, int | float | str) else None
