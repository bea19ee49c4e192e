"""The figures of a run: funnel, composition, calls and examples, gathered in one pass over its rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from lemma_steps.output.calls import Calls, cost
from lemma_steps.output.composition import Composition
from lemma_steps.output.distribution_match import distribution_match
from lemma_steps.output.error_tally import ErrorTally
from lemma_steps.output.examples import Examples
from lemma_steps.output.funnel import Funnel
from lemma_steps.output.injections import InjectionCounts
from lemma_steps.output.lengths import Lengths
from lemma_steps.output.positions import Positions
from lemma_steps.output.reflection_variety import ReflectionVariety
from lemma_steps.output.repeats import Repeats
from lemma_steps.output.strategies import Strategies
from lemma_steps.output.text_checks import TextChecks


class Summary:
    """Takes the record of every row that leaves the chain, in order, and makes `report.json` of them.

    Args:
        steps: names of the chain's steps, in order.
    """

    def __init__(self, steps: Sequence[str]) -> None:
        self.funnel = Funnel(steps)
        self.composition = Composition()
        self.calls = Calls()
        self.examples = Examples()
        self.text_checks = TextChecks()
        self.injections = InjectionCounts()
        self.errors = ErrorTally()
        self.positions = Positions()
        self.lengths = Lengths()
        self.reflections = ReflectionVariety()
        self.strategies = Strategies()
        self.repeats = Repeats()

    def add(self, row: Mapping[str, Any]) -> None:
        """Count one record (see `normalise`), kept or rejected."""
        first = self.funnel.add(row)
        self.composition.add(row)
        self.calls.add(row.get("provenance"), first)
        self.examples.add(row)
        self.text_checks.add(row)
        self.injections.add(row)
        for figures in (self.errors, self.positions, self.lengths, self.reflections, self.strategies, self.repeats):
            figures.add(row)

    def report(self, *, settings: Mapping[str, Any], run: Mapping[str, Any]) -> dict[str, Any]:
        """The content of `report.json`.

        Args:
            settings: what decides the rows: recipe, models, seed; the `method` too, where it is another than `lemma`.
            run: what varies from run to run: `command`, times, rates, versions, repeated calls.
        """
        calls = self.calls.report(self.funnel.steps)
        return {
            "method": settings.get("method", "lemma"),
            "entered": self.funnel.entered,
            "kept": self.funnel.kept,
            "rejected": self.funnel.rejected,
            "problems": self.funnel.problems,
            "candidates": self.funnel.candidates,
            "right_samples": self.funnel.right_samples,
            "student_samples": {
                "right": self.funnel.right_samples,
                "wrong": sum(self.errors.student().values()) + sum(self.errors.untyped().values()),
                "taken": self.errors.taken(),
            },
            "funnel": self.funnel.rows(),
            "reasons": self.funnel.reasons(),
            **self.composition.report(),
            "distribution_match": distribution_match(self.errors, settings),
            "type_by_step": self.positions.report(),
            **self.lengths.report(),
            **self.reflections.report(),
            "strategies": self.strategies.report(),
            "duplicates": self.repeats.report(),
            "text_checks": self.text_checks.report(),
            "injections": self.injections.report(),
            "calls": calls,
            "cost": cost(calls, self.funnel.kept),
            "settings": dict(settings),
            "run": dict(run),
        }
