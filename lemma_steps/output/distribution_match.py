"""Whether the errors of a set are distributed over the types as the student's are, and if not, why."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lemma_steps.distribution_distance import DRAWS, SMOOTHING, distance
from lemma_steps.errors import RefusedError
from lemma_steps.output.error_tally import ErrorTally
from lemma_steps.taxonomy import default_distribution, read_distribution

PAIRS = (("student", "requested"), ("requested", "made"), ("requested", "kept"), ("student", "kept"))
_PARTS = {("requested", "made"), ("requested", "kept")}
NOTE = (
    f"KL of the second from the first in nats; {SMOOTHING:g} is added to each count before shares are taken; "
    f"95 % bounds of {DRAWS:,} multinomial draws; by chance: what as many draws differ by where nothing but chance "
    "tells the two apart, mean and 95 % point"
)


def distribution_match(tally: ErrorTally, settings: Mapping[str, Any]) -> dict[str, Any]:
    """`report["distribution_match"]`: shares and counts by type, how far they are apart, and what was lost where.

    Args:
        tally: the errors, each counted once.
        settings: those of the recipe, whose `distribution` may name the student's measured one.
    """
    counts, lost = tally.counts(), tally.lost()
    if "subset" in settings:  # the rows that were left out are not here: what was requested is not known
        counts, lost = {**counts, "requested": {}, "made": {}}, {}
    own, untyped = tally.student(), tally.untyped()
    typed, wrong = sum(own.values()), sum(own.values()) + sum(untyped.values())
    student, source, known = _student(own, wrong, tally, settings.get("distribution"))
    sides: dict[str, Mapping[str, float]] = {**counts, "student": student or {}}
    pairs = []
    for one, other in PAIRS:
        counted = one != "student" or not known
        if apart := distance(sides[one], counts[other], counted=counted, part=(one, other) in _PARTS):
            pairs.append({"from": one, "to": other, **apart.report()})
    off = [pair for pair in pairs if pair["to"] == "kept" and pair["beyond_chance"]]
    return {
        "student": _shares(student) if student else None,
        "student_source": source,
        "student_typed": typed,
        "student_wrong": wrong,
        "student_untyped": untyped,
        "student_errors": {"made": counts["student"], "kept": counts["student_kept"]},
        **{name: counts[name] for name in ("requested", "made", "kept")},
        "pairs": pairs,
        "off": bool(off),
        "why": _why(counts["requested"], counts["kept"], student, lost) if off else [],
        "note": NOTE,
    }


def _student(
    own: Mapping[str, int], wrong: int, tally: ErrorTally, file: str | None
) -> tuple[Mapping[str, float] | None, str, bool]:
    """The student's errors by type, where they are from in words, and whether they are shares and no counts."""
    if total := sum(own.values()):
        named = f"{total:,} of {wrong:,} wrong solutions of the student, as classified in this run"
        return own, f"{named}; the others have no type" if total < wrong else named, False
    if file:
        try:
            return read_distribution(file), f"the distribution file {file}", True
        except RefusedError:  # it was there when the run began; a merge may be elsewhere
            return None, f"the distribution file {file}, which is not here any more", True
    if not (styles := tally.styles()):
        return None, "not measured", True
    shares: dict[str, float] = {}
    for style, count in styles.items():
        for code, share in default_distribution(style).items():
            shares[code] = shares.get(code, 0.0) + share * count / sum(styles.values())
    return shares, "the paper's figures for LLaMA3-8B, since no row says of what types errors of a student are", True


def _shares(counts: Mapping[str, float]) -> dict[str, float]:
    total = sum(counts.values())
    return {code: round(count / total, 4) for code, count in sorted(counts.items(), key=lambda one: (-one[1], one[0]))}


def _why(
    requested: Mapping[str, int],
    kept: Mapping[str, int],
    student: Mapping[str, float] | None,
    lost: Mapping[str, Mapping[str, int]],
) -> list[dict[str, Any]]:
    """Per type, those whose share moved most first: what was requested, what is kept, and where the rest went."""
    all_requested, all_kept = sum(requested.values()) or 1, sum(kept.values()) or 1
    wanted = _shares(student) if student else {}
    rows = [
        {
            "code": code,
            "requested": requested.get(code, 0),
            "kept": kept.get(code, 0),
            "student_share": wanted.get(code, 0.0) if student else None,
            "requested_share": round(requested.get(code, 0) / all_requested, 4),
            "kept_share": round(kept.get(code, 0) / all_kept, 4),
            "lost": dict(lost.get(code, {})),
        }
        for code in {*requested, *kept, *wanted}
    ]
    return sorted(rows, key=lambda row: (-abs(row["kept_share"] - row["requested_share"]), row["code"]))
