"""Finds rows that repeat an earlier one, by their trajectories or by their errors and corrections."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lemma_steps.duplicates.first_seen import FirstSeen
from lemma_steps.duplicates.trajectories import SeenTrajectories
from lemma_steps.seeds import digest


class SeenRows:
    """The rows seen so far, in temporary files: memory stays flat. Call `close` at the end.

    A row repeats another if its output is the same or nearly so (`SeenTrajectories`), or if question, erroneous prefix
    and correction are the same and only the words of the reflection differ.

    Raises:
        StoppedError: the temporary folder cannot be written or is full (from every method).
    """

    def __init__(self) -> None:
        self._trajectories, self._errors = SeenTrajectories(), FirstSeen()

    def check(self, row: Mapping[str, Any]) -> tuple[str, str] | None:
        """Reason code and evidence if the row repeats an earlier one; else None, and the row is remembered."""
        wrong_step = ""
        if row["error_begin"] is not None:  # rows of other methods have no error
            error = digest(row["question"], row["erroneous_prefix"], row["correction"])
            if (first := self._errors.setdefault(error, row["id"])) != row["id"]:
                return "near_duplicate", f"of {first}, in other words of reflection"
            wrong_step = row["output"][row["error_begin"] : row["error_end"]]
        found = self._trajectories.check(row["id"], row["output"], row["question"], wrong_step)
        return (f"{found.kind}_duplicate", f"of {found.of}") if found else None

    def close(self) -> None:
        """Let go of what was seen, and its space on the disk."""
        self._trajectories.close()
        self._errors.close()
