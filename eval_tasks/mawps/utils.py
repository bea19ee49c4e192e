"""MAWPS: the copy of RefAug, which the paper's README says it uses."""

from __future__ import annotations

from lemma_steps.evaluation.tasks.questions import number
from lemma_steps.evaluation.tasks.task import Doc, LemmaTask


class Mawps(LemmaTask):
    """Word problems from several collections (Koncel-Kedziorski et al. 2016)."""

    BENCHMARK = "mawps"

    @staticmethod
    def to_doc(row: Doc) -> Doc:
        """The only solution; a float such as 0.3333333333333333 is a third to our check."""
        (answer,) = row["lSolutions"]
        question = row["sQuestion"].strip()
        return {"question": question, "answer": number(answer), "published_answer": str(answer), "solution": ""}
