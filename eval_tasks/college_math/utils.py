"""College-Math: exercises of textbooks, answers in LaTeX."""

from __future__ import annotations

from lemma_steps.evaluation.tasks.questions import with_hint
from lemma_steps.evaluation.tasks.task import Doc, LemmaTask


class CollegeMath(LemmaTask):
    """Exercises of nine college textbooks (Tang et al. 2024, MathScale)."""

    BENCHMARK = "college_math"

    @staticmethod
    def to_doc(row: Doc) -> Doc:
        """The published rules see the gold without dollar signs."""
        published = row["answer"].replace("$", "").strip()
        question = with_hint(row["question"].strip(), published)
        return {"question": question, "answer": row["answer"], "published_answer": published, "solution": ""}
