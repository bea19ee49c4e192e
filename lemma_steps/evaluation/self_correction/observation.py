"""What one reply shows of self-correction."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from lemma_steps.answers import Verdict, verify_many
from lemma_steps.answers.extract import stated_answer
from lemma_steps.arithmetic import find_equations
from lemma_steps.evaluation.runs.reply import Reply
from lemma_steps.evaluation.self_correction.reflections import Reflection, reflections
from lemma_steps.segmentation import segment

FLIPS = ("helpful_flip", "harmful_flip", "stayed_right", "stayed_wrong", "undecided")


@dataclass(frozen=True, slots=True)
class Observation:
    """A reply that was looked at.

    Attributes:
        reply: the reply.
        reflections: how often it turns back.
        after: the verdict on its final answer.
        before: the verdict on the answer that it had stated when it first turned back; None where it had stated none, or
            never turns back.
        false_step: whether the last step with a number in it before it first turned back holds a false equation; None
            where it never turns back.
    """

    reply: Reply
    reflections: int
    after: Verdict
    before: Verdict | None = None
    false_step: bool | None = None

    @property
    def flip(self) -> str | None:
        """One of `FLIPS`; None where there is no answer before.

        A final answer that cannot be read is wrong. An earlier one that cannot be read, and a check that ran out of
        time, leave the reply undecided.
        """
        if self.before is None:
            return None
        if self.before in (Verdict.UNPARSED, Verdict.TIMED_OUT) or self.after is Verdict.TIMED_OUT:
            return "undecided"
        if self.after is Verdict.RIGHT:
            return "stayed_right" if self.before is Verdict.RIGHT else "helpful_flip"
        return "harmful_flip" if self.before is Verdict.RIGHT else "stayed_wrong"


def observe(replies: Iterable[Reply]) -> Iterator[Observation]:
    """Look at replies in order; answers are compared on several processes, a window of replies ahead."""
    waiting: deque[tuple[Reply, list[Reflection], str | None]] = deque()

    def answers() -> Iterator[tuple[str, str]]:
        for reply in replies:
            turns = reflections(reply.text)
            head = reply.text[: turns[0].begin] if turns else None
            waiting.append((reply, turns, head))
            yield reply.gold, reply.text
            if head is not None and _states(head):
                yield reply.gold, head

    verdicts = verify_many(answers())
    for after in verdicts:
        reply, turns, head = waiting.popleft()
        if head is None:
            yield Observation(reply, 0, after)
        else:
            before = next(verdicts) if _states(head) else None
            yield Observation(reply, len(turns), after, before, _false_step(head))


def _states(head: str) -> bool:
    return stated_answer(head) is not None


def _false_step(head: str) -> bool:
    """Whether the last step of `head` that holds a number is arithmetically false."""
    step = next((step for step in reversed(segment(head)) if any(mark.isdigit() for mark in step)), "")
    return any(equation.verdict == "wrong" for equation in find_equations(step))
