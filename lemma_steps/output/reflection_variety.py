"""How varied the wording of the reflections is."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from typing import Any

from lemma_steps.output.distinct import Distinct
from lemma_steps.output.funnel import ranked
from lemma_steps.output.picks import Picks, rank

TOP_OPENINGS = 20
SAMPLE = 1000
SIZES = (1, 2, 3)
LONGEST = 4000
"""Characters of a reflection that are looked at."""
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
DEFINITION = (
    "distinct-n: different sequences of n words among all of them (Li et al. 2016), letter case and punctuation left "
    "out, numbers are words. It falls as rows are added, so compare sets by that of the sample, whose size is fixed"
)


class ReflectionVariety:
    """Openings and distinct n-grams of the reflections of kept rows, of all and of a sample of fixed size."""

    def __init__(self) -> None:
        self._openings: Counter[str] = Counter()
        self._distinct = {size: Distinct() for size in SIZES}
        self._sample: Picks[str] = Picks(SAMPLE)

    def add(self, row: Mapping[str, Any]) -> None:
        """Look at the reflection of one record."""
        if row.get("rejected_by") or not row.get("reflection"):
            return
        words = _words(text := row["reflection"][:LONGEST])
        self._openings[" ".join(words[:3])] += 1
        for size, distinct in self._distinct.items():
            distinct.add(_sequences(words, size))
        self._sample.offer(rank(row["id"]), text)

    def report(self) -> dict[str, Any]:
        """`reflections`, and `reflection_openings`: the openings once more."""
        sample = [_words(text) for text in self._sample.items()]
        total, top = self._openings.total(), list(ranked(self._openings).items())[:TOP_OPENINGS]
        openings = {
            "distinct": len(self._openings),
            "top_share": round(top[0][1] / total, 4) if top else None,
            "top": [{"words": words, "count": count} for words, count in top],
        }
        return {
            "reflections": {
                "n": total,
                **{f"distinct_{size}": distinct.share for size, distinct in self._distinct.items()},
                "sample": {"n": len(sample), **{f"distinct_{size}": _share(sample, size) for size in SIZES}},
                "openings": openings["distinct"],
                "top_share": openings["top_share"],
                "definition": DEFINITION,
            },
            "reflection_openings": openings,
        }


def opening(reflection: str) -> str:
    """The first three words of a reflection, without case and punctuation, by which variety is measured."""
    return " ".join(_words(reflection[:LONGEST])[:3])


def _words(text: str) -> list[str]:
    return _WORD.findall(text.casefold())


def _sequences(words: list[str], size: int) -> list[str]:
    return [" ".join(words[at : at + size]) for at in range(len(words) - size + 1)]


def _share(sample: list[list[str]], size: int) -> float | None:
    found = [sequence for words in sample for sequence in _sequences(words, size)]
    return round(len(set(found)) / len(found), 4) if found else None
