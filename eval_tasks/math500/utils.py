"""MATH-500: 500 problems of MATH, with the answer in a column of its own."""

from __future__ import annotations

from lemma_steps.answers import qwen
from lemma_steps.evaluation.tasks.math_parts import PARTS, part
from lemma_steps.evaluation.tasks.task import Doc, LemmaTask


class Math500(LemmaTask):
    """The test problems of Lightman et al. (2023) that others train their verifiers without."""

    BENCHMARK = "math500"
    PARTS = PARTS

    @staticmethod
    def to_doc(row: Doc) -> Doc:
        """The published rules have no branch for this set; they read it as MATH here."""
        solution = row["solution"]
        return {
            "question": row["problem"],
            "answer": row["answer"],
            "published_answer": qwen.gold_of(solution),
            "solution": solution,
            "parts": [part(row["subject"]), f"level_{row['level']}"],
        }
