"""GSM8K: the number after `####`."""

from __future__ import annotations

from lemma_steps.answers import gold_answer
from lemma_steps.evaluation.tasks.task import Doc, LemmaTask


class Gsm8k(LemmaTask):
    """Grade-school word problems (Cobbe et al. 2021)."""

    BENCHMARK = "gsm8k"

    @staticmethod
    def to_doc(row: Doc) -> Doc:
        """The answer is what stands after `####`; both graders read it alike."""
        answer = gold_answer(row["answer"]) or ""
        return {"question": row["question"], "answer": answer, "published_answer": answer, "solution": row["answer"]}
