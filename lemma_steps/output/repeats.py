"""Rows that were left out because they repeat an earlier one."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from typing import Any

from lemma_steps.output.picks import Picks, rank

KINDS = ("exact", "near")
EXAMPLES = 3
REMEMBERED = 500
"""Kept rows of one problem whose texts are at hand for an example."""
_OF = re.compile(r"of (\S+?)(?:,|$)")


class Repeats:
    """Counts the duplicates of a stream, and keeps a few of each kind beside the row that they repeat.

    The rows of one problem follow each other: the earlier row is shown where it is of the same problem.
    """

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._examples: dict[str, Picks[dict[str, Any]]] = {kind: Picks(EXAMPLES) for kind in KINDS}
        self._problem: str | None = None
        self._outputs: dict[str, str] = {}

    def add(self, row: Mapping[str, Any]) -> None:
        """Count one record."""
        if row["problem_id"] != self._problem:
            self._problem = row["problem_id"]
            self._outputs.clear()
        if not row.get("rejected_by"):
            if len(self._outputs) < REMEMBERED:
                self._outputs[row["id"]] = row["output"]
            return
        kind = row["reason"].removesuffix("_duplicate")
        if kind not in KINDS or kind == row["reason"]:
            return
        self._counts[kind] += 1
        found = _OF.match(row.get("detail") or "")
        of = found[1] if found else None
        ids = {"kind": kind, "id": row.get("id"), "of": of, "problem_id": row["problem_id"]}
        texts = {"output": row.get("output"), "of_output": self._outputs.get(of or "")}
        self._examples[kind].offer(rank(str(row.get("id"))), {**ids, **texts})

    def report(self) -> dict[str, Any]:
        """`exact` and `near`: how many; `examples`: some of each, with the output that was kept where it is known."""
        examples = [example for kind in KINDS for example in self._examples[kind].items()]
        return {**{kind: self._counts[kind] for kind in KINDS}, "examples": examples}
