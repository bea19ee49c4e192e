"""Scores and their bootstrap intervals."""

from __future__ import annotations

import json
import os
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from lemma_steps.errors import RefusedError
from lemma_steps.evaluation.results.estimate import Estimate
from lemma_steps.evaluation.results.run_scores import RunScores
from lemma_steps.evaluation.runs.run import Run
from tests.evaluation.recorded_run import STAMP, Rows, scored, write_run

SHARES = st.lists(st.sampled_from([0.0, 1 / 32, 0.25, 0.5, 1.0]), min_size=1, max_size=60)


@settings(max_examples=60, deadline=None)
@given(scores=SHARES)
def test_the_interval_holds_the_score_and_does_not_depend_on_the_order(scores: list[float]) -> None:
    rows = np.array(scores)
    estimate = Estimate.of_rows(rows, "task")
    assert estimate.score == pytest.approx(100 * rows.mean())
    assert estimate.low is not None
    assert estimate.high is not None
    assert 100 * min(scores) - 1e-9 <= estimate.low <= estimate.high <= 100 * max(scores) + 1e-9
    assert estimate.low <= estimate.score + 1e-9
    assert estimate.score - 1e-9 <= estimate.high
    assert Estimate.of_rows(rows[::-1].copy(), "task") == estimate


@pytest.mark.parametrize("scores", [[1.0] * 130 + [0.0] * 70, [0.25] * 40 + [1.0] * 20 + [0.5] * 40])
def test_rows_are_drawn_as_by_hand(scores: list[float]) -> None:
    rows = np.array(scores)
    by_hand = np.random.default_rng(1).choice(rows, size=(20_000, len(rows))).mean(axis=1)
    estimate = Estimate.of_rows(rows, "task")
    assert (estimate.low, estimate.high) == pytest.approx(100 * np.quantile(by_hand, (0.025, 0.975)), abs=0.6)
    assert estimate.draws is not None
    assert estimate.draws.std() == pytest.approx(by_hand.std(), rel=0.03)


def test_a_share_without_rows_gets_the_interval_of_right_and_wrong_rows() -> None:
    logged, told = Estimate.of_rows(np.repeat([1.0, 0.0], (60, 140)), "task"), Estimate.of_share(0.3, 200, "task")
    assert told.score == pytest.approx(logged.score)
    assert (told.low, told.high) == pytest.approx((logged.low, logged.high), abs=1.0)
    assert told.size == 200


def test_the_mean_is_over_sets_and_draws_within_each() -> None:
    small, large = (
        Estimate.of_rows(np.repeat([1.0, 0.0], (50, 50)), "a"),
        Estimate.of_rows(np.repeat([1.0, 0.0], (900, 100)), "b"),
    )
    mean = Estimate.mean([small, large])
    assert mean.score == pytest.approx(70)
    assert mean.size == 1100
    # independent sets: variances add
    deviation = 100 * np.sqrt(0.25 / 100 + 0.09 / 1000) / 2
    assert (mean.low, mean.high) == pytest.approx((70 - 1.96 * deviation, 70 + 1.96 * deviation), abs=0.4)
    assert Estimate.mean([small, Estimate(10.0)]) == Estimate(30.0, size=100)


def test_another_run_of_the_program_gives_the_same_interval() -> None:
    assert Estimate.of_rows(np.repeat([1.0, 0.0], (30, 70)), "lemma_gsm8k").low == pytest.approx(21.0)
    assert Estimate.of_rows(np.repeat([1.0, 0.0], (30, 70)), "lemma_gsm8k").high == pytest.approx(39.0)


@pytest.mark.parametrize("right", [0, 7, 20])
def test_a_run_is_estimated_from_its_samples(tmp_path: Path, right: int) -> None:
    write_run(tmp_path, {"lemma_gsm8k": scored(right, 20)})
    scores = RunScores(Run.read(tmp_path))
    estimate = scores.estimate("lemma_gsm8k", "math_verify")
    assert estimate == Estimate.of_rows(np.repeat([1.0, 0.0], (right, 20 - right)), "lemma_gsm8k math_verify")
    assert scores.share("lemma_gsm8k", "unparsed") == Estimate(0.0, size=20)
    for task, metric in (
        ("lemma_gsm8k", "refaug_match"),
        ("lemma_gsm8k", "length_cut"),
        ("lemma_math", "math_verify"),
        ("lemma", "math_verify"),
    ):
        assert scores.estimate(task, metric) is None
        assert scores.share(task, metric) is None


def test_rows_on_which_a_metric_was_not_measured_do_not_count(tmp_path: Path) -> None:
    rows: Rows = [{"math_verify": 1.0, "length_cut": cut} for cut in (1.0, None, 0.0, 1.0, None)]
    write_run(tmp_path, {"lemma_gsm8k": rows})
    estimate = RunScores(Run.read(tmp_path)).estimate("lemma_gsm8k", "length_cut")
    assert estimate is not None
    assert (estimate.score, estimate.size) == (pytest.approx(200 / 3), 3)


def without_last(lines: list[str]) -> list[str]:
    return lines[:-1]


def twice(lines: list[str]) -> list[str]:
    return lines * 2


def of_another_run(lines: list[str]) -> list[str]:
    return [lines[-1]] * len(lines)


@pytest.mark.parametrize(
    ("change", "told"),
    [(without_last, "9 samples of 10; cut off"), (twice, "20 samples of 10"), (of_another_run, "not of one run")],
)
def test_samples_that_do_not_give_the_score_are_refused(tmp_path: Path, change: object, told: str) -> None:
    place = write_run(tmp_path, {"lemma_gsm8k": scored(3, 10)})
    file = place / f"samples_lemma_gsm8k_{STAMP}.jsonl"
    file.write_text("".join(change(file.read_text().splitlines(keepends=True))))  # type: ignore[operator]
    with pytest.raises(RefusedError, match=told):
        RunScores(Run.read(tmp_path)).estimate("lemma_gsm8k", "math_verify")


def paper() -> dict:
    return yaml.safe_load(files("lemma_steps.evaluation.results").joinpath("paper.yaml").read_text(encoding="utf-8"))


def test_the_papers_averages_are_those_of_its_sets() -> None:
    main = paper()["main"]
    for model, methods in main["models"].items():
        for method, (*sets, average) in methods.items():
            assert len(sets) == 7
            assert (average is None) == (None in sets), (model, method)
            if average is not None:
                assert average == pytest.approx(sum(sets) / 7, abs=0.051), (model, method)


@pytest.mark.skipif("LEMMA_DATA" not in os.environ, reason="LEMMA_DATA names no folder with the paper's numbers")
def test_the_papers_numbers_are_those_of_the_reference() -> None:
    reference = json.loads((Path(os.environ["LEMMA_DATA"]) / "lemma_paper_numbers.json").read_text(encoding="utf-8"))
    tables = paper()
    for key, name, ours in (("main", "main_results", None), ("mathchat", "mathchat_llama3_8b", "LLaMA3-8B")):
        columns = reference[name].pop("columns")
        assert len(columns) == len(tables[key]["columns"])
        assert (tables[key]["models"][ours] if ours else tables[key]["models"]) == reference[name]
    assert tables["main"]["columns"] == [
        "gsm8k",
        "math",
        "asdiv",
        "mathematics",
        "mawps",
        "svamp",
        "college_math",
        "avg",
    ]


def test_votes_are_above_single_replies_in_the_paper() -> None:
    tables = paper()
    for model, methods in tables["maj32"]["models"].items():
        for method, votes in methods.items():
            single = dict(zip(tables["main"]["columns"], tables["main"]["models"][model][method], strict=True))
            for column, vote in zip(tables["maj32"]["columns"], votes, strict=True):
                assert (vote is None) == (single[column] is None), (model, method, column)
                assert vote is None or vote > single[column], (model, method, column)
