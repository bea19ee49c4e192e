"""What an error analysis leaves in its directory: all files or none."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from lemma_steps import prompts
from lemma_steps.console import many
from lemma_steps.error_analysis.analysis import Analysis
from lemma_steps.error_analysis.analysis_text import markdown
from lemma_steps.error_analysis.error_picture import draw_shift
from lemma_steps.error_analysis.series import Series
from lemma_steps.error_analysis.settings import AnalysisSettings
from lemma_steps.error_analysis.temperature_picture import draw_temperature
from lemma_steps.error_analysis.types_picture import draw_types
from lemma_steps.evaluation.results.labels import printable, short_name
from lemma_steps.label_quality.measured import measured
from lemma_steps.output.quoted import set_title

PARTIAL = ".result.partial"


class AnalysisResult:
    """Collects the rows of one or several chains, then writes everything.

    Args:
        output: the directory, which a run holds while rows come and while the result is written.
        settings: what was analysed, and how.
        teacher: the name of the model that classifies.
    """

    def __init__(self, output: Path, settings: AnalysisSettings, teacher: str) -> None:
        self.analysis = Analysis()
        self._teacher = teacher
        self._output, self._settings = output, settings
        self._partial = output / PARTIAL
        self._begun = False

    async def take(self, rows: AsyncIterator[dict[str, Any]], given: Mapping[str, Any], asked: int | None) -> None:
        """Count the rows of a chain and write their lines.

        Args:
            rows: of the chain.
            given: what the rows do not say themselves: `student` and `temperature`.
            asked: how many samples the student was asked for; None where they were recorded.
        """
        if not self._begun:
            shutil.rmtree(self._partial, ignore_errors=True)
            for folder in ("figures", "distributions"):
                (self._partial / folder).mkdir(parents=True)
            self._begun = True
        with (self._partial / "classified.jsonl").open("a", encoding="utf-8") as lines:
            async for row in rows:
                for line in self.analysis.add({**row, **given}, asked):
                    lines.write(json.dumps(line) + "\n")

    def finish(self, command: str, facts: Mapping[str, Any], repeated: int = 0) -> dict[str, Any]:
        """Write the distributions, the figures and the report, and put all in place; returns the content of `report.json`.

        Args:
            command: what makes this result again.
            facts: what was spent.
            repeated: samples that stood there twice.
        """
        figures, distributions = self._figures(), self._distributions()
        template = prompts.template_id("classify_error")
        quality = measured("classifier", self._teacher, template)
        report = {
            "command": command,
            "teacher": self._teacher,
            "template": template,
            "classifier": quality,
            "remarks": self._remarks(quality, repeated),
            **self.analysis.report(),
            "figures": figures,
            "distributions": distributions,
            "settings": self._settings.model_dump(),
            "run": dict(facts),
        }
        page = markdown(self.analysis, [*report["remarks"], *report["warnings"]], figures, report["comparisons"])
        (self._partial / "report.md").write_bytes(page.encode("utf-8", "replace"))
        (self._partial / "report.json").write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
        self._in_place()
        return report

    def _remarks(self, quality: Sequence[Mapping[str, Any]], repeated: int) -> list[str]:
        remarks = [
            f"Classified by {printable(self._teacher)}; how often its types are right: {accuracy_in_words(quality)}."
        ]
        if self._settings.teacher == "offline":
            remarks.append(
                "The rule-based teacher gives a type only to errors that it can recompute from the gold solution, and "
                "declines the rest: its shares are no distribution of the model's errors. Name a capable --teacher for one."
            )
        if repeated:
            remarks.append(f"{many(repeated, 'sample')} stood there twice and counted once.")
        return remarks

    def _figures(self) -> dict[str, str]:
        """Draw what there is to draw; file name -> what it shows."""
        place = self._partial / "figures"
        shown: dict[str, str] = {}
        for source, series in self.analysis.by_source().items():
            if any(one.typed for one in series):
                shown[name := _unused(f"types_{_slug(source)}", shown)] = title = Analysis.title(series)
                draw_types(series, title, Analysis.labels(series), place / name)
        for shift in self.analysis.shifts():
            source = printable(str(shift.before.source))
            shown[name := _unused(f"comparison_{_slug(source)}", shown)] = words = (
                f"Classified errors of each model on {source}, by type"
            )
            draw_shift(shift, place / name, words)
        for study in self.analysis.studies():
            title = f"Error types of {short_name(study[0].model)} on {printable(study[0].source)} by temperature"
            name = _unused(f"temperature_{_slug(study[0].model)}_{_slug(study[0].source)}", shown)
            shown[name] = title
            draw_temperature(study, place / name)
        return shown

    def _distributions(self) -> dict[str, str]:
        """Write one file per series with a type; file name -> model and source."""
        written: dict[str, str] = {}
        for one in self.analysis.series:
            if one.typed:
                name = _unused(_file_stem(one), written, ".json")
                written[name] = f"{printable(one.model)} on {printable(one.source)}"
                text = json.dumps(one.distribution(), indent=2) + "\n"
                (self._partial / "distributions" / name).write_text(text, encoding="utf-8")
        return written

    def _in_place(self) -> None:
        for made in sorted(self._partial.iterdir(), key=lambda path: path.name == "report.json"):  # which comes last
            target = self._output / made.name
            if target.is_dir():
                shutil.rmtree(target)
            os.replace(made, target)
        self._partial.rmdir()


def accuracy_in_words(quality: Sequence[Mapping[str, Any]]) -> str:
    """What was measured of the classifier on labelled sets, in words."""
    sets = {set_title(name): figures for one in quality[:1] for name, figures in one["sets"].items()}
    told = [
        f"{100 * found['value']:.0f} % [{100 * found['low']:.0f} to {100 * found['high']:.0f}] of {figures['n']:,} on {title}"
        for title, figures in sets.items()
        if (found := figures["accuracy"])["value"] is not None
    ]
    return ", ".join(told) or "not measured (recipes/score_locator.py measures it)"


def _file_stem(series: Series) -> str:
    at = "" if series.temperature is None else f"_T{series.temperature:g}"
    return f"{_slug(series.model)}_{_slug(series.source)}{at}"


def _slug(text: str) -> str:
    """A part of a file name from any text."""
    return re.sub(r"[^A-Za-z0-9.-]+", "-", text[-60:]).strip("-.") or "unnamed"


def _unused(stem: str, used: Mapping[str, Any], suffix: str = ".png") -> str:
    """A file name that differs from those used, in systems too that do not tell case apart."""
    taken = {name.lower() for name in used}
    number = 1
    while (name := stem + (f"-{number}" if number > 1 else "") + suffix).lower() in taken:
        number += 1
    return name
