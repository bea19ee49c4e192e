"""What can be said of outputs whose errors nobody labelled: do they turn back, and does their arithmetic hold."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from lemma_steps.arithmetic import find_equations
from lemma_steps.evaluation.self_correction.reflections import reflections


class TextChecks:
    """Counts over the kept rows of other methods than `lemma`; rows with a labelled error are not looked at."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()

    def add(self, row: Mapping[str, Any]) -> None:
        """Look at one record."""
        if row.get("rejected_by") or row.get("error_step") is not None:
            return
        equations = find_equations(row["output"])
        false = sum(equation.verdict == "wrong" for equation in equations)
        self._counts["rows"] += 1
        self._counts["reflecting"] += bool(reflections(row["output"]))
        self._counts["checkable_equations"] += sum(equation.verdict in ("right", "wrong") for equation in equations)
        self._counts["false_equations"] += false
        self._counts["rows_with_false_equations"] += bool(false)

    def report(self) -> dict[str, int]:
        """Rows, those that hold a reflection, equations that could be checked, false ones, rows with a false one."""
        names = ("rows", "reflecting", "checkable_equations", "false_equations", "rows_with_false_equations")
        return {name: self._counts[name] for name in names}
