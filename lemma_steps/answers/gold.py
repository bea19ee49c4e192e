"""The gold side of a check: an answer as the data set gives it, or a whole gold solution."""

from __future__ import annotations

from lemma_steps.answers.extract import extract_answer, gold_answer

_MAX_BARE_CHARS = 300


def gold_of(text: str) -> str | None:
    """The gold answer in `text`; a short text without line `####` and without box is the answer itself."""
    if (answer := gold_answer(text)) is not None:
        return answer
    return text.strip() if len(text) <= _MAX_BARE_CHARS and "nswer" not in text else extract_answer(text)
