"""How many injections pass each check, with intervals: as data, in Markdown, and for the terminal."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from typing import Any

import rich.box
from rich.table import Table
from rich.text import Text

from lemma_steps.evaluation.results.table_text import DASH, escape_markdown
from lemma_steps.injections import CHECKS
from lemma_steps.output.injections import InjectionCounts
from lemma_steps.share import Share

ALL = "all"
NOTES = (
    "Each cell: share that passes in %, of those that could be computed, and its 95 % interval (Wilson; injections into one "
    "problem count for what they are worth together); below, how many did not pass, if any.",
    "divergence: the declared step is the first that departs from the gold solution. answer: the final answer follows from "
    "that step and would be right without its error. single_error: no equation but the error is false. type: the declared "
    "type is among those whose sentence in taxonomy.yaml holds.",
    "not computed is no pass: a solution in the injector's own words often decides neither way. A pass is what computing can "
    "show, not what a reader would say of the text.",
)


class InjectionRates:
    """Pass rates over injections, one row each, all together and by declared type."""

    def __init__(self) -> None:
        self._counts = InjectionCounts()
        self._passed: dict[tuple[str, str], dict[str, list[int]]] = defaultdict(dict)
        self._checks: Counter[str] = Counter(dict.fromkeys(CHECKS, 0))

    def add(self, row: Mapping[str, Any]) -> None:
        """Count one injection with its `injection_checks`."""
        self._counts.add(row)
        for found in row["injection_checks"]:
            self._checks[found["check"]] += 1
            if found["outcome"] == "not_computable":
                continue
            for code in (ALL, row.get("requested_type") or "none"):
                pair = self._passed[code, found["check"]].setdefault(row["problem_id"], [0, 0])
                pair[0] += found["outcome"] == "pass"
                pair[1] += 1

    def report(self) -> dict[str, Any]:
        """What `InjectionCounts` reports, with `share`, `low` and `high` beside the outcomes; None of nothing computed."""
        counts = self._counts.report()
        by_type = {
            code: {"n": row["n"]} | {name: row[name] | self._share(code, name) for name in row if name != "n"}
            for code, row in counts["by_type"].items()
        }
        by_check = {name: row | self._share(ALL, name) for name, row in counts["by_check"].items()}
        return counts | {"by_check": by_check, "by_type": by_type}

    def _share(self, code: str, check: str) -> dict[str, float | None]:
        pairs = self._passed.get((code, check), {}).values()
        share = Share.by_row([(passed, of) for passed, of in pairs])
        return {"share": share.value, "low": share.low, "high": share.high}


def screen(report: Mapping[str, Any]) -> Table:
    """The table for rich: types below each other, the checks side by side, bounds below their shares."""
    shown = Table(box=rich.box.SIMPLE_HEAD)
    for heading in ("", "n", *report["by_check"]):
        shown.add_column(Text(heading), justify="right" if heading else "left", overflow="fold")
    for name, n, cells in _lines(report):
        shown.add_row(Text(name), f"{n:,}", *(Text("\n".join(filter(None, cell))) for cell in cells))
    return shown


def markdown(report: Mapping[str, Any], made: str) -> str:
    """The table, its notes and the first failures, in GitHub's Markdown."""
    checks = list(report["by_check"])
    lines = ["# Checks of injected errors", "", f"    {made}", ""]
    lines += [f"| | n | {' | '.join(map(escape_markdown, checks))} |", f"| --- | ---: |{' ---: |' * len(checks)}"]
    for name, n, cells in _lines(report):
        told = (" ".join(filter(None, cell)) for cell in cells)
        lines.append(f"| {escape_markdown(name)} | {n:,} | {' | '.join(told)} |")
    lines += ["", *(f"{escape_markdown(note)}\n" for note in NOTES)]
    for check, failures in report["examples"].items():
        lines += [f"## First failures of {escape_markdown(check)}", ""]
        lines += [
            f"- {escape_markdown(one['id'])} ({escape_markdown(one['error_type'])}, step {one['step']}): "
            f"{escape_markdown(one['detail'])}"
            for one in failures
        ]
        lines.append("")
    return "\n".join(lines)


def _lines(report: Mapping[str, Any]) -> list[tuple[str, int, list[tuple[str, str, str]]]]:
    """Name, number and cells of every line: all first, then the types."""
    rows = [(ALL, report["n"], report["by_check"]), *((code, row["n"], row) for code, row in report["by_type"].items())]
    return [(name, n, [_cell(row[check]) for check in report["by_check"]]) for name, n, row in rows]


def _cell(found: Mapping[str, Any]) -> tuple[str, str, str]:
    """Share, bounds, and what did not pass."""
    names = {"fail": "failed", "not_computable": "not computed"}
    rest = ", ".join(f"{found[outcome]:,} {name}" for outcome, name in names.items() if found[outcome])
    if found["share"] is None:
        return DASH, "", rest
    return f"{100 * found['share']:.1f}", f"({100 * found['low']:.1f}–{100 * found['high']:.1f})", rest
