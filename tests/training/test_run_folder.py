"""A folder is of one configuration and one set; what a kill left half done is cleared."""

from __future__ import annotations

import json

import pytest
import yaml

from lemma_steps.errors import RefusedError
from lemma_steps.training.run_folder import RunFolder

CONFIG = {"base_model": "m", "learning_rate": 1e-5, "datasets": [{"path": "/d/train.parquet"}]}
FACTS = {"data": {"id": "ab" * 32}, "finished": None}
ID = FACTS["data"]["id"]


@pytest.fixture
def folder(tmp_path):
    folder = RunFolder(tmp_path / "run")
    folder.path.mkdir()
    return folder


def checkpoint(folder, step, whole=True):
    place = folder.path / f"checkpoint-{step}"
    place.mkdir()
    if whole:
        (place / "trainer_state.json").write_text(json.dumps({"log_history": []}))
    return place


def test_a_new_folder_gets_configuration_and_facts(folder):
    folder.check(CONFIG, ID)
    assert folder.begin(CONFIG, FACTS, "smoke/paper.yaml") is None
    text = folder.config.read_text()
    assert text.startswith("# Written by recipes/train.py from smoke/paper.yaml\n")
    assert yaml.safe_load(text) == CONFIG
    assert folder.facts() == FACTS
    assert sorted(path.name for path in folder.path.iterdir()) == ["axolotl.yaml", "training.json"]


def test_the_same_run_may_go_on_and_keeps_its_facts(folder):
    folder.begin(CONFIG, FACTS, "a.yaml")
    folder.check(CONFIG, ID)
    folder.begin(CONFIG, FACTS | {"commit": "later"}, "a.yaml")
    assert folder.facts() == FACTS


@pytest.mark.parametrize(
    ("config", "data_id", "why"),
    [
        (CONFIG | {"learning_rate": 2e-5}, ID, r"another configuration \(learning_rate differs"),
        (CONFIG | {"seed": 1}, ID, r"another configuration \(seed differs"),
        ({"base_model": "m"}, ID, r"another configuration \(learning_rate, datasets differs"),
        (CONFIG, "cd" * 32, r"another set \(id abababababab, not cdcdcdcdcdcd\)"),
    ],
)
def test_another_run_is_refused(folder, config, data_id, why):
    folder.begin(CONFIG, FACTS, "a.yaml")
    with pytest.raises(RefusedError, match=why + ".*give another --output"):
        folder.check(config, data_id)


@pytest.mark.parametrize("content", ["[]", "{", "\x00", "learning_rate: ["])
def test_a_broken_configuration_is_refused_in_one_line(folder, content):
    folder.begin(CONFIG, FACTS, "a.yaml")
    folder.config.write_text(content)
    with pytest.raises(RefusedError, match="another configuration") as refused:
        folder.check(CONFIG, ID)
    assert "\n" not in str(refused.value)


def test_broken_facts_are_refused_in_one_line(folder):
    folder.begin(CONFIG, FACTS, "a.yaml")
    (folder.path / "training.json").write_text("{")
    with pytest.raises(RefusedError, match=r"training\.json: cannot be read"):
        folder.check(CONFIG, ID)


def test_a_folder_with_other_things_is_refused(folder):
    (folder.path / "model.safetensors").write_bytes(b"somebody's")
    with pytest.raises(RefusedError, match=r"holds model\.safetensors, which is of no run"):
        folder.check(CONFIG, ID)


def test_a_run_that_was_killed_before_it_had_a_configuration_begins_again(folder):
    (folder.path / "training.json").write_text(json.dumps(FACTS))
    (folder.path / ".axolotl.yaml.partial").write_text("base_mo")
    (folder.path / ".lock").write_text("")
    folder.check(CONFIG, ID)


def test_training_goes_on_from_the_newest_whole_checkpoint_and_torn_ones_go(folder):
    folder.begin(CONFIG, FACTS, "a.yaml")
    checkpoint(folder, 2)
    newest = checkpoint(folder, 4)
    torn = checkpoint(folder, 6, whole=False)
    (folder.path / "prepared").mkdir()
    assert folder.begin(CONFIG, FACTS, "a.yaml") == newest
    assert not torn.exists()
    assert newest.exists()
    assert not (folder.path / "prepared").exists()


def test_an_end_is_written_down(folder):
    folder.begin(CONFIG, FACTS, "a.yaml")
    (folder.path / "prepared").mkdir()
    folder.finish(FACTS | {"finished": {"seconds": 1.0}})
    assert folder.facts()["finished"] == {"seconds": 1.0}
    assert not (folder.path / "prepared").exists()
