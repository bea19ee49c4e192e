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
        - question, gold_solution, gold_answer, erroneous_prefix, student_reference, strategy (`str`): what may be shown.

    Output columns:
        - draft_reflection, draft_correction (`str`): the teacher's words.
        - reference_seen (`str`): `none`, `student` or `gold`.
        - provenance (`list[dict]`): the calls made.

    Categories:
        - text-generation
    """

    task: ClassVar[str] = "fresh_restart"
    strategy: ClassVar[str] = "fresh_restart"
