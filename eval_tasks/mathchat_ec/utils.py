"""MathChat, error correction: a problem, a wrong attempt and the remark that it is wrong, in one text."""

from __future__ import annotations

from lemma_steps.evaluation.tasks.task import Doc, LemmaTask


class ErrorCorrection(LemmaTask):
    """The model is told that an attempt at a GSM8K test problem is wrong (Liang et al. 2024), as RefAug flattens it."""

    BENCHMARK = "mathchat_ec"
    METRICS = ("refaug_match",)

    @staticmethod
    def to_doc(row: Doc) -> Doc:
        """The dialogue as one question."""
        answer = row["answer"]
        return {"question": row["question"], "answer": answer, "published_answer": answer, "solution": ""}
