"""Every grader's word on a reply, side by side."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from lemma_steps.answers import Verdict, extract_answer, qwen, verify_many
from lemma_steps.evaluation.scores.refaug import refaug_match


@dataclass(frozen=True, slots=True)
class Grade:
    """What the graders say of one reply.

    Attributes:
        answer: the answer that the reply states, None where it has none.
        published_answer: what the published rules take for the answer; empty where they find none.
        verdict: our verdict (`lemma_steps.answers`).
        published: the published rules' verdict (`lemma_steps.answers.qwen`); those know no "unparsed".
        refaug_match: RefAug's comparison, for MathChat.
    """

    METRICS: ClassVar = ("math_verify", "qwen_match", "refaug_match", "unparsed", "timed_out")
    answer: str | None
    published_answer: str
    verdict: Verdict
    published: Verdict
    refaug_match: bool

    @property
    def math_verify(self) -> bool:
        """Whether our check says right; an answer that cannot be read or compared in time is not right."""
        return self.verdict is Verdict.RIGHT

    @property
    def qwen_match(self) -> bool:
        """Whether the published code would have counted the reply as right."""
        return self.published is Verdict.RIGHT

    @property
    def unparsed(self) -> bool:
        """Whether our check found no answer that it could read."""
        return self.verdict is Verdict.UNPARSED

    @property
    def timed_out(self) -> bool:
        """Whether our check or the published rules were killed at their limit."""
        return Verdict.TIMED_OUT in (self.verdict, self.published)


def grade(asked: Sequence[tuple[Mapping[str, Any], str]]) -> Iterator[Grade]:
    """The grades of (document, reply) pairs, in order; algebra runs on several processes at once."""
    ours = verify_many((doc["answer"], reply) for doc, reply in asked)
    published = qwen.match_many((doc["published_answer"], reply) for doc, reply in asked)
    for (doc, reply), verdict, other in zip(asked, ours, published, strict=True):
        numeric = refaug_match(doc["answer"], reply)
        yield Grade(extract_answer(reply), qwen.extract(reply), verdict, other, numeric)
