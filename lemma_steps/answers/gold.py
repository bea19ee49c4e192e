"""The gold side of a check: an answer as the data set gives it, or a whole gold solution."""

from __future__ import annotations

from lemma_steps.answers.extract import gold_answer, stated_answer


def gold_of(text: str) -> str | None:
    """The gold answer in `text`: its `####` line, its box, its closing statement, else the text itself.

    Nothing is guessed on this side: prose without a statement stays whole and is refused later.
    """
    return gold_answer(text) or stated_answer(text) or text.strip(" \t\r\n") or None
