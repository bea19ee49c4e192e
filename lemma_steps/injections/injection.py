"""An injected wrong solution beside the gold solution that it was made from, both read into steps and computations."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property, lru_cache

from lemma_steps.answers import extract_answer
from lemma_steps.arithmetic import evaluate
from lemma_steps.injections.classifier import classify
from lemma_steps.injections.question import Question, question_of
from lemma_steps.injections.reading import Chain, Step, numbers_in, read, steps_of
from lemma_steps.segmentation import segment
from lemma_steps.trajectory import gold_trajectory

MAX_CHARACTERS = 10_000
"""Longest question, gold solution and wrong solution that are read."""
MAX_STEPS = 200
MAX_CHAINS = 60
"""More computations than this are not traced, so that time stays bounded; people write fewer."""
_LONG_NUMBER = re.compile(r"\d{100}")
_NOT_PLAIN = re.compile(r"\\(?!d?frac|tfrac|text|\$|%|[,!; ])|\^")


@dataclass(frozen=True)
class Injection:
    """One injected error: what the injector saw, what it wrote, and what it says of it.

    `declared_step` is 1-based; `declared_type` is a code of the taxonomy, None where nobody named one.
    """

    question: str
    gold_solution: str
    gold_answer: str
    solution: str
    declared_step: int
    declared_type: str | None = None

    @cached_property
    def unreadable(self) -> str | None:
        """Why it is not checked at all; None where it is. Texts of others must not cost more time than they are worth."""
        texts = (self.question, self.gold_solution, self.gold_answer, self.solution)
        if any(len(text) > MAX_CHARACTERS for text in texts):
            return f"a text is longer than {MAX_CHARACTERS:,} characters"
        if any(_LONG_NUMBER.search(text) for text in texts):
            return "a number has more than 100 digits"
        if len(self.raw_steps) > MAX_STEPS or len(self.gold) > MAX_STEPS:
            return f"a solution has more than {MAX_STEPS} steps"
        if not 1 <= self.declared_step <= len(self.raw_steps):
            return f"step {self.declared_step} is declared, of {len(self.raw_steps)}"
        return None

    @cached_property
    def raw_steps(self) -> list[str]:
        """The steps of the wrong solution, as written."""
        return segment(self.solution)

    @cached_property
    def steps(self) -> list[Step]:
        """The steps of the wrong solution, read."""
        return steps_of(self.solution)

    @property
    def declared(self) -> Step:
        """The step that is declared wrong."""
        return self.steps[self.declared_step - 1]

    @cached_property
    def gold(self) -> tuple[Step, ...]:
        """The steps of the gold solution as the injector saw it, read once per problem."""
        return _gold(self.gold_solution, self.gold_answer)

    @cached_property
    def about(self) -> Question:
        """The numbers of question and gold solution."""
        return question_of(self.question, gold_trajectory(self.gold_solution, self.gold_answer))

    @cached_property
    def too_many_chains(self) -> str | None:
        """Why its computations are not traced; None where they are."""
        most = max(sum(len(step.chains) for step in steps) for steps in (self.steps, self.gold))
        return f"{most} computations, at most {MAX_CHAINS} are traced" if most > MAX_CHAINS else None

    @cached_property
    def codes(self) -> set[str]:
        """The types that the classifier finds."""
        return self._classified(by_line=False)

    @cached_property
    def codes_by_line(self) -> set[str]:
        """The types that it finds where every line of a step is read for itself."""
        return self._classified(by_line=True)

    def _classified(self, *, by_line: bool) -> set[str]:
        texts = (self.question, self.gold_solution, self.gold_answer, self.solution)
        return classify(*texts, self.declared_step, by_line=by_line)

    @cached_property
    def answer(self) -> Fraction | None:
        """The number that the wrong solution ends with; None where it ends with none, or with something else."""
        return number_of(extract_answer(self.solution) or "")

    @cached_property
    def right_answer(self) -> Fraction | None:
        """The number that is right; None where the answer is something else."""
        return number_of(self.gold_answer)


def number_of(answer: str) -> Fraction | None:
    """The one number that an answer is, its unit aside; a percentage counts as its numeral."""
    if len(answer) > 200 or _NOT_PLAIN.search(answer):
        return None
    value = evaluate(answer.replace("\\%", "").replace("%", "").strip())
    values = {value} if value is not None else {number for _, _, number in numbers_in(answer)}
    return values.pop() if len(values) == 1 else None


def key_of(chain: Chain) -> tuple[object, ...]:
    """What a chain computes, however its words and the order of its numbers are."""
    return (tuple(sorted(chain.numbers)), tuple(sorted(chain.operators)), chain.result.value)


@lru_cache(64)
def _gold(solution: str, answer: str) -> tuple[Step, ...]:
    return tuple(steps_of(gold_trajectory(solution, answer)))


def lines_read(step: str) -> Step:
    """A step read as it is laid out: where it has several lines, an equation does not run on into the next."""
    return read(step.strip())
