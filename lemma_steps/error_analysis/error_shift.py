"""Error types before and after training (paper, Figures 6 and 8)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lemma_steps.error_analysis.error_counts import ErrorCounts
from lemma_steps.errors import RefusedError
from lemma_steps.evaluation.results.estimate import Estimate
from lemma_steps.evaluation.results.labels import printable
from lemma_steps.study.difference import FEWEST
from lemma_steps.taxonomy import TAXONOMY

_BOUNDS = ("score", "low", "high")


@dataclass(frozen=True)
class ErrorShift:
    """One model before training, and one or more after it: the paper draws the base model, SFT and LEMMA.

    Counts compare only where all were asked the same problems equally often; a file of wrong samples cannot show that.
    """

    before: ErrorCounts
    after: Sequence[ErrorCounts]

    def __post_init__(self) -> None:
        """Refuse what cannot be set side by side.

        Raises:
            RefusedError: the files name different sets of problems, or hold no error at all.
        """
        named = {model.source: model.model for model in self.models if model.source}
        if len(named) > 1:
            told = ", ".join(f"{printable(source)} of {printable(model)}" for source, model in named.items())
            raise RefusedError(f"error types of different problems do not compare ({told}); classify the same set")
        if not any(model.errors for model in self.models):
            raise RefusedError("no sample has an error type; classify wrong samples first")

    @property
    def models(self) -> list[ErrorCounts]:
        """All models, the one before first."""
        return [self.before, *self.after]

    @property
    def codes(self) -> list[str]:
        """The types that occur, by falling count before, then after."""
        occurring = [code for code in TAXONOMY if any(model.counts.get(code) for model in self.models)]
        return sorted(occurring, key=lambda code: [-model.counts.get(code, 0) for model in self.models])

    def differences(self, code: str) -> list[Estimate]:
        """For each model after: its errors of this type per 100 samples less those of the model before.

        Problems are drawn again as pairs (bootstrap); where fewer than six differ, there is no interval: so few can differ one
        way by chance. Empty where it is not known how many samples were looked at.
        """
        if not all(model.asked for model in self.models):
            return []
        problems = sorted(frozenset.intersection(*(frozenset(model.asked) for model in self.models)))
        before = _rates(self.before, code, problems)
        name = f"{self.before.source} {code}"
        rows = [_rates(model, code, problems) - before for model in self.after]
        return [
            Estimate.of_rows(pairs, f"{name} {model.model}")
            if np.count_nonzero(pairs) >= FEWEST
            else Estimate(100 * float(pairs.mean()), size=len(pairs))
            for pairs, model in zip(rows, self.after, strict=True)
        ]

    def report(self) -> dict[str, Any]:
        """Counts and changes as plain data; `per_100` is the difference to the model before in errors per 100 samples."""
        rows = [
            {
                "error_type": code,
                "name": TAXONOMY[code].name,
                "before": self.before.counts.get(code, 0),
                "after": [model.counts.get(code, 0) for model in self.after],
                "per_100": [
                    {name: None if (value := getattr(one, name)) is None else round(value, 3) for name in _BOUNDS}
                    for one in self.differences(code)
                ],
            }
            for code in self.codes
        ]
        models = [
            {
                "model": printable(model.model),
                "errors": model.errors,
                "untyped": model.untyped,
                "source": printable(model.source) if model.source else None,
                "problems": len(model.problems) or None,
            }
            for model in self.models
        ]
        return {"models": models, "types": rows, "notes": self.notes()}

    def notes(self) -> list[str]:
        """What a reader of the figure has to know."""
        if all(model.asked for model in self.models):
            asked = {sum(model.asked.values()) for model in self.models}
            notes = [
                f"Counts on the {len(self.before.asked):,} problems that all models were asked, and the difference to "
                f"{printable(self.before.model)} in errors per 100 samples, with its 95 % interval.",
                f"No interval where fewer than {FEWEST} problems differ: nothing is shown by so few.",
            ]
            if len(asked) > 1:
                notes.append(
                    "They were not asked equally often: compare the differences per 100 samples, not the counts."
                )
            if left := [f"{model.untyped:,} of {printable(model.model)}" for model in self.models if model.untyped]:
                notes.append(f"Wrong samples without a type are left out: {', '.join(left)}.")
            return notes
        notes = ["Counts of classified samples; they compare only if all models were asked the same, equally often."]
        if untyped := sum(model.untyped for model in self.models):
            notes.append(f"{untyped:,} samples without a type are left out.")
        if all(model.problems for model in self.models):
            common = frozenset.intersection(*(model.problems for model in self.models))
            notes.append(f"{len(common):,} problems were classified for every model.")
        return notes


def _rates(model: ErrorCounts, code: str, problems: Sequence[str]) -> NDArray[np.float64]:
    """Errors of this type per sample of each problem."""
    return np.array([model.by_problem.get(p, {}).get(code, 0) / model.asked[p] for p in problems])
