"""Studies that are refused, and what their arms and comparisons come to."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path

import pytest
import yaml

from lemma_steps.errors import RefusedError
from lemma_steps.study.config import StudyConfig
from tests.study.conftest import ROOT, STUDY

SHIPPED = sorted((ROOT / "recipes" / "configs").glob("study_*.yaml"))


def read(tmp_path: Path, study) -> StudyConfig:
    file = tmp_path / "study.yaml"
    file.write_text(study if isinstance(study, str) else yaml.safe_dump(study))
    return StudyConfig.read(file)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda s: s.update(arm={}), "arm: Extra inputs are not permitted"),
        (lambda s: s["training"].update(epochs=3), "training.epochs: Extra inputs"),
        (lambda s: s["evaluation"].update(tasks=[]), "evaluation.tasks: List should have at least 1 item"),
        (lambda s: s["evaluation"].update(limit=0), "evaluation.limit: Input should be greater than or equal to 1"),
        (lambda s: s["data"].update(limits=1), "data.limits: Extra inputs"),
        (lambda s: s["arms"]["lemma"].update(method="lema"), "arms.lemma.method: Input should be 'lemma'"),
        (lambda s: s["arms"].update({"a b": {"method": "sft"}}), "arms.a b: a name is letters"),
        (lambda s: s["arms"].update({"../x": {"method": "sft"}}), "arms.../x: a name is letters"),
        (lambda s: s["arms"].update({"base": {"method": "sft"}}), "and not `base`"),
        (lambda s: s.update(reference=None), "reference: name the arm"),
        (lambda s: s.update(reference="base"), "base: no such arm"),
        (lambda s: s.update(reference="sft_tokens"), "sft_tokens has no one size of its own"),
        (lambda s: s["comparisons"].append(["lemma", "rft"]), "rft: no such arm; there are lemma, lemma_masked"),
        (lambda s: s["evaluation"].update(base=False), "base: no such arm"),
        (lambda s: s["training"].update(seeds=[]), "training.seeds: List should have at least 1 item"),
    ],
)
def test_a_wrong_study_is_refused_and_the_place_is_named(tmp_path, change, said):
    study = deepcopy(STUDY)
    change(study)
    with pytest.raises(RefusedError) as refused:
        read(tmp_path, study)
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("text", ["- a list", "a: b: c", ""])
def test_what_is_no_mapping_is_refused(tmp_path, text):
    with pytest.raises(RefusedError, match=r"study\.yaml: "):
        read(tmp_path, text)


def test_a_missing_file_or_configuration_is_refused(tmp_path):
    with pytest.raises(RefusedError, match="check --config"):
        StudyConfig.read(tmp_path / "none.yaml")
    study = read(tmp_path, STUDY)
    with pytest.raises(RefusedError, match=r"masked\.yaml: no such Axolotl configuration"):
        study.config_of(study.arms["lemma_masked"], tmp_path)


def test_sizes_become_arms_and_are_compared_size_by_size(tmp_path):
    study = deepcopy(STUDY)
    study["reference"] = "one"
    study["arms"] = {
        "lemma": {"method": "lemma", "rows": [10, 20, 40]},
        "sft": {"method": "sft", "rows": [10, 20]},
        "one": {"method": "sft", "rows": "all"},
    }
    study["comparisons"] = [["lemma", "sft"], ["sft", "one"], ["lemma", "base"]]
    found = read(tmp_path, study)
    assert list(found.spread()) == ["one", "lemma@10", "lemma@20", "lemma@40", "sft@10", "sft@20"]
    assert found.pairs() == [
        ("lemma@10", "sft@10"),
        ("lemma@20", "sft@20"),
        ("sft@10", "one"),
        ("sft@20", "one"),
        ("lemma@10", "base"),
        ("lemma@20", "base"),
        ("lemma@40", "base"),
    ]


@pytest.mark.parametrize("file", SHIPPED, ids=lambda file: file.stem)
def test_the_studies_that_come_with_the_project_are_whole(file):
    study = StudyConfig.read(file)
    for arm in study.arms.values():
        study.config_of(arm, ROOT)
    tasks = {name for path in (ROOT / "eval_tasks").rglob("*.yaml") for name in [_task(path)]}
    assert set(study.evaluation.tasks) <= tasks
    assert study.pairs()


def _task(path: Path) -> str | None:
    found = [line.partition(":")[2].strip() for line in path.read_text().splitlines() if line.startswith("task:")]
    return found[0] if found else None
