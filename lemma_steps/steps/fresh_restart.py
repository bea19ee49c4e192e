"""Step: the strategy Fresh & Restart."""

from __future__ import annotations

from typing import ClassVar

from lemma_steps.steps.revision_task import RevisionTask


class FreshRestart(RevisionTask):
    """Asks for a reflection on the error and for a new solution from the start (paper, section 3.4 and Figure 15).

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

    task: ClassVar[str] = "fresh_restart"
    strategy: ClassVar[str] = "fresh_restart"
