"""What a teacher's reply holds once it is parsed, and the error that a reply without it raises."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Injection:
    """A wrong solution made from a right one.

    Attributes:
        solution: The whole wrong solution, without marks.
        wrong_begin: Offset in `solution` of the first wrong step's first character.
        wrong_end: Offset just past its last character.
        explanation: What was made wrong, in the teacher's words.
    """

    solution: str
    wrong_begin: int
    wrong_end: int
    explanation: str


@dataclass(frozen=True, slots=True)
class Location:
    """The number of the first wrong step (1-based; may exceed the number of steps), or None, and the reason."""

    error_step: int | None
    reason: str


@dataclass(frozen=True, slots=True)
class Classification:
    """The code of the error type, or None where the teacher finds no error, and the reason."""

    error_type: str | None
    reason: str


@dataclass(frozen=True, slots=True)
class Revision:
    """What follows an erroneous prefix: the words that notice the error, and the right reasoning after them."""

    reflection: str
    correction: str


@dataclass(frozen=True, slots=True)
class Solution:
    """A complete solution; its last line states the answer."""

    text: str


@dataclass(frozen=True, slots=True)
class Afterthought:
    """What a solution can be followed by: a second one, whose last line states the answer, and a problem that goes further."""

    alternative: str
    follow_up: str


Reply = Injection | Location | Classification | Revision | Solution | Afterthought


class ReplyError(Exception):
    """A reply that cannot be used.

    Attributes:
        code: `declined` (the teacher refused, with a reason), `reply_truncated` (it breaks off inside a part) or
            `reply_unparsed` (a part is absent, empty or not of the form that was asked for).
        detail: What is wrong with it; of a refusal, the teacher's "reason_code: words".
    """

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(code, detail)
        self.code = code
        self.detail = detail

    def __str__(self) -> str:
        """`code: detail`."""
        return f"{self.code}: {self.detail}"
