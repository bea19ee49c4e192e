"""Step: the strategy Fix & Continue."""

from __future__ import annotations

from typing import ClassVar

from lemma_steps.steps.revision_task import RevisionTask


class FixContinue(RevisionTask):
    """Asks for a reflection that repairs the wrong step and for the rest of the solution from there (paper, section 3.4).

    Candidates of the other strategy are passed on.

    Attributes:
        reference: `none`, `student` or `gold`; see `RevisionTask`.

    Input columns:
        - question, erroneous_prefix (`str`): what is shown; gold_solution, gold_answer (`str`) where a reference is.
        - student_reference, strategy, id (`str`): optional; a right student solution, whose row it is, which request.

    Output columns:
        - draft_reflection, draft_correction (`str`): the teacher's words.
        - reference_seen (`str`): `none`, `student` or `gold`.
        - provenance (`list[dict]`): the calls made.

    Categories:
        - text-generation
    """

    task: ClassVar[str] = "fix_continue"
    strategy: ClassVar[str] = "fix_continue"
