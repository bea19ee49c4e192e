"""Which tables there are: the paper's, and those that say how far to trust them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

SETS = {
    "GSM8K": "gsm8k",
    "MATH": "math",
    "ASDiv": "asdiv",
    "Mathematics": "mathematics",
    "MAWPS": "mawps",
    "SVAMP": "svamp",
    "College-Math": "college_math",
}
"""The seven sets of the paper's Table 2 in its order, as they are called there and in our tasks."""
AVERAGE = "Avg."

_MATHCHAT = {
    "FQA-1": "mathchat_fqa",
    "FQA-2": "mathchat_fqa_turn2",
    "FQA-3": "mathchat_fqa_turn3",
    "EC": "mathchat_ec",
}
_OTHERS = {
    "MATH-500": "math500",
    "ASDiv, 0-shot": "asdiv_0shot",
    "MAWPS, 0-shot": "mawps_0shot",
    "SVAMP, 0-shot": "svamp_0shot",
}
_SHARES = {"unparsed": "unparsed", "timed out": "timed_out", "length-cut": "length_cut"}


@dataclass(frozen=True)
class Layout:
    """One table.

    Attributes:
        key: its name in the CSV file, and in `paper.yaml` where the paper has such a table.
        title: what it shows.
        columns: heading -> task, without `lemma_`.
        lines: the lines of each run: (what it says, what is appended to the task's name, metric).
        averaged: whether it ends with the macro mean of its columns.
        accuracy: whether it shows accuracies, with intervals, and not shares of replies.
    """

    key: str
    title: str
    columns: Mapping[str, str]
    lines: Sequence[tuple[str, str, str]]
    averaged: bool = False
    accuracy: bool = True


def layouts(metric: str) -> list[Layout]:
    """All tables under `math_verify` or `qwen_match`. MathChat is always scored by RefAug's rules, as in the paper."""
    published = metric == "qwen_match"
    votes = ["qwen_maj@32"] if published else ["maj@8", "maj@32", "pass@32"]
    lines = [("Pass@1", "", metric), *((vote.removeprefix("qwen_").capitalize(), "_maj32", vote) for vote in votes)]
    shares = [(said, "", share) for said, share in _SHARES.items()]
    return [
        Layout("main", f"Accuracy in %, {metric} (the paper's Table 2)", SETS, [("", "", metric)], averaged=True),
        Layout("maj32", f"Votes of 32 samples in %, {metric} (the paper's Table 10)", SETS, lines, averaged=True),
        Layout("mathchat", "MathChat in %, refaug_match (the paper's Table 3)", _MATHCHAT, [("", "", "refaug_match")]),
        Layout("others", f"Further sets in %, {metric}", _OTHERS, [("", "", metric)]),
        Layout("shares", "Replies without a usable end, in %", SETS, shares, averaged=True, accuracy=False),
        Layout("mathchat_shares", "The same of MathChat, in %", _MATHCHAT, shares, accuracy=False),
    ]
