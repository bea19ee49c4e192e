"""What is counted, which models compare, and what is said aloud."""

from __future__ import annotations

from typing import Any

import pytest

from lemma_steps.error_analysis.analysis import Analysis
from lemma_steps.error_analysis.series import LOST, Series, incomplete
from lemma_steps.study.difference import FEWEST


def row(problem: str, *labels: str, student: str = "m", source: str = "gsm8k", **more: Any) -> dict[str, Any]:
    """Samples by what became of them: a verdict, an error type, or a wrong one without a type (`-`)."""
    verdicts = [label if label.islower() else "wrong" for label in labels]
    types = [{"code": code if code.isupper() else None, "reason": "declined", "detail": ""} for code in labels]
    samples = [{"sample": n, "solution": f" {n}", "student": student} for n in range(len(labels))]
    return {
        **{"problem_id": problem, "question": "?", "source": source, "student": student, "temperature": None},
        **{"samples": samples, "sample_verdicts": verdicts, "sample_types": types},
        **more,
    }


def analysis_of(*rows: dict[str, Any], asked: int | None = None) -> tuple[Analysis, list[dict[str, Any]]]:
    analysis = Analysis()
    lines = [line for each in rows for line in analysis.add(each, asked)]
    return analysis, lines


def test_verdicts_are_kept_apart_and_only_wrong_samples_have_types() -> None:
    analysis, lines = analysis_of(row("a", "right", "CA", "-", "unparsed"), row("b", "timed_out", "QM", "CA"))
    [report] = analysis.report()["series"]
    assert {name: share["count"] for name, share in report["answers"].items()} == {
        "right": 1,
        "wrong": 4,
        "unparsed": 1,
        "timed_out": 1,
        LOST: 0,
    }
    assert (report["problems"], report["samples"], report["unclassified"]) == (2, 7, {"declined": 1})
    assert [(one["error_type"], one["count"], one["of"]) for one in report["types"]] == [("CA", 2, 3), ("QM", 1, 3)]
    assert (report["classified"]["count"], report["classified"]["of"]) == (3, 4)
    assert [(line["problem_id"], line["sample"], line["error_type"]) for line in lines] == [
        ("a", 1, "CA"),
        ("a", 2, None),
        ("b", 1, "QM"),
        ("b", 2, "CA"),
    ]


def test_several_samples_to_one_problem_are_worth_less_than_as_many_problems() -> None:
    alike, _ = analysis_of(*(row(str(n), *["CA" if n % 2 else "QM"] * 8) for n in range(20)))
    apart, _ = analysis_of(*(row(str(n), "CA" if n % 2 else "QM") for n in range(160)))
    [wide], [narrow] = (one.report()["series"][0]["types"][:1] for one in (alike, apart))
    assert wide["share"] == narrow["share"] == 0.5
    assert wide["high"] - wide["low"] > 2 * (narrow["high"] - narrow["low"])


def test_samples_that_never_came_are_counted_and_those_without_gold_are_named() -> None:
    gone = {"rejected_by": "sample_student", "reason": "reply_truncated"}
    twice = {"rejected_by": "load_problems", "reason": "duplicate_problem"}
    analysis, lines = analysis_of(row("a", "CA", "right"), row("b") | gone, row("c") | twice, asked=3)
    [report] = analysis.report()["series"]
    assert (report["answers"][LOST]["count"], report["answers"][LOST]["of"]) == (4, 6)
    assert (report["lost"], report["left_out"], len(lines)) == ({"reply_truncated": 1}, {"duplicate_problem": 1}, 1)
    unknown = {"rejected_by": "load_samples", "reason": "unknown_problem"}
    analysis, _ = analysis_of(row("a", "CA", "CA") | unknown, row("b", "CA"))
    assert analysis.report()["series"][0]["left_out"] == {"unknown_problem": 2}
    assert any("2 samples are left out" in said for said in analysis.warnings())


def test_a_recorded_sample_that_was_cut_is_lost_like_one_that_was_asked_for() -> None:
    gone = {"rejected_by": "load_samples", "reason": "reply_truncated"}
    analysis, lines = analysis_of(row("a", "CA", "right", truncated=2), row("b", truncated=3) | gone)
    [report] = analysis.report()["series"]
    assert (report["answers"][LOST]["count"], report["answers"][LOST]["of"]) == (5, 7)
    assert (report["wrong"], report["lost"], report["left_out"], len(lines)) == (1, {"reply_truncated": 1}, {}, 1)


def test_the_distribution_is_that_of_wrong_samples() -> None:
    analysis, _ = analysis_of(row("a", "CA", "QM", "CA", "-", "right"))
    assert analysis.series[0].distribution() == {
        "source": "gsm8k",
        "student": "m",
        "n": 4,
        "counts": {"CA": 2, "QM": 1},
    }


@pytest.mark.parametrize(("typed", "untyped", "said"), [(9, 1, False), (8, 2, True), (0, 3, True), (0, 0, False)])
def test_a_low_share_of_classified_samples_is_said(typed: int, untyped: int, said: bool) -> None:
    analysis, _ = analysis_of(row("a", "right", *["CA"] * typed, *["-"] * untyped))
    assert bool(analysis.warnings()) == said


@pytest.mark.parametrize(
    ("counts", "said"),
    [([], ""), ([(0, 0)], ""), ([(9, 10)], ""), ([(8, 10)], "only 80 %"), ([(0, 10), (10, 10)], "as few as 0 %")],
)
def test_a_figure_says_where_types_are_those_of_few(counts: list[tuple[int, int]], said: str) -> None:
    assert said in incomplete(counts)
    assert bool(incomplete(counts)) == bool(said)


def test_models_compare_on_the_problems_that_both_were_asked() -> None:
    base = [row(str(n), "CA") for n in range(10)]
    ours = [row(str(n), {8: "CA", 9: "QM"}.get(n, "right"), student="n") for n in range(2, 12)]
    analysis, _ = analysis_of(*base, *ours)
    [shift] = analysis.shifts()
    assert [(one.model, one.counts, one.untyped, len(one.asked)) for one in shift.models] == [
        ("m", {"CA": 8}, 0, 8),
        ("n", {"CA": 1, "QM": 1}, 0, 8),
    ]
    [change], [new] = shift.differences("CA"), shift.differences("QM")
    assert (change.score, new.score) == (-87.5, 12.5)
    assert change.low is not None
    assert change.high is not None
    assert change.low <= -87.5 <= change.high < 0
    assert (new.low, new.high) == (None, None), f"fewer than {FEWEST} problems differ"


def test_the_difference_weighs_problems_alike_however_often_they_were_asked() -> None:
    analysis, _ = analysis_of(
        *(row(str(n), "CA", "right", "right", "right") for n in range(8)),
        *(row(str(n), "CA", student="n") for n in range(8)),
    )
    [shift] = analysis.shifts()
    assert shift.differences("CA")[0].score == 75.0
    assert any("not asked equally often" in note for note in shift.notes())


def test_other_sources_and_disjoint_problems_do_not_compare() -> None:
    assert not analysis_of(row("a", "CA"), row("a", "CA", student="n", source="math"))[0].shifts()
    assert not analysis_of(row("a", "CA"), row("b", "CA", student="n"))[0].shifts()


def test_several_temperatures_of_a_model_are_one_study() -> None:
    rows = [row("a", "CA", temperature=t, student=s) for t, s in ((1.0, "m"), (0.0, "m"), (0.7, "n"))]
    analysis, _ = analysis_of(*rows)
    [study] = analysis.studies()
    assert [one.temperature for one in study] == [0.0, 1.0]
    assert not analysis.shifts()
    assert Analysis.labels(analysis.series) == ["m, T = 1", "m, T = 0", "n"]
    assert Analysis.labels(study) == ["T = 0", "T = 1"]


def test_equal_names_have_labels_of_their_own() -> None:
    assert len(set(Analysis.labels([Series("org/m", "a"), Series("x/org/m", "a")]))) == 2


@pytest.mark.parametrize(("source", "shown"), [("gsm8k", True), ("math", True), ("starter", False), ("mine", False)])
def test_the_papers_figures_stand_beside_its_own_sets_alone(source: str, shown: bool) -> None:
    [report] = analysis_of(row("a", "CA", source=source))[0].report()["series"]
    assert bool(report["paper_percent"]) == shown
