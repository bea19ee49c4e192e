"""DeepMind Mathematics: 1,000 generated questions."""

from __future__ import annotations

from lemma_steps.evaluation.tasks.questions import with_hint
from lemma_steps.evaluation.tasks.task import Doc, LemmaTask


class Mathematics(LemmaTask):
    """School mathematics from a generator (Saxton et al. 2019), the selection of MathInstruct."""

    BENCHMARK = "mathematics"

    @staticmethod
    def to_doc(row: Doc) -> Doc:
        """Question and answer as they are."""
        answer = row["answer"]
        question = with_hint(row["question"].strip(), answer)
        return {"question": question, "answer": answer, "published_answer": answer, "solution": ""}
