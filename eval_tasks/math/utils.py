"""MATH: the last box of the worked solution."""

from __future__ import annotations

from lemma_steps.answers import gold_answer, qwen
from lemma_steps.evaluation.tasks.math_parts import PARTS, part
from lemma_steps.evaluation.tasks.task import Doc, LemmaTask


class Math(LemmaTask):
    """Competition problems (Hendrycks et al. 2021), with a score for each subject and level."""

    BENCHMARK = "math"
    PARTS = PARTS

    @staticmethod
    def to_doc(row: Doc) -> Doc:
        """The published rules read the box of the solution in their own way."""
        solution = row["solution"]
        return {
            "question": row["problem"],
            "answer": gold_answer(solution) or "",
            "published_answer": qwen.gold_of(solution),
            "solution": solution,
            "parts": [part(row["type"]), part(row["level"])],
        }
