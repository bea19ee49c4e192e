"""The named checks that every trajectory must pass: `audit(row) -> list[Failure]`, empty when it may be trained on.

An audit is a pure function of the row. `AUDITS` lists them in the order in which their codes become the row's reason.
Whether the final answer is right is not asked here (`AnswerFilter`), nor whether the row repeats another one
(`Deduplicate`) or an evaluation question (`Decontaminate`).
"""

from __future__ import annotations

from lemma_steps.audits import structure, sums, text, wording
from lemma_steps.audits.records import Audit, Failure, Limits, Row

AUDITS: dict[str, Audit] = {
    "verbatim_prefix": structure.verbatim_prefix,
    "early_repair": structure.early_repair,
    "step_not_wrong": sums.step_not_wrong,
    "false_arithmetic": sums.false_arithmetic,
    "no_reflection": wording.no_reflection,
    "leak": wording.leak,
    "marks": wording.marks,
    "control_characters": text.control_characters,
    "unbalanced_math": text.unbalanced_math,
    "no_closing": wording.no_closing,
    "too_long": text.too_long,
}
OF_ERRORS = frozenset({"verbatim_prefix", "early_repair", "step_not_wrong", "false_arithmetic", "no_reflection"})
"""Audits that ask about an error; a row of another method (`sft`, `rft`, ...) has none."""

__all__ = ["AUDITS", "OF_ERRORS", "Audit", "Failure", "Limits", "Row", "audit"]


def audit(row: Row, *, max_tokens: int = 4096, truncated: bool = True) -> list[Failure]:
    """All failures of a row, in the order of `AUDITS`; each failure's code is the name of its audit.

    Args:
        row: a record with at least `output`; rows with an error also `erroneous_prefix`, `reflection`, `correction`,
            `error_step`, `error_begin`, `error_end`, and where known `erroneous_solution`, `question`,
            `gold_solution`, `gold_answer`.
        max_tokens: longest output, in estimated tokens.
        truncated: False where the prefix is the whole wrong solution (ablation "truncation").
    """
    limits = Limits(max_tokens, truncated)
    has_error = row.get("error_step") is not None
    named = (check(row, limits) for name, check in AUDITS.items() if has_error or name not in OF_ERRORS)
    return [failure for failure in named if failure]
