"""A refusal with a reason: the offline teacher's answer to what it cannot do honestly."""

from __future__ import annotations


class DeclineError(Exception):
    """The task is declined; `code` names the reason, `words` say more."""

    def __init__(self, code: str, words: str) -> None:
        super().__init__(f"{code}: {words}")
        self.code, self.words = code, words
