"""Numbers in words, as the library of the published code reads them: `twelve apples` is 12, and so is `007` 7."""

from __future__ import annotations

from lemma_steps.answers.qwen.requirements import number_reader


def spelled_number(text: str) -> str:
    """The number that the words in `text` make, in digits, or `text` where they make none."""
    read = number_reader()
    try:
        return str(read(text))
    except Exception:  # no number words, or words in an order that ends in its IndexError, KeyError or TypeError
        return text
