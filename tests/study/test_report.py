"""What the table of a study says, from evaluations with known scores."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lemma_steps.errors import RefusedError
from lemma_steps.study.config import StudyConfig
from lemma_steps.study.picture import draw
from lemma_steps.study.report import grids, reading, remarks, write
from lemma_steps.study.result import StudyResult
from lemma_steps.study.trained import Trained
from tests.evaluation.recorded_run import scored, write_run
from tests.study.conftest import STUDY

SIZE = 100


def study(**changes) -> StudyConfig:
    return StudyConfig(**json.loads(json.dumps(STUDY | changes)))


def trained(place: Path, config: StudyConfig, right: dict[str, list[int]], tokens: dict[str, int] | None = None):
    """One model per arm and seed, with so many right of a hundred in both tasks."""
    found = []
    for name, arm in config.spread().items():
        for seed, count in zip(config.training.seeds, right[name], strict=True):
            folder = place / f"{name}-{seed}"
            write_run(folder, {task: scored(count, SIZE) for task in config.evaluation.tasks}, model=f"m/{name}")
            data = {
                "rows": 12,
                "over_length": 2 if name == "sft" else 0,
                "trained_tokens": (tokens or {}).get(name, 360),
            }
            facts = {"data": data, "epochs": 2.0, "steps": 3, "global_batch": 8, "base_model": "m"}
            found.append(Trained(name, arm, seed, folder, folder, facts, [(1, 2.0), (3, 1.0)]))
    return found


ONE = {"lemma": [60], "lemma_masked": [60], "sft_rows": [30], "sft_tokens": [30]}


def test_scores_and_differences_are_those_of_the_documents(tmp_path):
    config = study(comparisons=[["lemma", "sft_rows"], ["sft_tokens", "sft_rows"]])
    base = write_run(tmp_path / "base", {task: scored(1, SIZE) for task in config.evaluation.tasks}, model="m/base")
    result = StudyResult.of(config, trained(tmp_path, config, ONE), base)
    assert result.means["base"] == {"GSM8K": [1.0], "SVAMP": [1.0]}
    assert [row.label for row in result.table.rows] == ["base", "lemma", "lemma_masked", "sft_rows", "sft_tokens"]
    better, equal = result.differences["Avg."]
    assert (better.estimate.score, better.differing, reading(better)) == (pytest.approx(30), 60, "lemma scored higher")
    assert reading(equal) == "no difference shown (under 3.0 none could be)"
    write(result, tmp_path, {"train:lemma": 1.0})
    written = json.loads((tmp_path / "study.json").read_text())
    assert written["differences"][0]["shown"] is True
    assert written["seconds"] == {"train:lemma": 1.0}
    assert r"+30.0 \[" in (tmp_path / "study.md").read_text()


def test_several_seeds_are_given_as_mean_and_range_and_must_agree(tmp_path):
    config = study(training={**STUDY["training"], "seeds": [1, 2]}, comparisons=[["lemma", "sft_rows"]])
    right = {"lemma": [60, 20], "lemma_masked": [60, 60], "sft_rows": [30, 30], "sft_tokens": [30, 30]}
    result = StudyResult.of(config, trained(tmp_path, config, right), None)
    means, differences = grids(result)[1]
    assert means.rows[0] == ["lemma", "40.0 (20.0 to 60.0)", "40.0 (20.0 to 60.0)"]
    assert result.differences["Avg."][0].by_seed == pytest.approx((30, -10))
    assert differences.rows[0][-1].startswith("no difference shown")
    assert any("trained with 2 seeds" in one for one in remarks(result))


@pytest.mark.parametrize(("right", "percent"), [(0, 0), (SIZE, 100)])
def test_a_task_that_tells_nobody_apart_is_named(tmp_path, right, percent):
    config = study()
    base = write_run(tmp_path / "base", {task: scored(right, SIZE) for task in config.evaluation.tasks}, model="m/base")
    result = StudyResult.of(config, trained(tmp_path, config, {name: [right] for name in ONE}), base)
    assert f"GSM8K: every model scored {percent} % there, so this task says nothing about the methods." in remarks(
        result
    )


@pytest.mark.parametrize(
    ("tokens", "said"), [(358, "equal to lemma's 720 (-0.6 %)"), (350, "NOT equal to lemma's 720 (-2.8 %)")]
)
def test_tokens_that_are_not_equal_are_told(tmp_path, tokens, said):
    config = study(comparisons=[])
    result = StudyResult.of(config, trained(tmp_path, config, ONE, {"sft_tokens": tokens}), None)
    assert any(said in one for one in remarks(result))


def test_evaluations_of_other_documents_are_refused(tmp_path):
    config = study(comparisons=[["lemma", "sft_rows"]])
    models = trained(tmp_path, config, ONE)
    write_run(
        models[0].evaluation, {task: scored(5, 50) for task in config.evaluation.tasks}, model="m/lemma", stamp="2027"
    )
    with pytest.raises(RefusedError, match="asked different documents"):
        StudyResult.of(config, models, None)


def test_accuracy_by_size_is_drawn(tmp_path):
    config = study(reference=None, comparisons=[], arms={"sft": {"method": "sft", "rows": [10, 20]}})
    result = StudyResult.of(config, trained(tmp_path, config, {"sft@10": [30], "sft@20": [50]}), None)
    assert draw(result, tmp_path / "study.png")
    assert (tmp_path / "study.png").read_bytes().startswith(b"\x89PNG")


def test_nothing_is_drawn_of_single_sizes(tmp_path):
    config = study(comparisons=[])
    assert not draw(StudyResult.of(config, trained(tmp_path, config, ONE), None), tmp_path / "study.png")
