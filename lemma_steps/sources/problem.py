"""What makes a row of a problem set a problem: its columns, its gold answer, its id."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from lemma_steps.answers import gold_answer
from lemma_steps.errors import RefusedError
from lemma_steps.seeds import digest

MAX_QUESTION = 50_000
"""Characters; the longest question of GSM8K and MATH, drawings included, has under 5,000."""
_SHORT_ANSWER = 200
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f]")
_CLOSING = re.compile(r"[Tt]he answer is:?\s*(\S[^\n]*?)\.?\s*$")


class BadRow(ValueError):
    """A row that is no problem. `malformed` rows point to a broken file; the others are just of no use here."""

    def __init__(self, reason: str, detail: str, *, malformed: bool = False) -> None:
        super().__init__(detail)
        self.reason, self.detail, self.malformed = reason, detail, malformed


class Columns(NamedTuple):
    """The names under which a set keeps question, worked solution and final answer; one of the last two may be missing."""

    question: str
    solution: str | None
    answer: str | None


def find_columns(record: Mapping[str, Any], mapping: Mapping[str, str] | None = None) -> Columns | None:
    """The columns of a set from one of its rows: as mapped, else `question|problem`, `solution` and `answer`."""
    mapping = dict(mapping or {})
    question = mapping.get("question") or next((name for name in ("question", "problem") if name in record), None)
    solution = mapping.get("solution") or ("solution" if "solution" in record else None)
    answer = mapping.get("answer") or ("answer" if "answer" in record else None)
    wanted = [question, *(mapping.get(name) for name in ("solution", "answer") if mapping.get(name))]
    if question is None or not (solution or answer) or any(name not in record for name in wanted):
        return None
    return Columns(question, solution, answer)


def named_columns(pairs: Sequence[str] | None) -> dict[str, str] | None:
    """The mapping that `--column NAME=COLUMN` options say; `None` for none.

    Raises:
        RefusedError: one of them is no such pair.
    """
    if wrong := [pair for pair in pairs or () if "=" not in pair]:
        raise RefusedError(f"--column {wrong[0]}: write question=NAME, solution=NAME or answer=NAME")
    return dict(pair.partition("=")[::2] for pair in pairs) if pairs else None


def question_key(question: str) -> str:
    """Hash of the question after NFKC and white-space normalisation; the stable part of `problem_id`."""
    return digest(" ".join(unicodedata.normalize("NFKC", question).split()))


def to_problem(record: Mapping[str, Any], columns: Columns) -> dict[str, str]:
    """Question, gold solution, gold answer and style of one row.

    Raises:
        BadRow: with a reason code; `malformed` when the value is broken rather than unusable.
    """
    question = _question(record, columns)
    solution = _text(record.get(columns.solution), columns.solution) if columns.solution else ""
    short = _text(record.get(columns.answer), columns.answer) if columns.answer else ""
    if not solution.strip() and (gold_answer(short) or len(short) > _SHORT_ANSWER or "\n" in short.strip()):
        solution, short = short, ""
    closing = _CLOSING.search(solution)
    answer = gold_answer(solution) or short.strip() or (closing.group(1) if closing else "")
    if not answer:
        raise BadRow("no_gold_answer", "no `#### X` line, no box with content, no answer column with content")
    style = "gsm8k" if "####" in solution else "math" if "\\boxed" in solution else "mixed"
    return {
        "question": question,
        "gold_solution": solution.strip(),
        "gold_answer": answer.strip(),
        "style": style,
    }


def to_solution(record: Mapping[str, Any], columns: Columns) -> dict[str, str]:
    """Question and solution of one row of a set of solutions, whose gold answers are known elsewhere or not at all.

    Raises:
        BadRow: as `to_problem`, and where there is no solution.
    """
    question, solution = _question(record, columns), _text(record.get(columns.solution or ""), columns.solution)
    if not solution.strip():
        raise BadRow("no_solution", f"column {columns.solution or 'solution'} is empty")
    return {"question": question, "solution": solution}


def _question(record: Mapping[str, Any], columns: Columns) -> str:
    question = _text(record.get(columns.question), columns.question)
    if not question.strip():
        raise BadRow("no_question", f"column {columns.question} is empty")
    if len(question) > MAX_QUESTION:
        raise BadRow("question_too_long", f"{len(question):,} characters, at most {MAX_QUESTION:,}", malformed=True)
    return question.strip()


def _text(value: Any, column: str | None) -> str:
    if value is None:
        return ""
    if isinstance(value, float) and (math.isnan(value) or math.isinf(value)):
        raise BadRow("not_a_number", f"column {column} is {value}", malformed=True)
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, str) and value.strip().lower() == "nan":
        raise BadRow("not_a_number", f"column {column} is {value.strip()!r}", malformed=True)
    if not isinstance(value, str | int | float) or isinstance(value, bool):
        raise BadRow(
            "wrong_type", f"column {column} holds a {type(value).__name__}, not text or a number", malformed=True
        )
    text = str(value)
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        raise BadRow("not_unicode", f"column {column} holds half of a surrogate pair", malformed=True) from None
    if control := _CONTROL.search(text):
        raise BadRow("control_characters", f"column {column} holds {control.group()!r}")
    return text
