"""The tables of a study of a locator, from its report."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from lemma_steps.console import many
from lemma_steps.evaluation.results.table_text import DASH
from lemma_steps.label_quality.measurement import title
from lemma_steps.label_quality.table import Table, percent
from lemma_steps.label_quality.type_scores import PREDICTED
from lemma_steps.taxonomy import TAXONOMY

Report = Mapping[str, Any]
SAYS = {"off": "", "vote": ", vote", "earliest": ", earliest"}
DIFFERENCES = (
    "Differences in points, on the same solutions, with 95 % intervals; none where fewer than six questions differ."
)
SAYS_OF_CHECK = (
    "Vote: the check's first false step is one more vote. Earliest: it wins where it comes before the voted step, or where "
    "the votes see no error."
)
ONE_RULE = "The check's first false step wins where it comes before the voted step, or where the vote sees no error."
LOCATED = (
    *("wrong + right", "accuracy on wrong", "accuracy on right", "F1", "off by one", "answered"),
    "right if answered",
)
NOTES = (
    "In percent, with 95 % intervals over questions drawn again. What is not answered counts as not right; answered is "
    "the share of solutions that got an answer at all.",
    "F1: harmonic mean of the two accuracies (ProcessBench). Off by one: wrong solutions of which a neighbour of the "
    "labelled step is named.",
)
MEASURES = {"f1": "F1", "acc_wrong": "accuracy on wrong", "accuracy": "accuracy of types"}


def tables(report: Report) -> list[Table]:
    """All of them, in the order in which they are shown."""
    return [
        *(_located(one) for one in report["locator"] if one["checker"] == "off"),
        *_agreements(report),
        *_differences(report),
        *_alone(report),
        *(table for one in report["classifier"] for table in _typed(one)),
        *_beside(report),
        *_left_out(report),
    ]


def seen(with_reference: bool) -> str:
    """How the locator was asked, in words."""
    return "with the reference solution" if with_reference else "without the reference solution"


def _located(one: Mapping[str, Any]) -> Table:
    how = f"{seen(one['with_reference'])}, {many(one['votes'], 'vote')}"
    return Table(f"First wrong step by {one['teacher']}, {how}", ("", *LOCATED), _rows(one), NOTES)


def _rows(one: Mapping[str, Any]) -> list[list[str]]:
    shown = ("acc_wrong", "acc_right", "f1", "off_by_one", "answered", "right_if_answered")
    rows = [
        [title(name), f"{found['n_wrong']:,} + {found['n_right']:,}", *(percent(found[part]) for part in shown)]
        for name, found in one["sets"].items()
    ]
    dashes = [DASH, DASH]
    means = [[title(name), "", *dashes, percent(found["f1"]), *dashes, DASH] for name, found in one["averages"].items()]
    return rows + means


def _agreements(report: Report) -> Iterator[Table]:
    for one in report["agreement"]:
        if not one["calibration"]:  # nobody voted
            continue
        rows = [
            [f"{100 * part['low']:.0f} to {100 * part['high']:.0f}", f"{part['n']:,}", percent(part["right"])]
            for part in one["calibration"]
        ]
        error = f"Expected calibration error over all sets: {percent(one['ece'])}, in points."
        name = f"Agreement of the votes and share of right labels, {seen(one['with_reference'])}"
        yield Table(name, ("agreement in percent", "labels", "right"), rows, [error])


def _differences(report: Report) -> Iterator[Table]:
    single = report["settings"]["votes"] == 1
    named: dict[str, list[Report]] = {}
    for one in report["differences"]:
        old, new = one["from"], one["to"]
        if (
            single
            and new["checker"] == "vote"
            and {**one, "to": {**new, "checker": "earliest"}} in report["differences"]
        ):
            continue  # of one vote both make the same
        if old["checker"] == new["checker"]:
            name = "With the reference solution instead of without it"
        else:
            name = f"With a say of the arithmetic check instead of none, {seen(new['with_reference'])}"
        named.setdefault(name, []).append(one)
    for name, ways in named.items():
        parts = {"acc_wrong": "accuracy on wrong", "acc_right": "accuracy on right", "f1": "F1"}
        shown = [(part, one) for part in parts for one in ways]
        headings = [f"{parts[part]}{'' if single else SAYS[one['to']['checker']]}" for part, one in shown]
        rows = [
            [
                title(set_name),
                f"{found['n']:,}",
                *(percent(one["sets"][set_name][part], sign=True) for part, one in shown),
            ]
            for set_name, found in ways[0]["sets"].items()
        ]
        notes = [DIFFERENCES]
        if ways[0]["to"]["checker"] != "off":
            notes.append(ONE_RULE if single else SAYS_OF_CHECK)
        yield Table(name, ("", "solutions", *headings), rows, notes)


def _alone(report: Report) -> Iterator[Table]:
    if report["checker_alone"]["sets"]:
        yield Table("The arithmetic check alone, without a model", ("", *LOCATED), _rows(report["checker_alone"]))


def _typed(one: Mapping[str, Any]) -> Iterator[Table]:
    shown = {
        "accuracy": "accuracy",
        "macro_f1": "macro F1",
        "largest_type": "always the largest",
        "answered": "answered",
    }
    rows = [
        [title(name), f"{found['n']:,}", *(percent(found[part]) for part in shown)]
        for name, found in one["sets"].items()
    ]
    yield Table(f"Error types by {one['teacher']}", ("", "solutions", *shown.values()), rows)
    for name, found in one["sets"].items():
        said = [code for code in PREDICTED if any(counts.get(code) for counts in found["confusion"].values())]
        lines = [
            [
                f"{code} {TAXONOMY[code].name}",
                percent(found["recall"][code]),
                *(str(found["confusion"][code].get(other, "")) for other in said),
            ]
            for code in found["labels"]
        ]
        notes = ["Rows: the label. Columns: how often each type was said."]
        yield Table(f"{title(name)}: labelled and predicted types", ("", "recall", *said), lines, notes)


def _beside(report: Report) -> Iterator[Table]:
    """What this teacher got beside what others published; without the reference solution where that was asked."""
    off = [one for one in report["locator"] if one["checker"] == "off"]
    locator = next((one for one in off if not one["with_reference"]), next(iter(off), None))
    classifier = next(iter(report["classifier"]), None)
    rows, notes = [], []
    for number, one in enumerate(report["published"], 1):
        ours = classifier if one["measure"] == "accuracy" else locator
        found = {**ours["sets"], **ours.get("averages", {})} if ours else {}
        names = [name for name in found if any(name in figures for figures in one["figures"].values())]
        for name in names:
            best = sorted(((figures[name], model) for model, figures in one["figures"].items() if name in figures))[
                ::-1
            ]
            others = ", ".join(f"{model} {figure:.1f}" for figure, model in best)
            rows.append(
                [title(name), MEASURES[one["measure"]], percent(found[name].get(one["measure"])), others, f"[{number}]"]
            )
        if names:
            notes.append(f"[{number}] {one['source']}. There: {one['differs']}.")
    if rows:
        how = seen(locator["with_reference"]) if locator else ""
        notes.insert(0, f"Here {report['teacher']}, {how}; the sets here may lack some of the published rows.")
        yield Table(
            "Beside published figures", ("", "figure", "here", "published", "source"), rows, notes, text=(0, 1, 3)
        )


def _left_out(report: Report) -> Iterator[Table]:
    rows = [
        [
            about["title"],
            f"{about['solutions']:,} of {about['rows']:,}",
            _reasons(about["left_out"]),
            about["no_references"] or f"{about['references']:,} of {about['solutions']:,}",
            about["labels"],
        ]
        for about in report["sets"].values()
    ]
    yield Table(
        "The sets",
        ("", "solutions, of published rows", "rows left out", "worked solutions", "labels by"),
        rows,
        text=(0, 2, 3, 4),
    )


def _reasons(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count:,} {reason}" for reason, count in counts.items()) or "none"
