"""What the answers of reviewers ask for, and what a row is with it. Nothing is verified here: `ApplyReview` does that."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lemma_steps.review.answers import tidy
from lemma_steps.review.consensus import EDITS, NONE, Consensus
from lemma_steps.segmentation import segment
from lemma_steps.trajectory import closing, error_span, join

Row = dict[str, Any]
CLOSING = closing("")
CONFLICTING, CONTRADICTION, OTHER_STEP = "conflicting_edits", "contradiction", "of_another_step"
REFUSED = {
    CONFLICTING: "reviewers give different texts",
    CONTRADICTION: "a row with a wrong step has a type of error",
    OTHER_STEP: "the step that reviewers named, whose type it is, was refused",
}
"""What cannot be done, whatever the text, and why."""


@dataclass(frozen=True, slots=True)
class Change:
    """A change that reviewers ask for.

    Attributes:
        values: column -> value wanted: `error_type`, or `error_step`, or `reflection` and `correction`.
        reviewers: who asks, in one text.
        refused: a code of `REFUSED` where it cannot be done.
        of_step: the wrong step that the row must have by then, if it holds of that one alone.
    """

    values: Mapping[str, Any]
    reviewers: str
    refused: str | None = None
    of_step: int | None = None

    @property
    def parts(self) -> list[Change]:
        """One change for each column."""
        return [Change({column: value}, self.reviewers, self.refused) for column, value in self.values.items()]

    def entries(self, row: Mapping[str, Any], outcome: str, reason: str | None = None) -> list[Row]:
        """What the changelog of a row says of it, `row` being as it was before: one entry for each column."""
        return [
            {
                "reviewer": self.reviewers,
                "column": column,
                "before": str(row[column]),
                "after": str(value),
                "outcome": outcome,
                "reason": reason,
            }
            for column, value in self.values.items()
        ]

    def confirms(self, row: Mapping[str, Any]) -> bool:
        """Whether it says of the wrong step what the row says."""
        return self.values.get("error_step") == row["error_step"]

    def applied(self, row: Mapping[str, Any]) -> Row:
        """The row with it; `segments` and `verdict` are still those of the old text.

        The prefix never changes. A step that moves takes the offsets along, and the votes, which were for another, are
        no longer the row's.
        """
        made = {**row, **self.values}
        if "error_step" in self.values:
            made["label_source"] = "human"
            if not self.confirms(row):
                span = error_span(segment(row["erroneous_prefix"]), made["error_step"])
                made |= {"error_begin": span[0], "error_end": span[1], "locator_agreement": None}
        if self.values.keys() & set(EDITS.values()):
            made["reflection"], made["correction"] = join(
                row["erroneous_prefix"], made["reflection"], made["correction"]
            )
            made["output"] = row["erroneous_prefix"] + made["reflection"] + made["correction"]
        return made


def dropped(found: Consensus) -> str | None:
    """Why the row leaves, in words with the reviewers' names and comments; None if it stays."""
    reasons = [
        ("first_wrong_step", NONE, "no step is wrong"),
        ("decision", "drop", "drop"),
    ]
    said = [
        f"{words}: {', '.join(found.who(question, value))}"
        for question, value, words in reasons
        if found.agreed.get(question) == value
    ]
    comments = [
        f"{answer.reviewer}: {answer.answers['comment']}" for answer in found.answers if "comment" in answer.answers
    ]
    return "; ".join([*said, *comments]) if said else None


def changes(row: Mapping[str, Any], found: Consensus) -> list[Change]:
    """What the reviewers of a row that stays ask for, in the order in which it is to be done."""
    asked: list[Change] = []
    kind, step = found.agreed.get("error_type"), found.agreed.get("first_wrong_step")
    named = int(step) if step not in (None, NONE) else None
    if named:
        asked.append(Change({"error_step": named}, _names(found.who("first_wrong_step", step))))
    if kind not in (None, row["error_type"]):
        # the row has a wrong step, by its label or by the reviewers: it cannot be of no type
        reason = CONTRADICTION if kind == NONE else None
        asked.append(
            Change({"error_type": kind}, _names(found.who("error_type", kind)), reason, named or row["error_step"])
        )
    return asked + _edits(found)


def _edits(found: Consensus) -> list[Change]:
    """The edits on which no two reviewers differ, those of the same reviewers together; the others are refused."""
    refused: list[Change] = []
    together: defaultdict[str, Row] = defaultdict(dict)
    for question, column in EDITS.items():
        by_text: defaultdict[str, list[str]] = defaultdict(list)
        for answer in found.answers:
            if question in answer.answers:
                by_text[tidy(answer.answers[question])].append(answer.reviewer)
        if len(by_text) == 1:
            [(text, names)] = by_text.items()
            together[_names(names)][column] = text
        else:
            refused += [Change({column: text}, _names(names), CONFLICTING) for text, names in by_text.items()]
    return [*(Change(values, names) for names, values in together.items()), *refused]


def closing_fault(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[str, str] | None:
    """Reason code and evidence where an edit touches the closing statement, which has been verified and ends the text."""
    was, now = (row["reflection"] + row["correction"] for row in (before, after))
    end = now.rpartition(CLOSING)[2].strip()
    if end not in (was.rpartition(CLOSING)[2].strip(), before["gold_answer"].strip()):
        return "closing_changed", f"the text must end with {CLOSING}{before['gold_answer']}, not with {end[:80]!r}"
    if now.count(CLOSING) > max(1, was.count(CLOSING)):
        return "closing_repeated", f"{CLOSING.strip()!r} stands {now.count(CLOSING)} times"
    return None


def is_masked(row: Mapping[str, Any]) -> bool:
    """Whether the row's segments leave its wrong step out of training."""
    return any(not part["label"] for part in row["segments"][1:])


def _names(reviewers: Sequence[str]) -> str:
    return ", ".join(dict.fromkeys(reviewers))
