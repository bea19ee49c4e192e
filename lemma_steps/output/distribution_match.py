"""Whether the errors of a set are distributed over the types as the student's are, and if not, why."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from lemma_steps.distribution_distance import DRAWS, SMOOTHING, WEIGHT, distance
from lemma_steps.error_analysis.series import FEW
from lemma_steps.errors import RefusedError
from lemma_steps.output.error_tally import ErrorTally
from lemma_steps.taxonomy import default_distribution, read_counts

PAIRS = (("student", "requested"), ("requested", "made"), ("requested", "kept"), ("student", "kept"))
_PARTS = {("requested", "made"), ("requested", "kept")}
NOTE = (
    f"KL is D(second || first) in nats; {SMOOTHING:g} is added to each count before shares are taken (shares without counts "
    f"are taken for {WEIGHT:,} errors), and where the second "
    "has a type that the first lacks the divergence is finite by that alone: quote the total variation; "
    f"bounds: the middle 95 % of {DRAWS:,} multinomial draws, which lie too high where the two are alike, so that they are no "
    "confidence interval; by chance up to: the 95 % point of what as many draws differ by where "
    "nothing but chance tells the two apart"
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
    student = _student(tally, settings.get("distribution"))
    told = student.typed >= FEW * student.wrong
    sides: dict[str, Mapping[str, float]] = {**counts, "student": student.counts or {}}
    pairs = []
    for one, other in PAIRS:
        counted = one != "student" or student.typed > 0
        if apart := distance(sides[one], counts[other], counted=counted, part=(one, other) in _PARTS):
            withheld = {} if told or one != "student" else {"beyond_chance": None}
            pairs.append({"from": one, "to": other, **apart.report(), **withheld})
    off = [pair["from"] for pair in pairs if pair["to"] == "kept" and pair["beyond_chance"]]
    return {
        "student": _shares(student.counts) if student.counts else None,
        "student_source": student.source,
        "student_typed": student.typed,
        "student_wrong": student.wrong,
        "student_untyped": dict(student.untyped),
        "student_errors": {"made": counts["student"], "kept": counts["student_kept"]},
        **{name: counts[name] for name in ("requested", "made", "kept")},
        "pairs": pairs,
        "off": bool(off),
        "why": _why(counts["requested"], counts["kept"], student.counts, lost) if "requested" in off else [],
        "note": NOTE,
    }


def doubtful(file: str) -> str | None:
    """What is to be said of a distribution file before errors are drawn from it, if anything.

    Raises:
        RefusedError: the file is missing or is no distribution.
    """
    counts, wrong = read_counts(file)
    typed = sum(counts.values())
    if not wrong or typed >= FEW * wrong:
        return None
    share = f"{typed:,.0f} of {wrong:,} wrong solutions have a type ({100 * typed / wrong:.0f} %)"
    return f"{file}: {share}; types are drawn from these alone, and whether the errors are the student's cannot be told"


class _Student(NamedTuple):
    """The student's errors by type, as counts or shares, and where they are from in words.

    Of how many wrong solutions, `typed` have a type; both are 0 where that is not known, and `untyped` says why not.
    """

    counts: Mapping[str, float] | None
    source: str
    typed: int = 0
    wrong: int = 0
    untyped: Mapping[str, int] = MappingProxyType({})


def _student(tally: ErrorTally, file: str | None) -> _Student:
    """Of the file that was named, else as classified in the run, else the paper's."""
    if file:
        return _of_file(file)
    own, untyped = tally.student(), tally.untyped()
    typed, rest = sum(own.values()), sum(untyped.values())
    if typed:
        named = (
            f"{typed:,} of {typed + rest:,} wrong solutions of the student to these problems, as classified in this run"
        )
        return _Student(own, f"{named}; the others have no type" if rest else named, typed, typed + rest, untyped)
    if not (styles := tally.styles()):
        return _Student(None, "not measured", 0, rest, untyped)
    shares: dict[str, float] = {}
    for style, count in styles.items():
        for code, share in default_distribution(style).items():
            shares[code] = shares.get(code, 0.0) + share * count / sum(styles.values())
    why = (
        f"none of {rest:,} wrong solutions of the student has a type"
        if rest
        else "no error of a student was classified"
    )
    return _Student(shares, f"the paper's figures for LLaMA3-8B, since {why}")


def _of_file(file: str) -> _Student:
    name = f"the distribution file {Path(file).name}"  # its folder is of nobody's interest who reads the card
    try:
        counts, wrong = read_counts(file)
    except RefusedError:  # it was there when the run began; a merge may be elsewhere
        return _Student(None, f"{name}, which is not here any more")
    typed = sum(counts.values())
    if not wrong:
        return _Student(counts, f"{name}, which does not say of how many wrong solutions")
    named = f"{name}: {typed:,.0f} of {wrong:,} wrong solutions"
    return _Student(counts, named if typed == wrong else f"{named}; the others have no type", int(typed), wrong)


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
