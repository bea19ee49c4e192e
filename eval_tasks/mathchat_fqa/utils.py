"""MathChat, follow-up questions: three turns about one problem; turn k stands after the replies to the turns before."""

from __future__ import annotations

from pathlib import Path

from lemma_steps.errors import RefusedError
from lemma_steps.evaluation.benchmarks.benchmark import Loaded
from lemma_steps.evaluation.tasks.dialogue import continued
from lemma_steps.evaluation.tasks.task import Doc, LemmaTask


class Turn1(LemmaTask):
    """A GSM8K test problem and two questions that build on it (Liang et al. 2024), in RefAug's wording."""

    BENCHMARK = "mathchat_fqa"
    METRICS = ("refaug_match",)
    TURN = 1

    @classmethod
    def to_doc(cls, row: Doc) -> Doc:
        """The question of this turn alone."""
        question, answer = row[f"Q{cls.TURN}"], row[f"A{cls.TURN}"]
        fields = {"question": question, "answer": answer, "published_answer": answer, "solution": ""}
        return fields | {"turn": cls.TURN}


class Turn2(Turn1):
    """The second question, after the first and the model's reply to it, joined by blank lines into one text.

    lm-eval builds all prompts before it asks for a reply, so the replies come from an earlier run: the metadata's
    `previous_turn` names its sample file. `recipes/evaluate.py` does all of that.
    """

    TURN = 2

    def docs(self, loaded: Loaded) -> list[Doc]:
        """The dialogues whose turn before was answered."""
        if not (samples := (self.config.metadata or {}).get("previous_turn")):
            raise RefusedError(
                f"{self.config.task}: needs the replies to turn {self.TURN - 1}; run recipes/evaluate.py, which runs "
                "the turns one after another"
            )
        return continued(super().docs(loaded), Path(samples))


class Turn3(Turn2):
    """The third question, after two replies."""

    TURN = 3
