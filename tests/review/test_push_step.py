"""The step PushToArgilla in stock distilabel, and `recipes/lemma.py --push-to-argilla`."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml
from distilabel.pipeline import Pipeline
from distilabel.steps import LoadDataFromDicts
from lemma import app
from typer.testing import CliRunner

from lemma_steps.errors import RefusedError
from lemma_steps.output.record import REJECTED_SCHEMA
from lemma_steps.review.connection import KEY, URL, find_dataset
from lemma_steps.steps import PushToArgilla
from tests.output.rows import kept

BLANK = dict.fromkeys(REJECTED_SCHEMA.names)
ROWS = tuple({name: kept(number).get(name) for name in BLANK} for number in range(6))
REJECTED = {**ROWS[5], "id": "r", "rejected_by": "answer_filter", "reason": "wrong"}


@pytest.fixture(autouse=True)
def _nothing_set(monkeypatch):
    for name in (URL, KEY):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def pipeline(tmp_path, dataset_name):
    """`pipeline(rows, **options)`: rows from memory to Argilla."""

    def make(rows, **options: Any):
        with Pipeline(name=f"push-{dataset_name}", cache_dir=tmp_path / "cache") as made:
            LoadDataFromDicts(data=list(rows)) >> PushToArgilla(name="push", dataset=dataset_name, **options)
        return made

    return make


def stock(client, workspace):
    return {"workspace": workspace, "api_url": client.api_url, "api_key": client.api_key}


def ids(client, workspace, dataset):
    found = find_dataset(client, workspace, dataset)
    return sorted(record.id for record in found.records) if found else []


class TestStockPipeline:
    def test_kept_rows_are_sent_and_all_rows_passed_on(self, client, workspace, dataset_name, pipeline):
        result = pipeline([*ROWS, REJECTED], **stock(client, workspace)).run()
        assert sorted(result["default"]["train"]["id"]) == sorted([*(row["id"] for row in ROWS), "r"])
        assert ids(client, workspace, dataset_name) == sorted(row["id"] for row in ROWS)

    def test_a_push_that_fails_is_the_failure_of_the_pipeline(self, client, workspace, dataset_name, pipeline):
        no_error = {**ROWS[0], "error_step": None}
        with pytest.raises(RefusedError, match="has no error step, nothing to review"):
            pipeline([no_error], **stock(client, workspace)).run()
        assert ids(client, workspace, dataset_name) == []

    def test_a_server_that_is_down_is_too(self, client, pipeline):
        with pytest.raises(RuntimeError, match="Failed to load") as failed:
            pipeline(ROWS, api_url="http://127.0.0.1:9", api_key="key").run()
        assert "no server answers" in str(failed.value.__cause__)

    def test_the_key_is_in_no_file(self, pipeline, tmp_path):
        written = yaml.safe_dump(pipeline(ROWS, api_key="a-key-that-nobody-may-read").dump())
        assert "nobody-may-read" not in written
        assert "dataset" in written


@pytest.mark.parametrize(("choice", "size", "sent"), [("all", None, 6), ("random", 4, 4), ("uncertain", 3, 3)])
def test_the_choice_of_rows(client, workspace, dataset_name, pipeline, choice, size, sent):
    step = pipeline(ROWS, **stock(client, workspace), choice=choice, size=size).dag.get_step("push")["step"]
    step.load()
    assert next(step.process(list(ROWS))) == list(ROWS)
    step.unload()
    assert len(ids(client, workspace, dataset_name)) == sent


class TestRecipe:
    def lemma(self, *arguments):
        run = CliRunner().invoke(app, [*map(str, arguments)])
        assert run.exception is None or isinstance(run.exception, SystemExit)
        return run

    def test_the_rows_of_a_run_are_there_after_it(self, client, argilla_server, dataset_name, tmp_path):
        options = ("--push-to-argilla", dataset_name, "--argilla-home", argilla_server.home)
        run = self.lemma("--output", tmp_path / "out", "--limit", 8, *options)
        assert run.exit_code == 0, run.stderr
        kept_rows = (tmp_path / "out" / "train.jsonl").read_text(encoding="utf-8").splitlines()
        assert ids(client, "lemma", dataset_name) == sorted(json.loads(line)["id"] for line in kept_rows)
        again = self.lemma("--output", tmp_path / "out", "--limit", 8, *options)
        assert f"0 new, 0 updated, {len(kept_rows)} there already" in again.stdout
        assert argilla_server.credentials.api_key not in "".join(
            path.read_text(encoding="utf-8") for path in (tmp_path / "out").iterdir() if path.suffix != ".parquet" and path.suffix != ".sqlite" and path.is_file()
        )  # fmt: skip

    def test_what_is_refused_after_the_run_says_that_the_set_is_written(
        self, client, argilla_server, dataset_name, tmp_path
    ):
        options = ("--push-to-argilla", dataset_name, "--argilla-home", argilla_server.home)
        assert self.lemma("--output", tmp_path / "one", "--limit", 4, *options).exit_code == 0
        other = self.lemma("--output", tmp_path / "two", "--limit", 4, "--seed", 5, *options)
        assert other.exit_code == 3, other.stderr
        assert "have another text there" in other.stderr
        assert f"recipes/review.py push {tmp_path / 'two'} --dataset OTHER" in other.stderr
        assert (tmp_path / "two" / "train.parquet").exists()

    @pytest.mark.parametrize("command", [(), ("merge", "nowhere")])
    def test_a_server_that_is_not_there_is_refused_before_any_work(self, tmp_path, command):
        home = ("--argilla-home", tmp_path / "home")
        run = self.lemma(*command, "--output", tmp_path / "out", "--push-to-argilla", "set", *home)
        assert run.exit_code == 2
        assert run.stderr.startswith("error: ")
        assert f"serve --home {tmp_path / 'home'}" in run.stderr
        assert not (tmp_path / "out").exists()

    def test_a_part_is_not_sent(self, tmp_path):
        run = self.lemma("--output", tmp_path / "out", "--shard", "1/2", "--push-to-argilla", "set")
        assert run.exit_code == 2
        assert "merge" in run.stderr

    def test_an_estimate_asks_no_server(self, tmp_path):
        home = ("--argilla-home", tmp_path / "home")
        run = self.lemma("--dry-run", "--limit", 2, "--push-to-argilla", "set", *home)
        assert run.exit_code == 0, run.stderr
