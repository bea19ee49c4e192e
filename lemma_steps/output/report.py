"""`report.html`: one file that opens from disk, with no network and no script, on a phone and on paper."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import yaml
from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from lemma_steps.output import charts, sections
from lemma_steps.output.examples import Examples
from lemma_steps.output.figures import figure_names
from lemma_steps.output.methods import about
from lemma_steps.output.quoted import labelled_by, quoted, set_title, unmeasured
from lemma_steps.share import Share
from lemma_steps.taxonomy import TAXONOMY

LONGEST_TEXT = 3000
"""Characters shown of one text; a question of a megabyte must not make a report of a megabyte."""
LISTED = 200
"""Rows shown of a long list; `report.json` has all of them."""
_ROLES = ("locator", "classifier")
_CONTROLS = {code: 0x2400 + code for code in range(32) if chr(code) not in "\n\t"} | {0x7F: 0x2421}


def render_report(report: Mapping[str, Any], examples: Examples) -> str:
    """The page for `report` (the content of `report.json`), with the rows of `examples`.

    Every text of a row is escaped, cut at `LONGEST_TEXT` and kept from turning the direction of the text around it.
    """
    lemma = report["method"] == "lemma"
    review = review if (review := report.get("review")) and review["records"] else None
    quality = report.get("label_quality") or {"asked": {}}
    rejected = sections.rejected_rows(examples, [step["step"] for step in report["funnel"]])
    return _template().render(
        report=report,
        about=about(report["method"]),
        lemma=lemma,
        contents=[(name, title) for name, title, shown in _contents(report, lemma, review) if shown],
        subset_of=report.get("subset_of"),
        widest=max((step["rows_out"] + sum(step["rejected"].values()) for step in report["funnel"]), default=1),
        offline="offline" in " ".join(report["teacher"]).lower(),
        types=sections.types(report),
        places=sections.places(report),
        rates=sections.rates(report),
        quality={role: quality.get(role) or [] for role in _ROLES}
        | {"asked": {role: quality["asked"].get(role, []) for role in _ROLES}},
        kept=sections.kept_rows(examples),
        rejected=rejected,
        anchors={(row["rejected_by"], row["reason"]): f"rejected-{n}" for n, (row, _) in enumerate(rejected, 1)},
        figures=figure_names(report),
        review=review,
        charts=charts,
        taxonomy=TAXONOMY,
        listed=LISTED,
    )


@cache
def _template() -> Template:
    loader = PackageLoader("lemma_steps", "templates")
    environment = Environment(
        loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters.update({"visible": visible, "percent": percent, "number": number, "yaml": _yaml})
    environment.globals |= {"figure": figure, "share": share, "bins": _bins, "three": _three, "passed": passed}
    environment.globals |= {"labelled_by": labelled_by, "quoted": quoted, "missing": unmeasured, "set_title": set_title}
    return environment.get_template("report.html.jinja2")


def visible(text: Any, longest: int = LONGEST_TEXT) -> str:
    """Text as it may be shown: cut to size, control characters as their pictures (␀), lone surrogates replaced."""
    shown = str(text)[:longest].translate(_CONTROLS).encode("utf-8", "replace").decode("utf-8")
    left = len(str(text)) - longest
    return f"{shown} … ({left:,} more characters)" if left > 0 else shown


def percent(part: float, whole: float | None = None) -> str:
    """A share as per cent with one decimal; a dash where there is nothing to divide by."""
    if whole is None:
        return f"{100 * part:.1f} %"
    return f"{100 * part / whole:.1f} %" if whole else "–"


def number(value: float | None) -> str:
    """A count with separators; a dash for none."""
    return "–" if value is None else f"{value:,}"


def figure(value: float | None, low: float | None, high: float | None) -> str:
    """A figure from -1 to 1 with the bounds of its interval; a dash for none."""
    if value is None:
        return "–"
    return f"{value:.2f}" if low is None or high is None else f"{value:.2f} ({low:.2f} to {high:.2f})"


def share(found: Mapping[str, Any]) -> str:
    """The share of a count with the bounds of its interval, in per cent; a dash for none."""
    value, low, high = found["share"], found["low"], found["high"]
    if value is None:
        return "–"
    return percent(value) if low is None or high is None else f"{percent(value)} ({100 * low:.1f} to {100 * high:.1f})"


def passed(counts: Mapping[str, int]) -> dict[str, float | None]:
    """The share that passed of what could be computed, with the bounds of its interval."""
    found = Share.of_independent(counts["pass"], counts["pass"] + counts["fail"])
    return {"value": found.value, "low": found.low, "high": found.high}


def _yaml(value: Any) -> str:
    return yaml.safe_dump(value, allow_unicode=True, sort_keys=False, width=100).strip()


def _contents(report: Mapping[str, Any], lemma: bool, review: Any) -> list[tuple[str, str, bool]]:
    """The sections in their order: id, title, and whether this report has it."""
    asked = (report.get("label_quality") or {}).get("asked") or {}
    return [
        ("funnel", "Yield funnel", True),
        ("made-of", "Composition", True),
        ("types", "Error types", lemma),
        ("places", "Where errors stand", lemma),
        ("quality", "Label quality", lemma or any(asked.values())),
        ("review", "Human review", bool(review)),
        ("lengths", "Lengths", True),
        ("reflections", "Reflections" if lemma else "Text", True),
        ("strategies", "Strategies", bool(report["strategies"])),
        ("duplicates", "Duplicates", True),
        ("contamination", "Contamination", True),
        ("cost", "Cost", bool(report["calls"])),
        ("kept", "Kept rows", True),
        ("rejected", "Rejected rows", True),
        ("again", "Run it again", True),
    ]


def _bins(histogram: Sequence[Mapping[str, int]]) -> list[tuple[str, int]]:
    return [(f"{one['from']:,}", one["count"]) for one in histogram]


def _three(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"
