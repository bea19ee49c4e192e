"""Self-correction telemetry of one task, counted from its replies.

What is counted, and what it is not:

- A reply **reflects** when it holds a wording of `reflections.yaml`: it halts ("Wait, ..."), names an error of its own, or
  goes over its work again. Checked on model solutions of ProcessBench's OmniMath part, unseen when the list was first
  written: of 47 found 39 do turn back (precision 0.83), and of 46 that do, 39 were found (recall 0.85). One reader judged, and
  looked for missed ones only among replies with a word of the kind. After mending, on the OlympiadBench part, seen in
  excerpts before: 36 of 40 and 36 of 41. In text that never turns back, on which the list was
  shaped: none of 8,692 gold solutions of GSM8K, 2 of 12,398 of
  MATH, none of 4,876 recorded students' on GSM8K. All 13 phrases that the published prompt offers are found, and 2,393 of
  2,441 trajectories of the offline recipe (98 %; this project's own wordings), each at the right place. Multiple choice is
  another matter: "Choice A cannot be correct" counts there.
- A **flip** is measured where an answer was stated before the first reflection: that answer and the final one are both
  checked against the gold answer. A reply trained as the paper trains turns back in mid-solution, before any answer; it is
  counted under `no_answer_before` and has no flip, neither a good nor a bad one.
- A **false step before** is an equation that does not hold in the last step before the first reflection: the reply turned
  back at an error that arithmetic can see. The rest is not "turned back without cause": a misread question has no false
  equation. Of the offline recipe's trajectories with a calculation error 859 of 898 count, of the others none of 1,495.
- Right and wrong after reflecting are no effect of reflecting: hard problems call for more of it.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from lemma_steps.answers import Verdict
from lemma_steps.evaluation.self_correction.observation import FLIPS, Observation
from lemma_steps.share import Share

PERCENTILES = (5, 25, 50, 75, 95, 100)
BASES = {
    "reflects": "replies",
    "right": "replies",
    "right_if_reflecting": "reflecting replies",
    "right_otherwise": "other replies",
    "no_answer_before": "reflecting replies",
    **dict.fromkeys(FLIPS, "replies with an answer before"),
    "false_step_before": "reflecting replies",
    "length_cut": "measured replies",
}
"""What is counted, and of what."""


class SelfCorrection:
    """Counts over the observed replies of one task.

    Args:
        count_tokens: tokens of a text; None leaves lengths in tokens out.
    """

    def __init__(self, count_tokens: Callable[[str], int] | None = None) -> None:
        self._count_tokens = count_tokens
        self._rows: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(lambda: [0.0, 0]))
        self._turns: Counter[int] = Counter()
        self._lengths: dict[tuple[str, str], list[int]] = defaultdict(list)

    @classmethod
    def of(cls, observed: Iterable[Observation], count_tokens: Callable[[str], int] | None = None) -> SelfCorrection:
        """The counts over all of these replies."""
        counts = cls(count_tokens)
        for one in observed:
            counts.add(one)
        return counts

    def add(self, seen: Observation) -> None:
        """Count one reply."""
        row = self._rows[seen.reply.row]
        for name, value in _cases(seen):
            row[name][0] += value
            row[name][1] += 1
        self._turns[seen.reflections] += 1
        text = seen.reply.text
        sizes = {"characters": len(text), "words": len(text.split())}
        if self._count_tokens:
            sizes["tokens"] = self._count_tokens(text)
        for unit, size in sizes.items():
            self._lengths[unit, "reflecting" if seen.reflections else "other"].append(size)

    @property
    def replies(self) -> int:
        """Replies that were counted."""
        return self._turns.total()

    def share(self, name: str) -> Share:
        """One of `BASES`, with its interval."""
        return Share.by_row([(row[name][0], int(row[name][1])) for row in self._rows.values() if name in row])

    def report(self) -> dict[str, Any]:
        """Everything as plain data, in a fixed order."""
        return {
            "rows": len(self._rows),
            "replies": self.replies,
            "shares": {name: _plain(self.share(name)) | {"base": base} for name, base in BASES.items()},
            "reflections_per_reply": {str(turns): count for turns, count in sorted(self._turns.items())},
            "length": {unit: self._length(unit) for unit in ("characters", "words", "tokens")},
        }

    def _length(self, unit: str) -> dict[str, Any] | None:
        parts = {part: self._lengths.get((unit, part), []) for part in ("reflecting", "other")}
        whole = [size for sizes in parts.values() for size in sizes]
        return {name: spread(sizes) for name, sizes in {"all": whole, **parts}.items()} if whole else None


def spread(sizes: list[int]) -> dict[str, Any]:
    """Count, mean and percentiles; `p100` is the largest."""
    if not sizes:
        return {"n": 0, "mean": None, **{f"p{share}": None for share in PERCENTILES}}
    values = np.percentile(sizes, PERCENTILES, method="inverted_cdf")
    points = {f"p{share}": int(value) for share, value in zip(PERCENTILES, values, strict=True)}
    return {"n": len(sizes), "mean": round(float(np.mean(sizes)), 1), **points}


def _cases(seen: Observation) -> Iterable[tuple[str, float]]:
    """The shares that a reply counts in, each with 1 or 0 (length_cut: with the share that its row logged)."""
    right = float(seen.after is Verdict.RIGHT)
    yield "reflects", float(seen.reflections > 0)
    yield "right", right
    yield ("right_if_reflecting" if seen.reflections else "right_otherwise"), right
    if seen.reflections:
        yield "no_answer_before", float(seen.before is None)
        yield "false_step_before", float(bool(seen.false_step))
    if seen.flip is not None:
        yield from ((flip, float(seen.flip == flip)) for flip in FLIPS)
    if seen.reply.length_cut is not None:
        yield "length_cut", seen.reply.length_cut


def _plain(share: Share) -> dict[str, Any]:
    def rounded(value: float | None) -> float | None:
        return None if value is None else round(value, 6)

    count = int(share.count) if float(share.count).is_integer() else round(share.count, 3)
    return {
        "count": count,
        "of": share.of,
        "share": rounded(share.value),
        "low": rounded(share.low),
        "high": rounded(share.high),
    }
