"""The text of a trajectory: how a gold solution is cleaned, how prefix, reflection and correction are joined.

    output = erroneous_prefix + reflection + correction

Everything about white space at the joints is decided here and nowhere else, so that training and evaluation agree.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

OUTPUT_START = " "
"""Every `output` begins with this. The prompt ends with "step by step." and no space; a leading space stays apart from
that full stop in byte-level and SentencePiece vocabularies alike, while "." and a newline merge into one token."""

_MARK = re.compile(r"<<[^<>]*>>")
_CLOSED = re.compile(r"\bThe answer is: \S[^\n]*\Z")
_GOLD_LINE = re.compile(r"^[ \t]*####[ \t]*(?:[-+$\\\d(.](?!\d*[.)]\s)[^\n]*\n?|[^\n]*\Z)", re.MULTILINE)


def strip_marks(text: str) -> str:
    """Remove GSM8K's calculator marks (`<<48/2=24>>`), which never reach an `output`."""
    return _MARK.sub("", text)


def closing(answer: str) -> str:
    """The statement that ends every `output`."""
    return f"The answer is: {answer}"


def as_output(text: str) -> str:
    """`text` with exactly the leading white space that every output has, and none at its end."""
    return OUTPUT_START + text.strip()


def student_solution(text: str) -> str:
    """A student's solution as it enters: calculator marks removed (a student trained on GSM8K writes them too)."""
    return as_output(strip_marks(text))


def without_gold_line(text: str) -> str:
    """`text` without GSM8K's `####` lines, headings in Markdown excepted, and without white space around it."""
    return _GOLD_LINE.sub("", text.strip()).strip()


def closed(solution: str, answer: str) -> str:
    """A solution of somebody else's as an output: no marks, no `####` line, and a closing statement, its own or `answer`'s.

    Its own stays only where it is the last word: a `####` line after it may say something else.
    """
    plain = strip_marks(solution).strip()
    text = without_gold_line(plain)
    own = _CLOSED.search(plain) or text.endswith(closing(answer))
    return as_output(text if own else f"{text}\n{closing(answer)}")


def gold_trajectory(gold_solution: str, gold_answer: str) -> str:
    """The gold solution as a model would write it: no marks, no `####` line, the closing statement as its last line."""
    body = without_gold_line(strip_marks(gold_solution))
    if body.endswith(closing(gold_answer)):
        return body
    return f"{body}\n{closing(gold_answer)}" if body else closing(gold_answer)


def _separator(before: str) -> str:
    return "" if not before or before[-1].isspace() else "\n"


def join(prefix: str, reflection: str, correction: str) -> tuple[str, str]:
    """Reflection and correction with the white space that makes prefix + reflection + correction one readable text.

    The prefix is never touched: it is the student's or injector's text, byte for byte (design, principle 2).
    """
    reflection = _separator(prefix) + reflection.strip() + "\n" if reflection.strip() else _separator(prefix)
    correction = correction.strip()
    return (reflection, correction) if prefix else (OUTPUT_START + reflection.lstrip(), correction)


def error_span(steps: Sequence[str], error_step: int) -> tuple[int, int]:
    """Character offsets `[begin, end)` of the wrong step inside the output; `error_step` is 1-based."""
    begin = sum(map(len, steps[: error_step - 1]))
    return begin, begin + len(steps[error_step - 1])
