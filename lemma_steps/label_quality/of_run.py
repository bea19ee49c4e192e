"""What was measured of the locator and the classifier that a run used: `label_quality` of its report."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from lemma_steps.label_quality.measured import Kind, Measurement, measured

ROLES: dict[Kind, str] = {"locator": "locate_first_error", "classifier": "classify_error"}
"""The prompt of each."""
AS_LOCATED: dict[str, Any] = {"with_reference": True, "votes": 1, "checker": "off"}
"""How `LocateFirstError` asks where a recipe says nothing else."""


def label_quality(calls: Iterable[Mapping[str, Any]], settings: Mapping[str, Any]) -> dict[str, Any]:
    """The measurements that concern a run. An empty list means that nobody measured it.

    Args:
        calls: `calls` of the run's report.
        settings: `settings` of the run's report.

    Returns:
        `asked`: {`locator`, `classifier`}: who was asked with which version of the prompt, [{`teacher`, `template`}];
        empty where the run asked nobody, as for labels known by construction alone.
        `locator`, `classifier`: measurements (see `measured.Measurement`), each with `as_in_run`: whether it was asked
        as in this run (with the reference or without, as often, with the same say of the arithmetic check, sampled
        alike). Those come first, then those that differ least, and of equal ones those of most solutions.
    """
    asked: dict[str, list[dict[str, str]]] = {role: [] for role in ROLES}
    for call in calls:
        for role, task in ROLES.items():
            asked[role] += [
                {"teacher": model, "template": template}
                for template in call.get("templates") or ()
                for model in call.get("models") or ()
                if template.partition("@")[0] == task
            ]
    found: dict[str, Any] = {"asked": asked}
    for role in ROLES:
        ours = [
            (_differing(measurement, settings), measurement)
            for who in asked[role]
            for measurement in measured(role, who["teacher"], who["template"])
        ]
        found[role] = [{**one, "as_in_run": not differs} for differs, one in sorted(ours, key=lambda pair: pair[0])]
    return found


def _differing(measurement: Measurement, settings: Mapping[str, Any]) -> int:
    """In how many respects the measurement was asked otherwise than the run asked."""
    step = {**AS_LOCATED, **((settings.get("steps") or {}).get("locate_first_error") or {})}
    located = sum(measurement[name] != step[name] for name in AS_LOCATED if name in measurement)
    return located + (measurement.get("sampling", {}) != (settings.get("sampling") or {}))
