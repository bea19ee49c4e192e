"""Step: the wrong solution up to and including its first wrong step."""

from __future__ import annotations

from lemma_steps.segmentation import segment
from lemma_steps.steps.base import Row, RowStep
from lemma_steps.trajectory import error_span


class TruncateAtError(RowStep):
    """Cuts the wrong solution after its first wrong step (paper, section 3.3: the largest single effect, Table 5).

    Attributes:
        truncate: `False` keeps the whole wrong solution (ablation "truncation").

    Input columns:
        - erroneous_solution (`str`), error_step (`int`): the solution and its first wrong step.

    Output columns:
        - erroneous_prefix (`str`): steps 1 to `error_step`, byte for byte.
        - error_begin, error_end (`int`): offsets of the wrong step in the prefix, hence in the output.

    Categories:
        - columns
    """

    truncate: bool = True

    @property
    def inputs(self) -> list[str]:
        """Columns read."""
        return ["erroneous_solution", "error_step"]

    @property
    def outputs(self) -> list[str]:
        """Columns added."""
        return ["erroneous_prefix", "error_begin", "error_end"]

    async def process_row(self, row: Row) -> Row:
        """Cut, and note where the wrong step stands."""
        steps = segment(row["erroneous_solution"])
        begin, end = error_span(steps, row["error_step"])
        prefix = row["erroneous_solution"][:end] if self.truncate else row["erroneous_solution"]
        return {**row, "erroneous_prefix": prefix, "error_begin": begin, "error_end": end}
