"""The errors of a stream by type, each counted once although several candidates grow out of it."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lemma_steps.output.funnel import ranked

_CODE = re.compile(r"\s*([a-z][a-z0-9_]{0,39})\s*(?::|$)")


@dataclass(slots=True)
class _Error:
    """What the candidates of one error have told so far."""

    requested: str | None
    type: str | None = None
    kept: bool = False
    lost: str = ""


class ErrorTally:
    """The student's errors, and errors requested, made and kept.

    The rows of one problem follow each other: only its errors are in memory.
    An error is kept if a row of it is; else it was lost where the first of its candidates was lost.
    """

    def __init__(self) -> None:
        self._problem: str | None = None
        self._open: dict[tuple[str, Any], _Error] = {}
        self._counts: dict[str, Counter[str]] = defaultdict(Counter)
        self._lost: dict[str, Counter[str]] = defaultdict(Counter)
        self._styles: Counter[str] = Counter()
        self._wrong: Counter[str] = Counter()
        self._untyped: Counter[str] = Counter()
        self._taken = 0

    def add(self, row: Mapping[str, Any]) -> None:
        """Count one record."""
        if row["problem_id"] != self._problem:
            self._close()
            self._problem = row["problem_id"]
            for wrong in row.get("wrong_samples") or ():
                if code := wrong["error_type"]:
                    self._wrong[code] += wrong["samples"]
                else:
                    self._untyped[wrong["reason"]] += wrong["samples"]
        if not (origin := row.get("origin")) or row.get("method") != "lemma":
            return
        error = self._open.get((origin, row.get("index")))
        if error is None:
            error = self._open[origin, row.get("index")] = _Error(row.get("requested_type"))
            if error.requested:
                self._styles[_style(row.get("gold_solution") or "")] += 1
        if row.get("erroneous_solution"):
            error.type = error.type or row.get("error_type")
        if row.get("rejected_by"):
            error.lost = error.lost or cause(row)
        else:
            error.kept = True

    def _close(self) -> None:
        for (origin, _), error in self._open.items():
            self._taken += origin == "student"
            if origin == "injected":
                if error.requested:
                    self._counts["requested"][error.requested] += 1
                    if not error.kept:
                        self._lost[error.requested][error.lost] += 1
                if error.type:
                    self._counts["made"][error.type] += 1
                    self._counts["kept"][error.type] += error.kept
            elif error.type:
                self._counts["student"][error.type] += 1
                self._counts["student_kept"][error.type] += error.kept
        self._open.clear()

    def counts(self) -> dict[str, dict[str, int]]:
        """Errors by type: of the student's that the sampler took `student`, `student_kept`; of the injected `requested`,
        `made`, `kept`."""
        self._close()
        names = ("student", "student_kept", "requested", "made", "kept")
        return {name: ranked(+self._counts[name]) for name in names}

    def student(self) -> dict[str, int]:
        """All of the student's wrong solutions that have a type, by type, taken for the set or not."""
        return ranked(self._wrong)

    def taken(self) -> int:
        """How many of the student's wrong solutions became candidates."""
        self._close()
        return self._taken

    def lost(self) -> dict[str, dict[str, int]]:
        """Injected errors without a kept row, by requested type and by step and reason."""
        self._close()
        return {code: ranked(causes) for code, causes in sorted(self._lost.items())}

    def untyped(self) -> dict[str, int]:
        """The student's wrong solutions that have no type, by the reason."""
        return ranked(self._untyped)

    def styles(self) -> dict[str, int]:
        """Injected errors by the style of the problem's solution, which picks the paper's default distribution."""
        return ranked(self._styles)


def cause(row: Mapping[str, Any]) -> str:
    """Step and reason of a rejected row in words; with the teacher's own code where it declined."""
    return f"{row['rejected_by']}: {explained(row['reason'], row.get('detail'))}"


def explained(reason: str, detail: str | None) -> str:
    """A reason; with the teacher's own code where it declined."""
    code = declined(detail) if reason == "declined" else None
    return f"{reason} ({code})" if code else reason


def declined(detail: str | None) -> str | None:
    """The code with which a decline begins, if it begins with one."""
    found = _CODE.match(detail or "")
    return found[1] if found else None


def _style(solution: str) -> str:
    """As `LoadProblems` calls it; the record does not hold it."""
    return "gsm8k" if "####" in solution else "math" if "\\boxed" in solution else "mixed"
