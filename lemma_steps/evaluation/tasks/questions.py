"""Question and gold answer as the published scripts build them, where several sets share a rule."""

from __future__ import annotations

_HINTS = {"true": "True or False", "false": "True or False", "yes": "Yes or No", "no": "Yes or No"}


def with_hint(question: str, answer: str) -> str:
    """A question that is answered by a word says which words there are. Two golds of College-Math end in a full stop."""
    hint = _HINTS.get(answer.strip().rstrip(".").lower())
    return f"{question} ({hint})" if hint else question


def number(value: float) -> str:
    """A gold number as one writes it: 145, not 145.0."""
    return str(int(value)) if float(value).is_integer() else str(value)
