"""Audits of how a trajectory is put together."""

from __future__ import annotations

from itertools import accumulate

from lemma_steps.audits.records import Failure, Limits, Row, excerpt
from lemma_steps.segmentation import segment
from lemma_steps.trajectory import error_span


def verbatim_prefix(row: Row, limits: Limits) -> Failure | None:
    """The three parts are the output, and the prefix is the wrong solution up to its wrong step, byte for byte.

    Where a person said which step is the first wrong one, the prefix may go on after it, to the end of any step: it was
    cut at the step that was marked before, and nobody wrote another correction.
    """
    prefix, output = row["erroneous_prefix"], row["output"]
    if prefix + (row["reflection"] or "") + row["correction"] != output:
        return Failure("verbatim_prefix", "prefix + reflection + correction is not the output")
    solution = row.get("erroneous_solution")
    if solution is None:
        return None
    steps = segment(solution)
    if not 1 <= row["error_step"] <= len(steps):
        return Failure("verbatim_prefix", f"error step {row['error_step']} of {len(steps)} steps")
    expected = "".join(steps[: row["error_step"]]) if limits.truncated else solution
    longer = row.get("label_source") == "human" and len(expected) <= len(prefix) in accumulate(map(len, steps))
    if prefix != (solution[: len(prefix)] if longer else expected):
        at = next((k for k, pair in enumerate(zip(prefix, expected, strict=False)) if pair[0] != pair[1]), 0)
        return Failure("verbatim_prefix", f"differs from the wrong solution at {excerpt(prefix, at, at + 1)}")
    span = error_span(steps, row["error_step"])
    if (row["error_begin"], row["error_end"]) != span:
        return Failure("verbatim_prefix", f"offsets {row['error_begin']}..{row['error_end']}, not {span[0]}..{span[1]}")
    return None


def early_repair(row: Row, limits: Limits) -> Failure | None:
    """The wrong step still stands in the output before the reflection (it must, as long as code joins the parts)."""
    solution = row.get("erroneous_solution")
    steps = segment(solution) if solution else []
    if not 1 <= row["error_step"] <= len(steps):
        return None
    found = row["output"][row["error_begin"] : row["error_end"]]
    if found != steps[row["error_step"] - 1]:
        return Failure("early_repair", f"the output has {excerpt(found, 0, 60)} in place of the wrong step")
    return None
