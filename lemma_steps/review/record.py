"""A row as a record of Argilla: what the reviewer sees, and the labels that the reviewer does not see."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from lemma_steps.review.markdown import shown
from lemma_steps.seeds import digest
from lemma_steps.segmentation import segment
from lemma_steps.trajectory import gold_trajectory

if TYPE_CHECKING:
    import argilla as rg

_JUDGED = (
    *("question", "gold_solution", "erroneous_prefix", "reflection", "correction"),
    *("error_begin", "error_end"),
)
TYPE_LABEL = "type_label"
"""Where the metadata hold the row's `error_type`: Argilla wants names to be unique, and a question has that one."""
_METADATA = ("source", "origin", "strategy", "n_steps", "error_step", "error_type", "label_source", "locator_agreement")
_MARKED = '<div style="border-left: 5px solid #c2410c; padding-left: 12px">'


def content(row: Mapping[str, Any]) -> str:
    """16 hex digits for all that a reviewer sees of a row and judges: another text, or another marked step, has others."""
    return digest(*(row[name] for name in _JUDGED))


def labels(row: Mapping[str, Any]) -> dict[str, Any]:
    """What a record's metadata hold of the row."""
    return {TYPE_LABEL if name == "error_type" else name: row[name] for name in _METADATA if row[name] is not None}


def record_of(row: Mapping[str, Any], choice: str) -> rg.Record:
    """The record of a kept row with an error; its id is the row's.

    No judgement is suggested: Argilla would fill it in and send it as the reviewer's own. Only the texts that a reviewer may
    edit are filled in.

    Args:
        row: with the columns of `lemma_steps.output.record`.
        choice: how the row was chosen, a value of `Choice`.
    """
    import argilla as rg

    texts = {"edited_reflection": row["reflection"], "edited_correction": row["correction"]}
    return rg.Record(
        id=row["id"],
        fields=fields(row),
        metadata=labels(row) | {"content": content(row), "choice": choice},
        suggestions=[rg.Suggestion(name, text) for name, text in texts.items() if text.strip()],
    )


def fields(row: Mapping[str, Any]) -> dict[str, str]:
    """Field name -> Markdown. The solution of the source stands without calculator marks, its answer in our words."""
    return {
        "problem": shown(row["question"]),
        "gold_solution": shown(gold_trajectory(row["gold_solution"] or "", row["gold_answer"])),
        "steps": steps_of(row["erroneous_prefix"], row["error_step"]),
        "reflection": shown(row["reflection"].strip()),
        "correction": shown(row["correction"].strip()),
    }


def steps_of(prefix: str, marked: int) -> str:
    """The steps of a wrong attempt under their numbers; the marked one by words and by a bar, for eyes, print and ears."""
    parts = []
    for number, step in enumerate(segment(prefix), 1):
        text = shown(step.strip())
        if number == marked:
            parts.append(f"{_MARKED}\n\n**Step {number}, marked as the first wrong one**\n\n{text}\n\n</div>")
        else:
            parts.append(f"**Step {number}**\n\n{text}")
    return "\n\n".join(parts)
