"""Whether somebody's solution states its answer itself, at its end: where it does not, a right verdict is a lucky guess.

Evaluation reads an answer out of any reply, in the last resort its last number. That is fair to a model that is measured,
but a row to be trained on would get the gold answer put under words that do not lead to it.
"""

from __future__ import annotations

import re

from lemma_steps.answers.extract import stated_answer

_EMPTY = re.compile(r"\\end\{[^}]*\}|[^\w#]")
_OPERATED = re.compile(r"\S\s*[-+*/^=]|\\(?:frac|log|sqrt|cdot|times|sin|cos|tan|binom|sum)")


def missing_statement(question: str, solution: str, gold: str) -> str | None:
    """`answer_not_stated` where the last line with words states no answer, `answer_echoed` where what it states is an
    expression of the question and not the gold answer's own form; None where the solution states its answer."""
    lines = [line for line in solution.splitlines() if _EMPTY.sub("", line)]
    said = stated_answer(lines[-1]) if lines else None
    if said is None:
        return "answer_not_stated"
    bare = _bare(said)
    echoed = _OPERATED.search(said) and bare != _bare(gold) and bare in _bare(question)
    return "answer_echoed" if echoed else None


def _bare(text: str) -> str:
    return re.sub(r"[\s$]|\\[()\[\],;!]|\\left|\\right|\\d?displaystyle|\.\Z", "", text)
