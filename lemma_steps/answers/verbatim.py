"""A reply that closes with the gold answer word for word is right, whatever that answer is.

Some gold answers are sentences or lists of results that no comparison reads; where nothing but the end of the text tells
an answer from a remark after it, the gold tells.
"""

from __future__ import annotations

import re

from lemma_steps.answers.extract import MAX_TAIL

_STATEMENT = re.compile(r"\bthe (?:final )?answer is:?[\s*]*$", re.IGNORECASE)


def restates(gold: str, prediction: str) -> bool:
    """Whether `prediction` is `gold`, or ends with a closing statement of it; white space and a last full stop aside."""
    answer, text = _plain(gold), _plain(prediction[-MAX_TAIL:])
    if not answer or not text.endswith(answer):
        return False
    before = text[: -len(answer)]
    return not before or _STATEMENT.search(before[-40:]) is not None


def _plain(text: str) -> str:
    return " ".join(text.split()).rstrip(". ")
