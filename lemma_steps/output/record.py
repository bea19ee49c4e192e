"""The record: one typed definition from which files, checks and documentation follow (design, section "The record")."""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Mapping
from typing import Any

import pyarrow as pa

Row = dict[str, Any]

TEXT, WHOLE, REAL = pa.string(), pa.int64(), pa.float64()
SEGMENT = pa.struct([("label", pa.bool_()), ("text", TEXT)])
CALL = pa.struct(
    [
        *((name, TEXT) for name in ("step", "template", "key", "model")),
        *((name, WHOLE) for name in ("tokens_in", "tokens_cached", "tokens_out")),
        ("usd", REAL),
    ]
)
WRONG = pa.struct([("error_type", TEXT), ("reason", TEXT), ("samples", WHOLE)])
CHECK = pa.struct([(name, TEXT) for name in ("check", "outcome", "detail")])
CHANGE = pa.struct([(name, TEXT) for name in ("reviewer", "column", "before", "after", "outcome", "reason")])

_COLUMNS: dict[str, tuple[pa.DataType, str]] = {
    "id": (TEXT, "hash of problem_id, origin, index, strategy and method; never of reply text"),
    "problem_id": (TEXT, "source and hash of the normalised question"),
    "source": (TEXT, "problem set that the question comes from"),
    "split": (TEXT, "split of that set"),
    "licence": (TEXT, "licence of that set, as far as known"),
    "method": (TEXT, "`lemma`, or another method that writes the same record"),
    "question": (TEXT, "as in the source"),
    "gold_solution": (TEXT, "as in the source"),
    "gold_answer": (TEXT, "as in the source"),
    "right_samples": (WHOLE, "right solutions among the student's samples of this problem; null without samples"),
    "wrong_samples": (
        pa.list_(WRONG),
        "wrong solutions among them: how many `samples` of each `error_type`, or without one and the `reason`; null where "
        "none was classified",
    ),
    "origin": (TEXT, "`student`: the student's own error; `injected`: made by the teacher"),
    "index": (
        WHOLE,
        "number of the student's sample, of the injection, or of the solution in its set, within the problem",
    ),
    "strategy": (TEXT, "`fix_continue` or `fresh_restart`"),
    "requested_type": (TEXT, "error type drawn for the injection; null for student errors"),
    "error_type": (TEXT, "code of the error's type"),
    "declared_step": (
        WHOLE,
        "number of the step that the injector marked as the first wrong one; null for student errors",
    ),
    "error_step": (WHOLE, "number of the first wrong step, from 1; the prefix's last unless a reviewer moved it"),
    "n_steps": (WHOLE, "steps of the erroneous solution"),
    "label_source": (TEXT, "who says so: `construction`, `teacher`, `arithmetic` or `human`"),
    "locator_agreement": (
        REAL,
        "share of the votes asked for that name `error_step`; null where nobody voted or a reviewer moved it",
    ),
    "erroneous_solution": (TEXT, "the whole wrong solution"),
    "explanation": (TEXT, "the injector's words on the error"),
    "injection_checks": (
        pa.list_(CHECK),
        "what could be checked of an injected error: `divergence`, `answer`, `single_error`, `type`, each `pass`, `fail` "
        "or `not_computable`, and why; null for student errors",
    ),
    "reference_seen": (TEXT, "what the corrector saw: `none`, `student` or `gold` solution"),
    "erroneous_prefix": (
        TEXT,
        "steps 1 to `error_step` of the erroneous solution, byte for byte; where a reviewer moved `error_step`, to the "
        "step that was marked before",
    ),
    "reflection": (TEXT, "the words that notice the error and turn to the correction"),
    "correction": (TEXT, "the correct reasoning up to the closing answer"),
    "error_begin": (WHOLE, "character offset in `output` where the wrong step begins"),
    "error_end": (WHOLE, "character offset in `output` where the wrong step ends"),
    "instruction": (TEXT, "Alpaca layout: the bare question"),
    "input": (TEXT, "Alpaca layout: empty"),
    "output": (TEXT, "the training target: erroneous_prefix + reflection + correction"),
    "segments": (pa.list_(SEGMENT), "prompt and output in pieces with the label that says what is trained on"),
    "verdict": (TEXT, "the answer check of `output` against `gold_answer`"),
    "student": (TEXT, "model whose error, or right solution, it is"),
    "teacher": (TEXT, "model that injected, located, corrected"),
    "provenance": (pa.list_(CALL), "every model call behind the row"),
    "changelog": (
        pa.list_(CHANGE),
        "human review: `reviewer`, `column`, values `before` and `after`, `outcome` (`applied`, `confirmed`, `refused`) "
        "and, if refused, the `reason`; null in rows that nobody reviewed",
    ),
}
_REJECTION: dict[str, tuple[pa.DataType, str]] = {
    "rejected_by": (TEXT, "step that rejected the row"),
    "reason": (TEXT, "reason code"),
    "detail": (TEXT, "the evidence"),
}

KEPT_SCHEMA = pa.schema([(name, kind) for name, (kind, _) in _COLUMNS.items()])
"""Columns of `train.parquet` and, in this order, keys of `train.jsonl`."""

REJECTED_SCHEMA = pa.schema([*KEPT_SCHEMA, *((name, kind) for name, (kind, _) in _REJECTION.items())])
"""Columns of `rejected.parquet`: the same, as far as the row got, and why it left."""

MEANINGS: dict[str, str] = {name: meaning for name, (_, meaning) in (_COLUMNS | _REJECTION).items()}
"""What each column holds, in the order of `REJECTED_SCHEMA`."""

REQUIRED = (
    *("id", "problem_id", "source", "split", "method", "question", "gold_answer", "instruction", "input", "output"),
    *("erroneous_prefix", "reflection", "correction", "segments", "verdict", "provenance"),
)
"""Columns that no kept row may lack, whatever its method."""

REQUIRED_OF_LEMMA = (
    *("origin", "index", "strategy", "error_type", "error_step", "n_steps", "label_source"),
    *("error_begin", "error_end", "teacher"),
)
"""Columns that a kept row with an error has besides."""

_SURROGATE = re.compile("[\ud800-\udfff]")


def normalise(row: Mapping[str, Any]) -> Row:
    """The row's record: its columns in the order of the schema, null where it has none, everything else left out.

    Lone surrogates, which no UTF-8 file can hold, become U+FFFD one for one: offsets stay true. NaN becomes null.

    Raises:
        TypeError: a value is not of its column's type; the message names row and column.
    """
    record: Row = {}
    for name, kind, cast in _REJECTED_CASTS if row.get("rejected_by") else _KEPT_CASTS:
        value = row.get(name)
        try:
            record[name] = None if value is None else cast(value)
        except (TypeError, ValueError, AttributeError):
            where, shown = row.get("id") or row.get("problem_id"), f"{type(value).__name__} {str(value)[:80]!r}"
            raise TypeError(f"row {where}: column {name}: {shown} is no {kind}") from None
    return record


def faults(record: Mapping[str, Any]) -> list[str]:
    """What keeps a record from being a kept row; empty for a good one."""
    wanted = REQUIRED + (REQUIRED_OF_LEMMA if record["method"] == "lemma" else ())
    if missing := [name for name in wanted if record[name] is None]:
        return [f"no {', '.join(missing)}"]
    output, prefix, begin, end = (record[name] for name in ("output", "erroneous_prefix", "error_begin", "error_end"))
    joined = prefix + record["reflection"] + record["correction"]
    checks = {
        f"verdict {record['verdict']}": record["verdict"] == "right",
        "output is not prefix + reflection + correction": output == joined,
        "the wrong step lies outside the prefix": begin is None or 0 <= begin < end <= len(prefix),
        "segments do not end with the output": "".join(s["text"] for s in record["segments"]).endswith(output),
    }
    return [fault for fault, holds in checks.items() if not holds]


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError
    return str(value) if value.isascii() else _SURROGATE.sub("\ufffd", value)


def _real(value: Any) -> float | None:
    number = float(value)
    return None if math.isnan(number) else number


_PLAIN: dict[pa.DataType, Callable[[Any], Any]] = {TEXT: _text, WHOLE: operator.index, REAL: _real, pa.bool_(): bool}


def _caster(kind: pa.DataType) -> Callable[[Any], Any]:
    """What makes the plain Python value of a column's type of a value that is not None."""
    if pa.types.is_list(kind):
        item = _caster(kind.value_type)
        return lambda values: [item(value) for value in values]
    if pa.types.is_struct(kind):
        fields = [(field.name, _caster(field.type)) for field in kind]
        return lambda value: {name: None if value.get(name) is None else cast(value[name]) for name, cast in fields}
    return _PLAIN[kind]


_REJECTED_CASTS = [(field.name, field.type, _caster(field.type)) for field in REJECTED_SCHEMA]
_KEPT_CASTS = _REJECTED_CASTS[: len(KEPT_SCHEMA)]
