"""What the reviewers of one record agree on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from lemma_steps.review.answers import Answer, latest, tidy
from lemma_steps.review.questions import NONE, QUESTIONS, labels
from lemma_steps.review.record import content
from lemma_steps.review.rows import steps_shown

JUDGEMENTS = tuple(question for question in QUESTIONS if labels(question))
"""Questions that are answered by one of several values."""
EDITS = {"edited_reflection": "reflection", "edited_correction": "correction"}
"""Question -> column whose text it edits."""


@dataclass(frozen=True, slots=True)
class Consensus:
    """The answers about one row, taken together.

    Attributes:
        answers: those about the row's text, the latest of each reviewer, sorted by reviewer, without values that cannot
            be for this row.
        given: the same with the earlier ones of reviewers who answered in several datasets.
        agreed: judgement -> the value that more than half of those who gave one chose.
        undecided: judgements without such a value: they change nothing.
        impossible: values that cannot be for this row, such as step 9 of 4.
        other_text: answers about another text under the same id; they count for nothing.
    """

    answers: tuple[Answer, ...]
    given: tuple[Answer, ...]
    agreed: Mapping[str, str]
    undecided: tuple[str, ...]
    impossible: int
    other_text: int

    def who(self, question: str, value: str | None = None) -> list[str]:
        """The reviewers who gave this value, or any."""
        given = [(a.reviewer, a.answers[question]) for a in self.answers if question in a.answers]
        return sorted({name for name, said in given if value in (None, said)})


def consensus(row: dict[str, Any], answers: Iterable[Answer]) -> Consensus:
    """What the answers with this row's id say about it, beside the labels that it has now.

    A type is a statement about the step that its reviewer named: it counts if the row ends up with that step.
    """
    all_given, text = list(answers), content(row)
    about = sorted((answer for answer in all_given if answer.content == text), key=lambda a: (a.reviewer, a.place))
    steps = steps_shown(row)
    usable = [
        replace(
            a,
            answers={name: value for name, value in _of_named_step(a.answers, steps) if _possible(name, value, steps)},
            labels={name: row.get(name, value) for name, value in a.labels.items()},  # they may have changed since
        )
        for a in about
    ]
    left_out = sum(len(a.answers) - len(b.answers) for a, b in zip(about, usable, strict=True))
    usable = [replace(a, answers={n: v for n, v in a.answers.items() if not _as_shown(row, n, v)}) for a in usable]
    given, usable = usable, latest(usable)
    agreed: dict[str, str] = {}
    undecided: list[str] = []
    for question in JUDGEMENTS:
        step = agreed.get("first_wrong_step", str(row["error_step"]))
        heard = [a for a in usable if question != "error_type" or a.answers.get("first_wrong_step", step) == step]
        votes = [a.answers[question] for a in heard if question in a.answers]
        if not votes:
            continue
        [(value, count)] = Counter(votes).most_common(1)
        if 2 * count > len(votes):
            agreed[question] = value
        else:
            undecided.append(question)
    other_text = len(all_given) - len(about)
    return Consensus(tuple(usable), tuple(given), agreed, tuple(undecided), left_out, other_text)


def _of_named_step(answers: Mapping[str, str], steps: int) -> Iterable[tuple[str, str]]:
    """The answers without the type of a step that cannot be."""
    step = answers.get("first_wrong_step")
    of_none = step is not None and not _possible("first_wrong_step", step, steps)
    return [(name, value) for name, value in answers.items() if not (of_none and name == "error_type")]


def _possible(question: str, value: str, steps: int) -> bool:
    if question == "first_wrong_step":
        return value == NONE or value in map(str, range(1, steps + 1))
    return question not in JUDGEMENTS or value in labels(question)


def _as_shown(row: Mapping[str, Any], question: str, value: str) -> bool:
    """Whether this is an edit that says what the row says."""
    return question in EDITS and tidy(value) == tidy(row[EDITS[question]])
