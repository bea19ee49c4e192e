"""ASDiv: a body and a question; the unit in brackets is no part of the answer."""

from __future__ import annotations

import re

from lemma_steps.evaluation.tasks.questions import with_hint
from lemma_steps.evaluation.tasks.task import Doc, LemmaTask


class Asdiv(LemmaTask):
    """Word problems of many kinds (Miao et al. 2020), the 2,215 with one answer."""

    BENCHMARK = "asdiv"

    @staticmethod
    def to_doc(row: Doc) -> Doc:
        """Question and gold as in the published scripts."""
        answer = re.sub(r"\(.*?\)", "", row["answer"]).strip()
        question = with_hint(f"{row['body'].strip()} {row['question'].strip()}", answer)
        return {"question": question, "answer": answer, "published_answer": answer, "solution": ""}
