"""Everything that one run of `recipes/score_locator.py` found out, as plain data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

from lemma_steps.label_quality.calibration import calibration
from lemma_steps.label_quality.measured import Measurement
from lemma_steps.label_quality.measurement import averages, of_classifier, of_locator
from lemma_steps.label_quality.prediction import Prediction
from lemma_steps.label_quality.published import published
from lemma_steps.label_quality.scores import difference, score
from lemma_steps.label_quality.settings import ScoreSettings
from lemma_steps.label_quality.type_scores import TypePrediction
from lemma_steps.labelled import LabelledSet

Way = tuple[bool, str]
"""Whether the reference solution was seen, and the say of the arithmetic check."""
BySet = Mapping[str, Sequence[Prediction]]


@dataclass
class Study:
    """What a teacher said about labelled solutions, asked in several ways.

    Attributes:
        settings: how it was asked.
        sets: the sets, as they were read.
        made: command, date and version.
        teacher: who was asked; the name that its replies bear.
        located: by way and set.
        checked: what the arithmetic check says alone, by set.
        typed: by set.
    """

    settings: ScoreSettings
    sets: Sequence[LabelledSet]
    made: Mapping[str, Any]
    teacher: str = ""
    located: dict[Way, dict[str, list[Prediction]]] = field(default_factory=dict)
    checked: dict[str, list[Prediction]] = field(default_factory=dict)
    typed: dict[str, list[TypePrediction]] = field(default_factory=dict)

    def measurements(self) -> list[Measurement]:
        """One per way to ask, and that of the classifier."""
        found = [
            of_locator(rows, self.teacher, self.settings, self.made, with_reference=seen, checker=checker)
            for (seen, checker), rows in self.located.items()
        ]
        if self.typed:
            found.append(of_classifier(self.typed, self.teacher, self.settings, self.made))
        return found

    def report(self, measurements: Sequence[Measurement]) -> dict[str, Any]:
        """The content of the JSON file.

        `locator`, `classifier`: measurements. `checker_alone`: {set: figures}. `differences`: [{`from`, `to`, `sets`}].
        `agreement`: [{`with_reference`, `calibration`, `ece`}] over all sets together, where there were several votes.
        `sets`: what they are, what was left out and why. `published`: figures of others, in percent.
        """
        return {
            "teacher": self.teacher,
            "made": dict(self.made),
            "settings": self.settings.model_dump(mode="json"),
            "sets": {one.conventions.name: _about(one) for one in self.sets},
            "locator": [one for one in measurements if one["kind"] == "locator"],
            "classifier": [one for one in measurements if one["kind"] == "classifier"],
            "checker_alone": {
                "sets": {name: score(rows, name) for name, rows in self.checked.items()},
                "averages": averages(self.checked),
            },
            "differences": self.differences(),
            "agreement": self.agreement(),
            "published": [
                {"measure": one.measure, "source": one.source, "differs": one.differs, "figures": dict(one.figures)}
                for one in published()
            ],
        }

    def differences(self) -> list[dict[str, Any]]:
        """What the reference solution and what each say of the check change, on the same solutions."""
        pairs = [((seen, "off"), (seen, checker)) for seen, checker in self.located if checker != "off"]
        pairs.insert(0, ((False, "off"), (True, "off")))
        return [
            {"from": _named(old), "to": _named(new), "sets": _differences(self.located[old], self.located[new])}
            for old, new in pairs
            if old in self.located and new in self.located
        ]

    def agreement(self) -> list[dict[str, Any]]:
        """Calibration over all sets together, per way without a say of the check; empty with a single vote."""
        if self.settings.votes < 2:
            return []
        return [
            {"with_reference": seen, **calibration(list(chain(*rows.values())), "all")}
            for (seen, checker), rows in self.located.items()
            if checker == "off"
        ]


def _named(way: Way) -> dict[str, Any]:
    return {"with_reference": way[0], "checker": way[1]}


def _differences(old: BySet, new: BySet) -> dict[str, Any]:
    return {name: difference(old[name], new[name], name) for name in old if name in new}


def _about(one: LabelledSet) -> dict[str, Any]:
    by = one.conventions
    return {
        "title": by.title,
        "paper": by.paper,
        "licence": by.licence,
        "labels": by.labels,
        "rows": by.rows,
        "solutions": len(one.solutions),
        "left_out": dict(one.left_out),
        "references": sum(bool(solution.reference and solution.answer) for solution in one.solutions),
        "no_references": one.no_references,
    }
