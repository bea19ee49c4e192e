"""Majority votes over the samples of one problem, with equal answers counted together.

The paper's Maj@32 (Table 10) counts equal strings; `qwen_maj` does the same. `maj` counts 1/2 and 0.5 as one answer.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from lemma_steps.answers import Verdict, verify
from lemma_steps.evaluation.scores.grade import Grade

SMALL = 8
"""Samples of the smaller vote, which the published script has as its only size."""


def vote_names(size: int) -> list[str]:
    """The names of the scores that `votes` gives for so many samples."""
    return [*(f"maj@{k}" for k in _sizes(size)), f"pass@{size}", f"qwen_maj@{size}"]


def groups(answers: Sequence[str | None]) -> list[list[int]]:
    """Positions of equal answers, in the order in which each answer was first given; None joins no group.

    An answer joins the first group whose first answer it equals: 5 equals `x = 5` and `y = 5`, which are not equal.
    Each is compared with one of every group before it, so that 32 different answers in symbols take seconds.
    """
    found: dict[str, list[int]] = {}
    for position, answer in enumerate(answers):
        if answer is None:
            continue
        same = answer if answer in found else next((other for other in found if _equal(other, answer)), answer)
        found.setdefault(same, []).append(position)
    return list(found.values())


def winner(found: Sequence[Sequence[int]]) -> int | None:
    """A sample of the largest group, of the first given where several are as large; None where nobody voted."""
    return max(found, key=len)[0] if found else None


def votes(grades: Sequence[Grade]) -> dict[str, float]:
    """`maj@k` for all samples and for the first eight, `pass@k`, and the published vote over strings."""
    size = len(grades)
    scores = {f"maj@{k}": _won(grades[:k]) for k in _sizes(size)}
    scores[f"pass@{size}"] = float(any(one.math_verify for one in grades))
    most = Counter(one.published_answer for one in grades).most_common(1)[0][0]
    first = next(one for one in grades if one.published_answer == most)
    return scores | {f"qwen_maj@{size}": float(first.qwen_match)}


def _sizes(size: int) -> list[int]:
    return [size, SMALL] if size > SMALL else [size]


def _won(grades: Sequence[Grade]) -> float:
    best = winner(groups([one.answer for one in grades]))
    return float(best is not None and grades[best].math_verify)


def _equal(one: str, other: str) -> bool:
    return verify(one, other) is Verdict.RIGHT
