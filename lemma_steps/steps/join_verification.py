"""Step: first answer, verification and what follows become one training target."""

from __future__ import annotations

import random

from lemma_steps.seeds import seed_for
from lemma_steps.steps.base import Row, RowStep
from lemma_steps.steps.close_solution import without_error
from lemma_steps.steps.layouts import layout
from lemma_steps.trajectory import closed


class JoinVerification(RowStep):
    """Lays a self-correction out (method `isc`: Han et al., 2024): first answer, verification, solution or confirmation.

    The words of the verification are drawn from `templates/other_methods.yaml` by the row's id. Partial answer masking:
    a wrong first answer has label false in `segments`, so that nobody learns to write it.

    Input columns:
        - id, question, gold_answer (`str`): the candidate and its problem.
        - initial (`str`), initial_right (`bool`): the first answer, and whether it is right.
        - solution (`str`): what follows the verification; verified before.

    Output columns:
        - erroneous_prefix, reflection, correction, output, instruction, input (`str`), segments (`list[dict]`),
            error_step, error_begin, error_end (`int`): as `CloseSolution`.

    Categories:
        - columns
    """

    @property
    def inputs(self) -> list[str]:
        """Columns read."""
        return ["id", "question", "gold_answer", "initial", "initial_right", "solution", "verdict"]

    @property
    def outputs(self) -> list[str]:
        """Columns added."""
        return list(without_error("", ""))

    async def process_row(self, row: Row) -> Row:
        """Join and lay out."""
        words = layout("isc")["right" if row["initial_right"] else "wrong"]
        said = random.Random(seed_for(row["id"], "verification")).choice(words)
        initial, following = row["initial"], closed(row["solution"], row["gold_answer"]).strip()
        untrained = None if row["initial_right"] else (0, len(initial))
        return {**row, **without_error(row["question"], f"{initial}\n{said}\n{following}", untrained)}
