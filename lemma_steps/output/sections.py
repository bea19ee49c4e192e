"""The figures of a report in the order and the units in which its page shows them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

from lemma_steps.output.examples import Examples, Row, pieces
from lemma_steps.output.figures.type_by_step import by_step
from lemma_steps.output.positions import THIRDS
from lemma_steps.taxonomy import TAXONOMY

Report = Mapping[str, Any]


def types(report: Report) -> list[dict[str, Any]]:
    """One line per error type that occurs, in the taxonomy's order: errors and shares."""
    match = report["distribution_match"]
    sides = {name: match[name] for name in ("requested", "made", "kept")}
    own = match["student_errors"]
    seen = {code for counts in (*sides.values(), *own.values(), match["student"] or {}) for code in counts}
    return [
        {
            **named(code),
            **{name: counts.get(code, 0) for name, counts in sides.items()},
            **{f"{name}_share": _share(counts, code) for name, counts in sides.items()},
            "student_share": (match["student"] or {}).get(code, 0.0) if match["student"] else None,
            "own": own["made"].get(code, 0),
            "own_kept": own["kept"].get(code, 0),
        }
        for code in in_order(seen)
    ]


def places(report: Report) -> dict[str, Any]:
    """Heat tables: rows per type and step, and per type and third; `heat` is the share of the type's rows."""
    headings, counts = by_step(report)
    thirds = report["type_by_step"]["by_third"]
    return {
        "headings": headings,
        "rows": [
            {
                **named(code),
                "steps": _heat(counts[code]),
                "thirds": _heat([thirds.get(code, {}).get(third, 0) for third in THIRDS]),
            }
            for code in in_order(counts)
        ],
    }


def kept_rows(examples: Examples) -> list[tuple[str, list[tuple[Row, list[tuple[str, str]]]]]]:
    """(origin and strategy, its examples with their parts), one example per error type."""
    groups = groupby(examples.kept.items(), key=lambda item: " · ".join(filter(None, item[0][:2])))
    return [(title, [(row, pieces(row)) for _, row in group]) for title, group in groups]


def rejected_rows(examples: Examples, steps: Sequence[str]) -> list[tuple[Row, list[tuple[str, str]]]]:
    """The rejected examples with their parts, in the order of the chain's steps."""
    order = {step: number for number, step in enumerate(steps)}
    kinds = sorted(examples.rejected, key=lambda kind: (order.get(kind[0], len(order)), kind))
    return [(examples.rejected[kind], pieces(examples.rejected[kind])) for kind in kinds]


def rates(report: Report) -> list[dict[str, Any]]:
    """Outcomes of the checks of injected errors by type."""
    injections = report["injections"]
    return [
        {
            **named(code),
            "n": counts["n"],
            "checks": [counts[check] for check in injections["by_check"]],
        }
        for code in in_order(injections["by_type"])
        for counts in [injections["by_type"][code]]
    ]


def named(code: str) -> dict[str, str]:
    """A type's code and its name, where it has one."""
    return {"code": code, "name": TAXONOMY[code].name if code in TAXONOMY else ""}


def in_order(codes: Any) -> list[str]:
    """Types in the taxonomy's order, unknown ones last."""
    return [code for code in TAXONOMY if code in codes] + sorted(code for code in codes if code not in TAXONOMY)


def _share(counts: Mapping[str, int], code: str) -> float | None:
    total = sum(counts.values())
    return counts.get(code, 0) / total if total else None


def _heat(counts: Sequence[int]) -> list[dict[str, Any]]:
    total = sum(counts) or 1
    return [{"count": count, "heat": round(100 * count / total)} for count in counts]
