"""One line of a table of results."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from lemma_steps.evaluation.results.estimate import Estimate


@dataclass(frozen=True)
class Row:
    """A model's or a method's scores.

    Attributes:
        group: what it stands under: the paper's base model, or the runs.
        label: the run or the method; any text.
        line: which of several scores of it this is, such as `Maj@32`; often empty.
        cells: heading -> estimate; a heading that is not there was not measured.
        notes: what must be known about it.
        partial: `140 of 15,706 rows` where it is not over full sets.
        is_run: whether it is a run and not the paper's.
    """

    group: str
    label: str
    line: str
    cells: Mapping[str, Estimate]
    notes: tuple[str, ...] = ()
    partial: str = ""
    is_run: bool = False

    @property
    def name(self) -> str:
        """Label and line, and what they are over if it is not everything."""
        name = f"{self.label}, {self.line}" if self.line else self.label
        return f"{name} ({self.partial})" if self.partial else name
