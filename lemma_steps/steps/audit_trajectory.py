"""Step: the named checks that every trajectory must pass."""

from __future__ import annotations

from distilabel.mixins.runtime_parameters import RuntimeParameter
from pydantic import Field

from lemma_steps.audits import audit
from lemma_steps.errors import RejectionError
from lemma_steps.steps.base import Row, RowStep


class AuditTrajectory(RowStep):
    """Rejects a trajectory that fails an audit, with the audit's reason code and the evidence.

    Runtime parameters:
        - `max_tokens`: longest output, in tokens (estimated without a tokenizer).

    Input columns:
        - output, erroneous_prefix, erroneous_solution, reflection, correction, gold_solution, gold_answer (`str`): the texts.
        - error_step, error_begin, error_end (`int`): where the wrong step stands.

    Categories:
        - filtering
    """

    max_tokens: RuntimeParameter[int] = Field(default=4096, ge=1, description="Longest output, in tokens.")
    truncated: bool = True

    @property
    def inputs(self) -> list[str]:
        """Columns read."""
        return ["output", "erroneous_prefix", "reflection", "correction", "error_step", "error_begin", "error_end"]

    async def process_row(self, row: Row) -> Row:
        """Run all audits; the first failure is the reason, all are in the detail."""
        failures = audit(row, max_tokens=self.max_tokens, truncated=self.truncated)
        if failures:
            detail = "; ".join(f"{failure.code}: {failure.detail}" for failure in failures)
            raise RejectionError(failures[0].code, detail)
        return row
