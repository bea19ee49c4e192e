"""SVAMP: a body and a question, and a number as the answer."""

from __future__ import annotations

from lemma_steps.evaluation.tasks.questions import number
from lemma_steps.evaluation.tasks.task import Doc, LemmaTask


class Svamp(LemmaTask):
    """Simple word problems with small changes that mislead (Patel et al. 2021), both parts."""

    BENCHMARK = "svamp"

    @staticmethod
    def to_doc(row: Doc) -> Doc:
        """A body without a full stop gets one, as in the published scripts."""
        body = row["Body"].strip()
        question = f"{body if body.endswith('.') else body + '.'} {row['Question'].strip()}"
        answer = number(row["Answer"])
        return {"question": question, "answer": answer, "published_answer": str(row["Answer"]), "solution": ""}
